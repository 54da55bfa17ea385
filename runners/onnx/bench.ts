import { randomOf } from '../../src/kit/random.ts';
import { prepacks } from './answer-generate.ts';
import { generate, type Job } from './generate.ts';
import type { BenchLine, Question } from './ipc.ts';
import type { LocalModel } from './model.ts';

/** Measures prefill at several lengths and decoding at several numbers of rows, on random tokens. One warm-up each, then the median of three. */
export async function bench(model: LocalModel, { lengths, rows }: Extract<Question, { ask: 'bench' }>): Promise<BenchLine[]> {
  const session = await model.session('generate', { prepack: prepacks(model, 256) });
  const random = randomOf(1);
  const ids = (n: number) => Array.from({ length: n }, () => Math.floor(random() * Math.min(model.vocabulary, 10_000)));
  const measure = async (count: number, length: number, maxTokens: number) => {
    const spent = { prefill: { tokens: 0, ms: 0 }, decode: { tokens: 0, ms: 0 } };
    const jobs = Array.from(
      { length: count },
      (_, request): Job => ({ request, ids: ids(length), maxTokens, temperature: 0, random: () => () => 0, top: 0, ends: () => false }),
    );
    const options = {
      rows: count,
      cacheBytes: Number.POSITIVE_INFINITY,
      prefillTokens: model.limits.tokens,
      busy: () => {},
      stopped: () => false,
      say: () => {},
      spent: (what: 'prefill' | 'decode', tokens: number, ms: number) => {
        spent[what].tokens += tokens;
        spent[what].ms += ms;
      },
    };
    for await (const _ of generate(session, jobs, options));
    return spent;
  };
  const lines: BenchLine[] = [];
  for (const length of lengths.filter((n) => n <= model.context)) {
    const { ms } = await median(async () => (await measure(1, length, 1)).prefill);
    lines.push({ what: 'prefill', length, rows: 1, ms, tokensPerSecond: (length / ms) * 1000 });
  }
  for (const count of rows) {
    const { tokens, ms } = await median(async () => (await measure(count, 64, 24)).decode);
    lines.push({ what: 'decode', length: 64, rows: count, ms: ms / (tokens / count), tokensPerSecond: (tokens / ms) * 1000 });
  }
  return lines;
}

async function median<T extends { readonly ms: number }>(measure: () => Promise<T>): Promise<T> {
  await measure();
  const runs = [await measure(), await measure(), await measure()].sort((a, b) => a.ms - b.ms);
  return runs[1] as T;
}
