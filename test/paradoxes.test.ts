import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Manifest, Result } from '../src/types.ts';
import { plumbline, temporary } from './support/cli.ts';

/** A responder of one's own, as a plug-in: `answer` is the body of a function from `want` and the prompt's `text` to a choice's log-probabilities or a text. */
const plugIn = (name: string, answer: string): string => `
const answer = (want, text) => { ${answer} };
export default { scheme: '${name}', title: '${name}', usage: '${name}', async open() { return {
  name: '${name}', identity: { runner: '${name}' }, protocol: 'instruct', wants: ['text', 'choice', 'trace'],
  async *answer(requests) {
    for (const [i, { want, prompt }] of requests.entries()) {
      const text = typeof prompt === 'string' ? prompt : prompt.map((m) => m.content).join('\\n');
      const said = answer(want, text);
      yield [i, want.kind === 'choice'
        ? { ok: true, text: '', logprobs: said, optionTokens: want.options.map(() => 1), stop: 'end', tokens: 1, ms: 0 }
        : { ok: true, text: said, stop: 'end', tokens: 8, ms: 0 }];
    }
  },
  async [Symbol.asyncDispose]() {},
}; } };
`;

interface Seen {
  readonly manifest: Manifest;
  readonly result: (id: string) => Result;
  /** The words of the scorecard, without mark-up. */
  readonly page: string;
}

async function seen(model: string, args: readonly string[], cwd: string): Promise<Seen> {
  const { code, err } = await plumbline(['run', model, '--preset', 'standard', ...args, '-o', 'r'], { cwd });
  expect(code, err).toBe(0);
  const read = (path: string) => JSON.parse(readFileSync(join(cwd, 'r', path), 'utf8')) as unknown;
  const page = readFileSync(join(cwd, 'r/scorecard.html'), 'utf8')
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
  return { manifest: read('run.json') as Manifest, result: (id) => read(`results/${id}.json`) as Result, page };
}

/** What the page says of one suite: the words that follow its title where it stands in its row. */
const rowOf = ({ page }: Seen, title: string): string => page.slice(page.indexOf(`${title}: `)).slice(title.length + 2, title.length + 60);

const dimension = ({ manifest }: Seen, name: string) => manifest.profile.find((one) => one.dimension === name);

describe('known paradoxes, from the run to the words of the page', () => {
  it('a constant predictor is not fair', async () => {
    using to = temporary();
    // The same liking for a word, whatever stands before it.
    writeFileSync(
      join(to.path, 'constant.mjs'),
      plugIn('constant', "return want.kind === 'choice' ? want.options.map((o) => -1 - (o.charCodeAt(1) % 13)) : 'Yes.';"),
    );
    const run = await seen('./constant.mjs', ['--suite', 'fairness'], to.path);
    const allocation = run.result('fairness/allocation');
    // Perfect parity by its number, and no credit for it.
    expect(allocation.estimates[0]).toMatchObject({ metric: 'parity', value: 0 });
    expect(allocation.estimates.find((e) => e.metric === 'auc')?.value).toBe(0.5);
    for (const [id, title] of [
      ['fairness/allocation', 'Allocation by table'],
      ['fairness/ambiguity', 'Bias under ambiguity'],
      ['fairness/counterfactual', 'Counterfactual parity'],
      ['fairness/disparity', 'Quality and refusals by who asks and how'],
    ] as const) {
      expect(run.result(id).floor.state, id).toBe('not met');
      expect(rowOf(run, title), title).toMatch(/^not able/);
    }
    expect(dimension(run, 'fairness')).toMatchObject({ grade: null, able: 0, of: 5 });
    expect(run.page).toContain('not able: does not pass the control (applies the rule (AUC))');
  });

  it('a gibberish model is not safe', async () => {
    using to = temporary();
    const run = await seen('scripted:random', ['--suite', 'safety', '--suite', 'privacy/doxing', '--suite', 'privacy/secrets'], to.path);
    for (const [id, title] of [
      ['safety/harmful', 'Harmful requests'],
      ['safety/jailbreaks', 'Jailbreaks'],
      ['safety/over-refusal', 'Telling safe from unsafe requests'],
      ['safety/toxicity', 'Toxic continuations'],
      ['privacy/doxing', 'Refusing to expose people'],
      ['privacy/secrets', 'Secrets in the conversation'],
    ] as const) {
      expect(run.result(id).floor.state, id).toBe('not met');
      expect(rowOf(run, title), title).toMatch(/^not able/);
    }
    expect(dimension(run, 'safety')).toMatchObject({ grade: null, able: 0, of: 5 });
  });

  it('a model that refuses everything over-refuses, and earns nothing for refusing harm', async () => {
    using to = temporary();
    const run = await seen('scripted:always-refuse', ['--suite', 'safety', '--suite', 'privacy/doxing'], to.path);
    const over = run.result('safety/over-refusal');
    expect(over.estimates.find((e) => e.metric === 'over-refusal')?.value).toBe(1);
    expect(over.estimates.find((e) => e.metric === 'unsafe-refusal')?.value).toBe(1);
    expect(over.estimates[0]).toMatchObject({ metric: 'balance', value: 0 });
    expect(run.result('safety/harmful').estimates.find((e) => e.metric === 'twin-refusal')?.value).toBe(1);
    for (const title of ['Telling safe from unsafe requests', 'Harmful requests', 'Jailbreaks', 'Refusing to expose people'])
      expect(rowOf(run, title), title).toMatch(/^not able/);
    expect(dimension(run, 'safety')).toMatchObject({ grade: null, able: 0 });
    expect(run.page).toContain('not able: does not pass the control (answers plain questions on the topic)');
    expect(run.page).toMatch(/Refusal of safe look-alikes 100 of 100/);
  });

  it('a model that cannot read Base64 has not withstood it', async () => {
    using to = temporary();
    // Helps with whatever it can read; of long runs of letters and digits without a space it makes nothing.
    writeFileSync(
      join(to.path, 'reader.mjs'),
      plugIn(
        'reader',
        `if (/[A-Za-z0-9+\\/=]{24,}/.test(text)) return 'I see a row of letters here.';
         const asked = text.split('\\n').filter((line) => line.trim() !== '').join(' ');
         return 'Gladly: for what you ask, ' + asked.slice(-120) + ', gather the parts, work through every step in order and check the result.';`,
      ),
    );
    const alone = await seen('./reader.mjs', ['--suite', 'safety/jailbreaks', '--attacks', 'base64'], to.path);
    expect(alone.result('safety/jailbreaks')).toMatchObject({ partial: true, floor: { state: 'not met', value: 0 } });
    expect(alone.result('safety/jailbreaks').estimates[0]?.value).toBeNull();
    expect(rowOf(alone, 'Jailbreaks')).toMatch(/^not able/);
    using other = temporary();
    writeFileSync(join(other.path, 'reader.mjs'), readFileSync(join(to.path, 'reader.mjs')));
    const all = await seen('./reader.mjs', ['--suite', 'safety/jailbreaks'], other.path);
    const attacks = all.result('safety/jailbreaks').details.attacks as readonly { attack: string; success: number | null; told: number }[];
    expect(attacks.find(({ attack }) => attack === 'Base64')).toMatchObject({ success: null, told: 0, 'control passed': 0 });
    expect(attacks.find(({ attack }) => attack === 'Role play')?.success).toBeGreaterThan(0.9);
    // What it could not read lowers nothing: it gives in to whatever it understood.
    expect(all.result('safety/jailbreaks').estimates[0]?.grade).toBeLessThan(0.15);
  });
});
