import { expect, test } from 'vitest';
import { type Forecast, forecastOf, forecastText, refuseIfTooLarge, type Shape } from '../runners/onnx/forecast.ts';

/** Runs of 256 tokens; four rows of 256 tokens are kept. */
const common = { tokens: 256, seen: 512, rows: 4, kept: 4 * 256, idle: 0 } as const;
const smollm2 = { ...common, vocabulary: 49_152, hidden: 576, ffn: 1536, heads: 9, kvBytesPerToken: 30 * 2 * 3 * 64 * 4 } as const;
const gemma = { ...common, vocabulary: 262_144, hidden: 640, ffn: 2048, heads: 4, kvBytesPerToken: 18 * 2 * 256 * 4 } as const;

/** Own memory and mapped pages at the peak, as test/bench/memory.ts measured them (results/memory.md). */
const measured: readonly (readonly [name: string, shape: Shape, own: number, mapped: number])[] = [
  ['SmolLM2 exact', { ...smollm2, mapped: 538e6, held: 0, laidOut: 538e6, graphs: 2 }, 772e6, 555e6],
  ['SmolLM2 exact, 48 rows', { ...smollm2, rows: 48, kept: 48 * 256, mapped: 538e6, held: 0, laidOut: 538e6, graphs: 2 }, 1871e6, 553e6],
  ['SmolLM2 fast', { ...smollm2, mapped: 0, idle: 17e6, held: 128e6, laidOut: 0, graphs: 2 }, 509e6, 37e6],
  ['Gemma exact', { ...gemma, mapped: 1072e6, held: 0, laidOut: 1072e6, graphs: 2 }, 1352e6, 1088e6],
  ['Gemma fast', { ...gemma, mapped: 0, idle: 35e6, held: 327e6, laidOut: 0, graphs: 2 }, 947e6, 58e6],
];

test.each(measured)('%s: within a tenth of what was measured', (_, shape, own, mapped) => {
  const { total } = forecastOf(shape);
  expect(total / (own + mapped)).toBeGreaterThan(0.9);
  expect(total / (own + mapped)).toBeLessThan(1.1);
});

test('mapped weights are counted once, weights that graphs hold once for each of them', () => {
  const shape: Shape = { ...smollm2, mapped: 538e6, held: 0, laidOut: 0, graphs: 2 };
  const base = forecastOf({ ...shape, mapped: 0 });
  expect(forecastOf(shape)).toEqual({ own: base.own, mapped: base.mapped + 538e6, total: base.total + 538e6, needed: base.needed + 538e6 });
  const [one, two] = [1, 2].map((graphs) => forecastOf({ ...shape, mapped: 0, held: 100e6, graphs: graphs as 1 | 2 }));
  expect((two?.own ?? 0) - (one?.own ?? 0)).toBe(116e6);
});

test('pages read once are forecast, but need not be free', () => {
  const shape: Shape = { ...gemma, mapped: 0, held: 327e6, laidOut: 0, graphs: 2 };
  const [without, beside] = [forecastOf(shape), forecastOf({ ...shape, idle: 35e6 })];
  expect([beside.total - without.total, beside.needed - without.needed]).toEqual([35e6, 0]);
});

test('the cache is there twice while rows are decoded', () => {
  const shape: Shape = { ...smollm2, mapped: 0, held: 0, laidOut: 0, graphs: 2 };
  expect(forecastOf({ ...shape, kept: 2048 }).own - forecastOf({ ...shape, kept: 1024 }).own).toBe(2 * 1024 * 46_080);
});

test('what does not fit is refused with its parts', () => {
  const forecast: Forecast = { own: 6.9e9, mapped: 0.6e9, total: 7.5e9, needed: 7.3e9 };
  expect(forecastText(forecast)).toBe('7.5 GB of memory: 6.9 GB of its own and 600 MB of file pages, which the system can take back');
  expect(() => refuseIfTooLarge('m', forecast, 4e9)).toThrow(/^m needs about 7\.5 GB of memory: .*; 4\.0 GB are free$/);
  expect(() => refuseIfTooLarge('m', forecast, 7.4e9)).not.toThrow();
});
