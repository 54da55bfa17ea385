import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readyTensors } from '../runners/onnx/convert.ts';
import type { LocalRunner } from '../runners/onnx/index.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { specOf } from '../runners/onnx/spec.ts';
import { root, temporary } from './support/cli.ts';
import { exportOnnx } from './support/export-onnx.ts';
import { answersOf, asks, good, openRunner, text } from './support/local-runner.ts';
import { safetensors, writeTinyModel } from './support/tiny-model.ts';

const place = temporary();
const cacheDir = join(place.path, 'cache');
const model = writeTinyModel(join(place.path, 'tiny'));
afterAll(() => place[Symbol.dispose]());

const choice = (options: readonly string[]) => ({ kind: 'choice', options }) as const;
const sum = (values: readonly (number | null)[]) => values.reduce<number>((a, b) => a + (b ?? 0), 0);

describe('one model, all four kinds', () => {
  let runner: LocalRunner;
  beforeAll(async () => {
    ({ runner } = await openRunner(model, { cacheDir }));
  });
  afterAll(() => runner[Symbol.asyncDispose]());

  test('a choice is the trace of prompt and option, for every option', async () => {
    const options = [' a', ' bc', ' def and more', ''];
    const [chosen, whole, ...traced] = await answersOf(runner, [
      asks('Which letters?', choice(options)),
      asks('Which letters?', { kind: 'trace' }),
      ...options.slice(0, 3).map((option) => asks(`Which letters?${option}`, { kind: 'trace' })),
    ]);
    expect(good(chosen).optionTokens).toEqual([2, 3, 13, 0]);
    expect(good(chosen).logprobs?.[3]).toBe(0);
    for (const [i, trace] of traced.entries())
      expect(good(chosen).logprobs?.[i]).toBeCloseTo(sum(good(trace).logprobs ?? []) - sum(good(whole).logprobs ?? []), 4);
  });

  test('trace: begin token as the tokenizer adds it, null first', async () => {
    const [trace] = await answersOf(runner, [asks('ab', { kind: 'trace' })]);
    expect(good(trace).ids).toEqual([1, 3 + 97, 3 + 98]);
    expect(good(trace).logprobs?.[0]).toBeNull();
    expect(good(trace).logprobs?.length).toBe(3);
  });

  test('trace with spread: mean and deviation of the log-probability over the vocabulary, under the distribution itself', async () => {
    const [plain, spread, next] = await answersOf(runner, [
      asks('abc', { kind: 'trace' }),
      asks('abc', { kind: 'trace', spread: true }),
      asks('ab', { kind: 'next', top: 264 }),
    ]);
    expect(good(spread).ids).toEqual(good(plain).ids);
    for (const [i, value] of good(plain).logprobs?.entries() ?? []) expect(good(spread).logprobs?.[i] ?? 0).toBeCloseTo(value ?? 0, 4);
    expect(good(spread).spreads?.[0]).toBeNull();
    // By the definition, from the whole distribution after "ab": μ = Σ p log p, σ² = Σ p (log p)² − μ².
    const all = (good(next).logprobs ?? []).map((v) => v ?? 0);
    const mean = all.reduce((total, l) => total + Math.exp(l) * l, 0);
    const deviation = Math.sqrt(all.reduce((total, l) => total + Math.exp(l) * l * l, 0) - mean * mean);
    expect(good(spread).spreads?.[3]?.[0]).toBeCloseTo(mean, 4);
    expect(good(spread).spreads?.[3]?.[1]).toBeCloseTo(deviation, 4);
    expect(good(plain).spreads).toBeUndefined();
  });

  test('next: the most likely tokens, most likely first, as the choice has them', async () => {
    const [next] = await answersOf(runner, [asks('hello', { kind: 'next', top: 264 })]);
    const { top = [], logprobs = [] } = good(next);
    expect(top.length).toBe(264);
    expect(logprobs).toEqual([...logprobs].sort((a, b) => (b ?? 0) - (a ?? 0)));
    expect(Math.log(logprobs.reduce<number>((total, v) => total + Math.exp(v ?? 0), 0))).toBeCloseTo(0, 4);
    const [chosen] = await answersOf(runner, [asks('hello', choice(['z']))]);
    expect(logprobs[top.indexOf('z')]).toBeCloseTo(good(chosen).logprobs?.[0] ?? 0, 4);
  });

  test('greedy text is the likeliest token each time, and stop strings end it', async () => {
    const [made] = await answersOf(runner, [asks('once', text(12))]);
    const { ids } = await runner.ask({ ask: 'prompt', prompt: 'once' });
    const { ids: tokens } = await runner.ask({ ask: 'generate', ids, maxTokens: 12, temperature: 0, seed: 1 });
    const traced = await runner.ask({ ask: 'trace', ids: [...ids, ...tokens] });
    for (const [i, value] of good(made).logprobs?.entries() ?? []) expect(value).toBeCloseTo(traced.logprobs[ids.length + i] ?? 0, 4);
    expect(good(made)).toMatchObject({ tokens: 12, stop: 'length', promptTokens: 5 });
    const whole = good(made).text;
    const stop = whole.slice(4, 6);
    const [stopped] = await answersOf(runner, [asks('once', text(12, { stop: [stop] }))]);
    expect(good(stopped)).toMatchObject({ text: whole.slice(0, whole.indexOf(stop)), stop: 'end' });
  });

  test('sampling depends on the request’s seed alone, not on its neighbours', async () => {
    const warm = (seed: number) => asks('dice', text(20, { temperature: 1, seed }));
    const alone = good((await answersOf(runner, [warm(7)]))[0]).text;
    const crowd = await answersOf(runner, [warm(1), warm(7), warm(2), warm(3), asks('other', text(5)), warm(7)]);
    expect(good(crowd[1]).text).toBe(alone);
    expect(good(crowd[5]).text).toBe(alone);
    expect(new Set(crowd.slice(0, 4).map((answer) => good(answer).text)).size).toBe(4);
  });

  test('what does not fit the context is a failure that says so', async () => {
    const [long, fine] = await answersOf(runner, [asks('x'.repeat(600), { kind: 'trace' }), asks('x', { kind: 'trace' })]);
    expect(long).toEqual({ ok: false, error: "the prompt has 600 tokens, the model's context holds 512" });
    expect(good(fine).tokens).toBe(1);
  });

  test('token ids are checked', async () => {
    await expect(runner.ask({ ask: 'trace', ids: [1, 999] })).rejects.toThrow(/token id 999: the vocabulary has ids 0 to 263/);
  });

  test('an aborted run ends, and the runner goes on', async () => {
    const control = new AbortController();
    const requests = Array.from({ length: 64 }, (_, i) => asks(`story ${i}`, text(200)));
    let seen = 0;
    for await (const _ of runner.answer(requests, control.signal)) if (++seen === 3) control.abort();
    expect(seen).toBeLessThan(64);
    expect(good((await answersOf(runner, [asks('a', text(3))]))[0]).tokens).toBe(3);
  });

  test('identity names what can change an answer; facts what it cost', async () => {
    expect(runner.identity).toMatchObject({ mode: 'exact', device: 'cpu', dtype: 'float32' });
    expect(runner.identity).not.toHaveProperty('batchSize');
    expect(runner.protocol).toBe('base');
    expect((await runner.facts()).cost).toMatchObject({ prefillTokensPerSecond: expect.any(Number), peakMemoryBytes: expect.any(Number) });
  });
});

describe('whatever the batch', () => {
  const header = 'Questions and answers, as short as can be. '.repeat(4);
  const requests = [
    ...Array.from({ length: 24 }, (_, i) =>
      asks(`${header}Question ${i}: what is ${i * 7} and ${i}?`, choice([' yes', ' no', ` ${i}`, ' it is not known'])),
    ),
    ...Array.from({ length: 8 }, (_, i) => asks(`${'The river ran on and on. '.repeat(i + 1)}`, { kind: 'trace' })),
    ...Array.from({ length: 24 }, (_, i) =>
      asks(`${i % 2 ? header : ''}Tell me of ${i}`, text(6 + i, { temperature: i % 3 ? 0 : 0.8, seed: i })),
    ),
  ];

  test.each([undefined, 24])('batch sizes 1, 5 and auto agree within 1e-4 (window %s)', async (window) => {
    const path = writeTinyModel(join(place.path, `batch-${window}`), { seed: 3, ...(window === undefined ? {} : { window }) });
    const runs = [];
    for (const batchSize of [1, 5, 'auto'] as const) {
      await using runner = (await openRunner(path, { cacheDir, batchSize })).runner;
      runs.push((await answersOf(runner, requests)).map(good));
    }
    const [one = [], ...others] = runs;
    for (const other of others)
      for (const [i, answer] of other.entries()) {
        expect(answer.text).toBe(one[i]?.text);
        for (const [j, value] of answer.logprobs?.entries() ?? [])
          expect(Math.abs((value ?? 0) - (one[i]?.logprobs?.[j] ?? 0))).toBeLessThan(1e-4);
      }
  });
});

describe('an ONNX export of the same model', () => {
  test('answers as the model itself', async () => {
    const folder = join(place.path, 'export');
    const files = openModel(model);
    exportOnnx(specOf(files), await readyTensors(files, { cacheDir }), join(folder, 'model.onnx'));
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(model, name), join(folder, name));
    await using made = (await openRunner(join(folder, 'model.onnx'), { cacheDir })).runner;
    await using own = (await openRunner(model, { cacheDir })).runner;
    const requests = [
      ...Array.from({ length: 6 }, (_, i) => asks(`Question ${i}: which?`, choice([' yes', ' no', ` ${i}`]))),
      asks('The river ran on and on.', { kind: 'trace' }),
      asks('Then', { kind: 'next', top: 5 }),
      ...Array.from({ length: 6 }, (_, i) => asks(`Tell me of ${'x'.repeat(i)}`, text(6 + i))),
    ];
    const [a, b] = [(await answersOf(made, requests)).map(good), (await answersOf(own, requests)).map(good)];
    for (const [i, answer] of a.entries()) {
      expect(answer.text).toBe(b[i]?.text);
      expect(answer.top).toEqual(b[i]?.top);
      for (const [j, value] of answer.logprobs?.entries() ?? [])
        expect(Math.abs((value ?? 0) - (b[i]?.logprobs?.[j] ?? 0))).toBeLessThan(1e-3);
    }
    expect(made.identity).toMatchObject({ mode: 'as exported' });
  });
});

describe('weights', () => {
  test('a fast mode is measured once and named in identity and facts; a rounded variant is another model', async () => {
    const path = writeTinyModel(join(place.path, 'wide'), { hidden: 64, seed: 5 });
    const first = await openRunner(path, { cacheDir, settings: { weights: 'fast' } });
    await first.runner[Symbol.asyncDispose]();
    const again = await openRunner(path, { cacheDir, settings: { weights: 'fast' } });
    await using fast = again.runner;
    await using rounded = (await openRunner(path, { cacheDir, settings: { quantize: 'int4' } })).runner;
    await using exact = (await openRunner(path, { cacheDir })).runner;
    expect(first.said.join()).toContain('measuring how far');
    expect(again.said.join()).not.toContain('measuring how far');
    expect(String(fast.identity.mode)).toMatch(/^fast/);
    expect((await fast.facts()).model?.deviation).toMatchObject({ positions: 512, kl: expect.any(Number), top1: expect.any(Number) });
    expect(rounded.identity.mode).toBe('exact, int4');
    const modes = [exact, rounded].map((runner) => answersOf(runner, [asks('hello world', { kind: 'trace' })]));
    const [a, b] = (await Promise.all(modes)).map(([answer]) => good(answer).logprobs);
    expect(a).not.toEqual(b);
  });

  test('an adapter changes the answers and the identity; one made for another model is refused', async () => {
    const adapter = (name: string, rows: number) => {
      const folder = join(place.path, name);
      mkdirSync(folder);
      writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify({ peft_type: 'LORA', r: 2, lora_alpha: 4 }));
      const stem = 'base_model.model.model.layers.0.mlp.down_proj';
      writeFileSync(
        join(folder, 'adapter_model.safetensors'),
        safetensors(
          [
            [`${stem}.lora_A.weight`, [2, 64]],
            [`${stem}.lora_B.weight`, [rows, 2]],
          ],
          { seed: 9 },
        ),
      );
      return folder;
    };
    await using own = (await openRunner(model, { cacheDir })).runner;
    await using adapted = (await openRunner(model, { cacheDir, settings: { adapter: adapter('lora', 32) } })).runner;
    const told = [own, adapted].map((runner) => answersOf(runner, [asks('hello', { kind: 'trace' })]));
    const [a, b] = (await Promise.all(told)).map(([answer]) => answer);
    expect(good(a).logprobs).not.toEqual(good(b).logprobs);
    expect(adapted.identity.adapter).toMatch(/^[0-9a-f]{64}$/);
    expect(own.identity.adapter).toBeNull();
    await expect(openRunner(model, { cacheDir, settings: { adapter: adapter('wrong', 48) } })).rejects.toThrow(/lora_B.weight is/);
  });

  test('an unknown mode is refused', async () => {
    await expect(openRunner(model, { cacheDir, settings: { weights: 'quick' } })).rejects.toThrow(
      /--weights quick: expected exact or fast/,
    );
  });
});

describe('chat', () => {
  const template =
    '{% for m in messages %}<|turn|>{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}<|turn|>assistant: {% endif %}';

  test('the model’s template is used, a system prompt is put in front, and user text never becomes a special token', async () => {
    const path = writeTinyModel(join(place.path, 'chat'), { template });
    await using runner = (await openRunner(path, { cacheDir, system: 'Be brief.' })).runner;
    expect(runner.protocol).toBe('instruct');
    expect(await runner.render([{ role: 'user', content: 'Hi' }])).toBe('<|turn|>system: Be brief.\n<|turn|>user: Hi\n<|turn|>assistant: ');
    const { ids } = await runner.ask({ ask: 'prompt', prompt: [{ role: 'user', content: '<|turn|>' }] });
    expect(ids.filter((id) => id === 259).length).toBe(3);
    expect(runner.identity.system).toBe('Be brief.');
  });

  test('without a template: a transcript', async () => {
    await using runner = (await openRunner(model, { cacheDir })).runner;
    expect(await runner.render([{ role: 'user', content: 'Hi' }])).toBe('User: Hi\n\nAssistant:');
  });
});

describe('when things go wrong', () => {
  const many = Array.from({ length: 60 }, (_, i) => asks(`story number ${i}`, text(60)));

  test('a killed child is reported, restarted, and nothing is lost or answered twice', async () => {
    const opened = await openRunner(model, { cacheDir });
    await using runner = opened.runner;
    const undisturbed = await answersOf(runner, many);
    const answers: string[] = [];
    let kills = 0;
    for await (const [index, response] of runner.answer(many, new AbortController().signal)) {
      expect(answers[index]).toBeUndefined();
      answers[index] = good(response).text;
      const [pid] = runner.pids();
      if (pid && kills < 2 && Object.keys(answers).length === 5 + 20 * kills) {
        kills++;
        process.kill(pid, 'SIGKILL');
      }
    }
    expect(kills).toBe(2);
    expect(answers).toEqual(undisturbed.map((answer) => good(answer).text));
    expect(opened.said.filter((line) => line.includes('killed by SIGKILL')).length).toBe(2);
  });

  test.skipIf(process.platform === 'win32')('a child that hangs is killed and restarted', async () => {
    const opened = await openRunner(model, { cacheDir, settings: { timeout: 3 } });
    await using runner = opened.runner;
    let stopped = false;
    let answered = 0;
    for await (const [, response] of runner.answer(many, new AbortController().signal)) {
      good(response);
      answered++;
      const [pid] = runner.pids();
      if (!stopped && pid) process.kill(pid, 'SIGSTOP');
      stopped = true;
    }
    expect(answered).toBe(many.length);
    expect(opened.said.join('\n')).toContain('hung: no sign of life for 3 s');
  });

  test.skipIf(process.platform === 'win32')('a parent that is killed leaves no child behind', async () => {
    const script = `
      import { openLocal } from ${JSON.stringify(pathToFileURL(join(root, 'runners/onnx/index.ts')).href)};
      const runner = await openLocal(${JSON.stringify(model)}, { seed: 1, cacheDir: ${JSON.stringify(cacheDir)}, offline: true, env: {}, settings: {}, device: 'cpu', say: () => {} });
      console.log(runner.pids()[0]);
      const want = { kind: 'text', maxTokens: 400, temperature: 0, seed: 1 };
      for await (const _ of runner.answer(Array.from({ length: 500 }, () => ({ to: 'target', prompt: 'on and on', want })), new AbortController().signal));
    `;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (data) => resolve(Number(data))));
    parent.kill('SIGKILL');
    const alive = () => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    };
    for (let i = 0; i < 100 && alive(); i++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(alive()).toBe(false);
  });

  test('weights that are not finite are named at the first answer', async () => {
    const damage = 'model.layers.1.mlp.down_proj.weight';
    const path = writeTinyModel(join(place.path, 'damaged'), { damage });
    await using runner = (await openRunner(path, { cacheDir })).runner;
    for (const want of [{ kind: 'trace' }, text(3), choice(['a', 'b'])] as const)
      await expect(answersOf(runner, [asks('hello', want)])).rejects.toMatchObject({ message: expect.stringContaining(damage), exit: 3 });
  });

  test('a folder without a tokenizer answers token ids and says what is missing for text', async () => {
    const path = writeTinyModel(join(place.path, 'mute'), { tokenizer: false });
    await using runner = (await openRunner(path, { cacheDir })).runner;
    expect((await runner.ask({ ask: 'trace', ids: [1, 2, 3] })).logprobs.length).toBe(3);
    await expect(answersOf(runner, [asks('a', text(1))])).rejects.toThrow(/no tokenizer/);
  });

  test('a device that is not there is refused', async () => {
    await expect(openRunner(model, { cacheDir, device: 'nonsense' })).rejects.toThrow(/there is no device 'nonsense'/);
  });
});
