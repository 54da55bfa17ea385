import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { randomOf } from '../src/kit/random.ts';
import type { Manifest } from '../src/types.ts';
import { plumbline, root, start, temporary } from './support/cli.ts';

const suites = ['--suite', 'fairness/stereotypes', '--suite', 'fairness/ambiguity'];

/** Everything under results/ and rows/, by path. */
function resultsOf(run: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const top of ['results', 'rows'])
    for (const entry of readdirSync(join(run, top), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) {
        const path = join(entry.parentPath, entry.name);
        files[path.slice(run.length)] = readFileSync(path, 'utf8');
      }
  return files;
}

const keysOf = (run: string) =>
  readFileSync(join(run, 'answers.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { key: string }).key);

describe('plumbline run', () => {
  it('writes the run folder, prints the profile and the scorecard as the last line', async () => {
    using to = temporary();
    const { code, out, err } = await plumbline(['run', 'scripted:perfect', ...suites, '--preset', 'demo', '-o', 'mine'], { cwd: to.path });
    expect(err).not.toMatch(/Error/);
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n').at(-1)).toBe(join(to.path, 'mine', 'scorecard.html'));
    expect(existsSync(join(to.path, 'mine', 'scorecard.html'))).toBe(true);
    expect(readdirSync(join(to.path, 'mine')).sort()).toEqual([
      'answers.jsonl',
      'answers.leaves',
      'results',
      'rows',
      'run.json',
      'sbom.cdx.json',
      'scorecard.html',
      'seal.json',
    ]);
  });

  it('--json prints one JSON value and nothing else; a second run asks nothing', async () => {
    using to = temporary();
    const args = ['run', 'scripted:mixed:0.3', ...suites, '--preset', 'demo', '-o', 'r', '--json'];
    const first = await plumbline(args, { cwd: to.path });
    const manifest = JSON.parse(first.out) as { complete: boolean };
    expect(manifest.complete).toBe(true);
    const before = readFileSync(join(to.path, 'r/answers.jsonl'), 'utf8');
    const results = resultsOf(join(to.path, 'r'));
    expect((await plumbline(args, { cwd: to.path })).code).toBe(0);
    expect(readFileSync(join(to.path, 'r/answers.jsonl'), 'utf8')).toBe(before);
    expect(resultsOf(join(to.path, 'r'))).toEqual(results);
  });

  it('killed at random moments, resumed, sharded, replayed or scored again: the same results, no answer lost or doubled', async () => {
    using to = temporary();
    const base = [...suites, '--preset', 'quick', '--seed', '7'];
    await plumbline(['run', 'scripted:slow:1', ...base, '-o', 'whole'], { cwd: to.path });
    const wanted = resultsOf(join(to.path, 'whole'));
    const random = randomOf('kills');
    let kills = 0;
    for (let i = 0; i < 8; i++) {
      const child = start(['run', 'scripted:slow:1', ...base, '-o', 'killed'], { cwd: to.path });
      const gone = new Promise((done) => child.on('close', done));
      await Promise.race([gone, sleep(150 + random() * 700)]);
      if (child.exitCode === null && child.kill('SIGKILL')) kills++;
      await gone;
      if (existsSync(join(to.path, 'killed/answers.jsonl'))) {
        const keys = readFileSync(join(to.path, 'killed/answers.jsonl'), 'utf8').split('\n').slice(0, -1);
        expect(new Set(keys).size).toBe(keys.length);
      }
    }
    expect(kills).toBeGreaterThan(0);
    expect((await plumbline(['run', 'scripted:slow:1', ...base, '-o', 'killed'], { cwd: to.path })).code).toBe(0);
    expect(resultsOf(join(to.path, 'killed'))).toEqual(wanted);
    const keys = keysOf(join(to.path, 'killed'));
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(keys)).toEqual(new Set(keysOf(join(to.path, 'whole'))));

    for (const i of [1, 2, 3])
      expect((await plumbline(['run', 'scripted:slow:1', ...base, '--shard', `${i}/3`, '-o', `s${i}`], { cwd: to.path })).code).toBe(0);
    const short = await plumbline(['merge', 's1', 's3', '-o', 'short'], { cwd: to.path });
    expect(short.code).toBe(3);
    expect(short.err).toMatch(/items have no answer yet/);
    expect((await plumbline(['merge', 's3', 's1', 's2', '-o', 'merged'], { cwd: to.path })).code).toBe(0);
    expect(resultsOf(join(to.path, 'merged'))).toEqual(wanted);

    expect((await plumbline(['run', 'replay:whole', ...base, '-o', 'replayed'], { cwd: to.path })).code).toBe(0);
    expect(resultsOf(join(to.path, 'replayed'))).toEqual(wanted);

    writeFileSync(join(to.path, 'whole/results/fairness/stereotypes.json'), '{}');
    expect((await plumbline(['score', 'whole'], { cwd: to.path })).code).toBe(0);
    expect(resultsOf(join(to.path, 'whole'))).toEqual(wanted);
  });

  it('costs of a run of several sessions, or of several parts, say how many of its answers they are of', async () => {
    using to = temporary();
    const scripted = pathToFileURL(join(root, 'dist/runners/scripted.js')).href;
    const costly = `import scripted from '${scripted}';
      const open = async (target, options) => Object.assign(await scripted.open('perfect', options), { facts: async () => ({ cost: { decodeTokens: 5 } }) });
      export default { ...scripted, open };`;
    writeFileSync(join(to.path, 'costly.mjs'), costly);
    const run = async (name: string, ...more: string[]) => {
      const { code, err } = await plumbline(['run', './costly.mjs', '--preset', 'demo', '-q', ...more, '-o', name], { cwd: to.path });
      expect(code, err).toBe(0);
    };
    const told = (name: string) => JSON.parse(readFileSync(join(to.path, name, 'run.json'), 'utf8')) as Manifest;
    const answers = (name: string) => keysOf(join(to.path, name)).length;
    const [one, other] = [
      ['-s', 'fairness/stereotypes'],
      ['-s', 'fairness/counterfactual'],
    ];
    await run('a', ...one);
    expect(told('a').facts.cost).toEqual({ decodeTokens: 5 });
    const first = answers('a');
    await run('a', ...one, ...other);
    const all = answers('a');
    expect(all).toBeGreaterThan(first);
    expect(told('a').facts.cost).toEqual({ decodeTokens: 5, session: { answers: all - first, of: all } });
    const page = readFileSync(join(to.path, 'a/scorecard.html'), 'utf8');
    expect(page).toContain(`Measured in one session, which gave ${all - first} of the ${all} recorded answers.`);

    for (const i of [1, 2]) await run(`s${i}`, ...one, '--shard', `${i}/2`);
    expect((await plumbline(['merge', 's1', 's2', '-o', 'm'], { cwd: to.path })).code).toBe(0);
    expect(told('m').facts.cost).toEqual({ decodeTokens: 5, session: { answers: answers('s1'), of: first } });
    expect(told('m').command).toEqual(['plumbline', 'run', './costly.mjs', '--preset', 'demo', '-q', ...one]);
  });

  it('parts of other runs are not merged; the field that differs is named', async () => {
    using to = temporary();
    const part = (model: string, name: string, ...more: string[]) =>
      plumbline(['run', model, '--suite', 'fairness/stereotypes', '--preset', 'demo', '-q', '-o', name, ...more], { cwd: to.path });
    await part('scripted:perfect', 'a', '--shard', '1/2');
    const others: readonly (readonly [model: string, more: readonly string[], field: RegExp])[] = [
      ['scripted:perfect', ['--seed', '2'], /model\.identity is \{"persona":"perfect","runner":"scripted","seed":2/],
      ['scripted:worst', [], /model\.identity is \{"persona":"worst"/],
      ['scripted:perfect', ['--preset', 'quick'], /options\.preset is "quick", in .*a it is "demo"/],
      ['scripted:perfect', ['--suite', 'fairness/ambiguity'], /options\.suites is /],
      ['scripted:perfect', ['--limit', '3'], /options\.limit is 3, in .*a it is null/],
    ];
    for (const [i, [model, more, field]] of others.entries()) {
      await part(model, `b${i}`, '--shard', '2/2', ...more);
      const merged = await plumbline(['merge', 'a', `b${i}`, '-o', 'm'], { cwd: to.path });
      expect(merged).toMatchObject({ code: 2, err: expect.stringMatching(field) });
      expect(existsSync(join(to.path, 'm'))).toBe(false);
    }
  });

  it('a million items would fit: what lies in a file is read as what lies in memory', async () => {
    using to = temporary();
    // More than 12 million characters, so that they go through the temporary file; languages and groups apart.
    const long = ' really'.repeat(300);
    const line = (i: number) => ({
      question: `Number ${i}${long}?`,
      answer: i % 3 ? 'yes' : 'no',
      options: ['yes', 'no'],
      group: `g${i % 4}`,
      lang: i % 5 ? 'en' : 'zh',
    });
    writeFileSync(join(to.path, 'q.jsonl'), Array.from({ length: 9_000 }, (_, i) => `${JSON.stringify(line(i))}\n`).join(''));
    const base = ['--suite', 'q.jsonl', '--preset', 'full', '--lang', 'all', '-q'];
    expect((await plumbline(['run', 'scripted:mixed:0.3', ...base, '-o', 'whole'], { cwd: to.path })).code).toBe(0);
    for (const i of [1, 2]) await plumbline(['run', 'scripted:mixed:0.3', ...base, '--shard', `${i}/2`, '-o', `s${i}`], { cwd: to.path });
    expect((await plumbline(['merge', 's1', 's2', '-o', 'merged'], { cwd: to.path })).code).toBe(0);
    expect(resultsOf(join(to.path, 'merged'))).toEqual(resultsOf(join(to.path, 'whole')));
    const rows = readFileSync(join(to.path, 'whole/rows/reliability/q.jsonl'), 'utf8').trim().split('\n');
    expect(rows).toHaveLength(7_200);
    expect(JSON.parse(rows[6_000] ?? '')).toMatchObject({ id: 'row-7502', group: 'g1' });
    const result = JSON.parse(readFileSync(join(to.path, 'whole/results/reliability/q.json'), 'utf8')) as {
      estimates: { group?: string; value: number; n: number }[];
    };
    const own = rows.map((row) => (JSON.parse(row) as { values: { correct: number } }).values.correct);
    expect(result.estimates[0]?.value).toBeCloseTo(own.reduce((a, b) => a + b, 0) / own.length, 12);
    expect(result.estimates.filter(({ group }) => group !== undefined).map(({ n }) => n)).toEqual([1800, 1800, 1800, 1800]);
    expect((await plumbline(['verify', 'whole'], { cwd: to.path })).code).toBe(0);
  });

  it('Ctrl-C finishes cleanly with 130, marked incomplete', async () => {
    using to = temporary();
    const child = start(['run', 'scripted:slow:5', ...suites, '--preset', 'standard', '-o', 'r'], { cwd: to.path });
    const closed = new Promise<number | null>((done) => child.on('close', done));
    while (!existsSync(join(to.path, 'r/answers.jsonl'))) await sleep(20);
    await sleep(300);
    child.kill('SIGINT');
    expect(await closed).toBe(130);
    expect((JSON.parse(readFileSync(join(to.path, 'r/run.json'), 'utf8')) as { complete: boolean }).complete).toBe(false);
    expect(existsSync(join(to.path, 'r/run.lock'))).toBe(false);
  });

  it('marks a limited run as partial and runs one item', async () => {
    using to = temporary();
    await plumbline(['run', 'scripted:perfect', ...suites, '--limit', '3', '-o', 'r'], { cwd: to.path });
    const result = JSON.parse(readFileSync(join(to.path, 'r/results/fairness/stereotypes.json'), 'utf8')) as {
      partial: boolean;
      items: number;
      worst: string[];
    };
    expect(result).toMatchObject({ partial: true, items: 3 });
    const rows = readFileSync(join(to.path, 'r/rows/fairness/stereotypes.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
    const id = rows[1] ?? '';
    expect(
      (await plumbline(['run', 'scripted:perfect', '--suite', 'fairness/stereotypes', '--only', id, '-o', 'one'], { cwd: to.path })).code,
    ).toBe(0);
    const shown = await plumbline(['show', 'one', id], { cwd: to.path });
    expect(shown.code).toBe(0);
    expect(shown.out).toMatch(/— asked[\s\S]*— came back[\s\S]*— scored/);
  });
});

describe('bad input is named, with the next step', () => {
  it.each([
    [['run'], 2, /no model named/],
    [['run', 'nothing.gguf'], 2, /nothing\.gguf: there is no such file/],
    [['run', 'scriptd:perfect'], 2, /did you mean 'scripted:'/],
    [['run', 'scripted:prefect'], 2, /no scripted responder 'prefect'/],
    [['run', 'scripted:perfect', '--suite', 'fairness/stereotype'], 2, /did you mean 'fairness\/stereotypes'/],
    [['run', 'scripted:perfect', '--preset', 'large'], 2, /--preset/],
    [['run', 'scripted:perfect', '--limit', '0'], 2, /--limit/],
    [['run', 'scripted:perfect', '--limt', '3'], 2, /--limit/],
    [['run', 'scripted:perfect', '--shard', '5/4', '-o', 'x'], 2, /--shard/],
    [['run', 'scripted:perfect', '--config', 'no.yaml'], 2, /no\.yaml/],
    [['score', '.'], 2, /no run folder/],
    [['rnu'], 2, /did you mean 'run'/],
    [['list', 'siutes'], 2, /did you mean 'suites'/],
    [['report', 'r', '--as', 'markdwon'], 2, /no run folder/],
  ] as const)('%j', async (args, code, message) => {
    using to = temporary();
    const ran = await plumbline([...args], { cwd: to.path });
    expect(ran.err).toMatch(message);
    expect(ran.err).not.toMatch(/\n\s+at /);
    expect(ran.code).toBe(code);
    expect(ran.out).toBe('');
  });

  it('a run folder of another model is refused, naming the field', async () => {
    using to = temporary();
    await plumbline(['run', 'scripted:perfect', ...suites, '--limit', '2', '-o', 'r'], { cwd: to.path });
    const other = await plumbline(['run', 'scripted:worst', ...suites, '--limit', '2', '-o', 'r'], { cwd: to.path });
    expect(other.code).toBe(2);
    expect(other.err).toMatch(/'persona' was "perfect", is "worst"/);
  });

  it('a setting in the file that is not known is named with the nearest one', async () => {
    using to = temporary();
    writeFileSync(join(to.path, 'plumbline.yaml'), 'preest: quick\n');
    const ran = await plumbline(['run', 'scripted:perfect'], { cwd: to.path });
    expect(ran.err).toMatch(/no setting 'preest'; did you mean 'preset'/);
    expect(ran.code).toBe(2);
  });

  it('an unwritable place is said', async () => {
    using to = temporary();
    writeFileSync(join(to.path, 'file'), '');
    const ran = await plumbline(['run', 'scripted:perfect', ...suites, '--limit', '1', '-o', 'file/r'], { cwd: to.path });
    expect(ran.code).toBe(3);
    expect(ran.err).toMatch(/ENOTDIR/);
    expect(ran.err).toMatch(/-o/);
  });
});

describe("a user's own questions", () => {
  const csv =
    'question,answer,options,group\nWhat is 2+2?,4,3|4|5,sums\n"The capital of France, please?",Paris,Paris|Rome,places\nColour of grass?,B,blue|green,things\n';

  it('come from CSV and JSONL, with letters or texts as answers', async () => {
    using to = temporary();
    writeFileSync(join(to.path, 'mine.csv'), `\ufeff${csv.replaceAll('\n', '\r\n')}`);
    const ran = await plumbline(['run', 'scripted:perfect', '--suite', 'mine.csv', '-o', 'r'], { cwd: to.path });
    expect(ran.err).not.toMatch(/plumbline:/);
    const result = JSON.parse(readFileSync(join(to.path, 'r/results/reliability/mine.json'), 'utf8')) as {
      items: number;
      estimates: { value: number }[];
    };
    expect(result.items).toBe(3);
    expect(result.estimates[0]?.value).toBe(1);
    writeFileSync(
      join(to.path, 'open.jsonl'),
      '{"question":"Who wrote Hamlet?","answer":"Shakespeare"}\n\n{"question":"2+3?","answer":5,"dimension":"safety"}\n',
    );
    expect((await plumbline(['run', 'scripted:perfect', '--suite', 'open.jsonl', '-o', 'o', '--json'], { cwd: to.path })).code).toBe(0);
  });

  it.each([
    ['a row with too few columns', 'q.csv', `${csv}only one\n`, /q\.csv:5: /],
    ['an unclosed quote', 'q.csv', `${csv}"open,4,3|4,x\n`, /q\.csv:\d+: /],
    ['an answer that is no option', 'q.csv', `${csv}Why?,purple,red|green,x\n`, /q\.csv:5: the answer 'purple'/],
    ['a missing answer', 'q.csv', 'question,answer\nWhy?,\n', /q\.csv:2: the column 'answer'/],
    ['broken JSON', 'q.jsonl', '{"question":"a","answer":"b"}\n{"question":\n', /q\.jsonl:2: not a JSON value/],
    [
      'a pattern that is no regular expression',
      'q.csv',
      'question,pattern\nWhy?,"(?=a)b"\n',
      /pattern '\(\?=a\)b' is no regular expression/,
    ],
    ['an empty file', 'q.jsonl', '', /holds no questions/],
  ])('%s is named by line', async (_, name, text, message) => {
    using to = temporary();
    writeFileSync(join(to.path, name), text);
    const ran = await plumbline(['run', 'scripted:perfect', '--suite', name, '-o', 'r'], { cwd: to.path });
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(message);
  });
});

describe('paths', () => {
  it('are the caller’s under npm run', async () => {
    using to = temporary();
    mkdirSync(join(to.path, 'sub'));
    const env = { INIT_CWD: join(to.path, 'sub'), npm_lifecycle_event: 'plumbline' };
    expect((await plumbline(['run', 'scripted:perfect', ...suites, '--limit', '1', '-o', 'r'], { cwd: to.path, env })).code).toBe(0);
    expect(existsSync(join(to.path, 'sub/r/run.json'))).toBe(true);
  });
});
