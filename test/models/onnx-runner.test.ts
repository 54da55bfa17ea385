import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalRunner } from '../../runners/onnx/index.ts';
import type { Message, Request } from '../../src/types.ts';
import { temporary } from '../support/cli.ts';
import { answersOf, asks, good, openRunner, text } from '../support/local-runner.ts';
import { realModel, realModelNames } from '../support/real-models.ts';
import { sharedFolder } from '../support/shared-folder.ts';

interface Reference {
  readonly traces: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly logprobs: readonly (number | null)[];
    readonly repeat?: number;
  }[];
  readonly greedy: readonly { readonly prompt: string; readonly ids: readonly number[]; readonly tokens: readonly number[] }[];
  readonly choices: readonly { readonly prompt: string; readonly options: readonly string[]; readonly logprobs: readonly number[] }[];
  readonly chat?: readonly {
    readonly messages: readonly Message[];
    readonly rendered: string;
    readonly tokens: readonly number[];
    readonly text: string;
  }[];
}

const place = temporary();
const cacheDir = process.env.PLUMBLINE_CACHE ?? join(place.path, 'cache');
afterAll(() => place[Symbol.dispose]());
const known = existsSync(join(sharedFolder, 'reference'));
if (!known) console.warn(`SKIPPED: the local runner against transformers: ${sharedFolder}/reference is not there (set PLUMBLINE_SHARED)`);

const worst = (a: readonly (number | null)[], b: readonly (number | null)[]) => {
  expect(a.length).toBe(b.length);
  return a.reduce<number>((most, value, i) => Math.max(most, value === null ? 0 : Math.abs(value - (b[i] ?? Number.NaN))), 0);
};

describe.each(realModelNames)('%s through the runner', (name) => {
  const path = realModel(name);
  describe.skipIf(path === null || !known)('against transformers in float32', () => {
    let runner: LocalRunner;
    let reference: Reference;
    beforeAll(async () => {
      reference = JSON.parse(readFileSync(join(sharedFolder, 'reference', `${name}.json`), 'utf8')) as Reference;
      ({ runner } = await openRunner(path ?? '', { cacheDir }));
    });
    afterAll(() => runner?.[Symbol.asyncDispose]());

    test('traces by token ids, one past any sliding window', async () => {
      for (const { ids, logprobs } of reference.traces) {
        const trace = await runner.ask({ ask: 'trace', ids });
        expect(worst(trace.logprobs, logprobs)).toBeLessThan(1e-3);
      }
    });

    test('a text becomes the reference’s ids', async () => {
      const [first] = reference.traces;
      const [trace] = await answersOf(runner, [asks(first?.text ?? '', { kind: 'trace' })]);
      expect(good(trace).ids).toEqual(first?.ids);
    });

    // The vocabulary is scored in blocks: the spread over all of them is that of the whole distribution.
    test('mean and deviation of the log-probability over the vocabulary', async () => {
      const text = 'The capital of France is';
      const [spread, next] = await answersOf(runner, [
        asks(`${text} Paris`, { kind: 'trace', spread: true }),
        asks(text, { kind: 'next', top: 400_000 }),
      ]);
      const all = (good(next).logprobs ?? []).map((value) => value ?? 0);
      // 150,000 and more terms in float32.
      expect(all.reduce((total, l) => total + Math.exp(l), 0)).toBeCloseTo(1, 3);
      const mean = all.reduce((total, l) => total + Math.exp(l) * l, 0);
      const deviation = Math.sqrt(all.reduce((total, l) => total + Math.exp(l) * l * l, 0) - mean * mean);
      expect(good(spread).spreads?.at(-1)?.[0]).toBeCloseTo(mean, 3);
      expect(good(spread).spreads?.at(-1)?.[1]).toBeCloseTo(deviation, 3);
    });

    test('options', async () => {
      const answers = await answersOf(
        runner,
        reference.choices.map(({ prompt, options }) => asks(prompt, { kind: 'choice', options })),
      );
      for (const [i, answer] of answers.entries())
        expect(worst(good(answer).logprobs ?? [], reference.choices[i]?.logprobs ?? [])).toBeLessThan(1e-3);
    });

    test('greedy continuations, token for token', async () => {
      for (const { prompt, ids, tokens } of reference.greedy) {
        expect((await runner.ask({ ask: 'prompt', prompt })).ids).toEqual(ids);
        const made = await runner.ask({ ask: 'generate', ids, maxTokens: tokens.length, temperature: 0, seed: 1 });
        expect(made.ids).toEqual(tokens);
      }
    });

    test('chat: rendered string for string, answered token for token but where the user typed a special token', async () => {
      for (const { messages, rendered, tokens } of reference.chat ?? []) {
        expect(await runner.render(messages)).toBe(rendered);
        if (messages.some((message) => message.content.includes('<|'))) continue;
        const { ids } = await runner.ask({ ask: 'prompt', prompt: messages });
        expect((await runner.ask({ ask: 'generate', ids, maxTokens: tokens.length, temperature: 0, seed: 1 })).ids).toEqual(tokens);
      }
    });
  });
});

const smollm2 = realModel('smollm2');
describe.skipIf(smollm2 === null)('SmolLM2 under load', () => {
  const topics = ['rain', 'bread', 'rivers', 'chess', 'paint', 'trains', 'bees', 'clocks', 'ice', 'maps'];
  const requests: Request[] = Array.from({ length: 200 }, (_, i) => {
    const topic = topics[i % 10] ?? '';
    const prompt = `${'Here is a question about everyday things. '.repeat(i % 4)}Question ${i}: what do you know of ${topic}? Answer:`;
    return i % 4 === 3
      ? asks(prompt, { kind: 'trace' })
      : asks(prompt, { kind: 'choice', options: [` ${topic} is old`, ' nothing', ` it is ${i}`, ' a lot'] });
  });

  test('batch 1 and batch 16 agree within 1e-4 on 200 requests, and the parent’s timers stay on time', async () => {
    await using one = (await openRunner(smollm2 ?? '', { cacheDir, batchSize: 1 })).runner;
    await using many = (await openRunner(smollm2 ?? '', { cacheDir, batchSize: 16 })).runner;
    const late: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      late.push(now - last - 10);
      last = now;
    }, 10);
    const [a, b] = [await answersOf(one, requests), await answersOf(many, requests)];
    clearInterval(timer);
    const largest = Math.max(...a.map((answer, i) => worst(good(answer).logprobs ?? [], good(b[i]).logprobs ?? [])));
    console.log(
      `largest difference ${largest.toExponential(1)}, timers at most ${Math.max(...late).toFixed(0)} ms late over ${late.length} ticks`,
    );
    expect(largest).toBeLessThan(1e-4);
    // A blocked parent would miss whole runs of hundreds of milliseconds; other programs of the machine may cost single ticks.
    expect(late.filter((ms) => ms > 50).length).toBeLessThan(late.length / 100);
  });

  test('killed in the middle, it answers all the same', async () => {
    const opened = await openRunner(smollm2 ?? '', { cacheDir });
    await using runner = opened.runner;
    const some = [...requests.slice(0, 60), ...topics.map((topic) => asks(`Tell me about ${topic}.`, text(24)))];
    const whole = (await answersOf(runner, some)).map(good);
    let kills = 0;
    const seen = new Set<number>();
    for await (const [index, response] of runner.answer(some, new AbortController().signal)) {
      expect(seen.has(index)).toBe(false);
      seen.add(index);
      expect(good(response).text).toBe(whole[index]?.text);
      expect(worst(good(response).logprobs ?? [], whole[index]?.logprobs ?? [])).toBeLessThan(1e-4);
      const [pid] = runner.pids();
      if (pid && kills < 2 && seen.size > 10 + 30 * kills) {
        kills++;
        process.kill(pid, 'SIGKILL');
      }
    }
    expect(seen.size).toBe(some.length);
    expect(opened.said.filter((line) => line.includes('SIGKILL')).length).toBe(2);
  });
});
