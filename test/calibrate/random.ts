/** Draws for the simulations. */
import { randomOf } from '../../src/kit/random.ts';

export interface Draws {
  readonly uniform: () => number;
  readonly normal: () => number;
  readonly beta: (a: number, b: number) => number;
}

export function drawsOf(seed: string): Draws {
  const uniform = randomOf(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  // Marsaglia & Tsang 2000.
  const gamma = (a: number): number => {
    if (a < 1) return gamma(a + 1) * (1 - uniform()) ** (1 / a);
    const d = a - 1 / 3;
    for (;;) {
      const x = normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  };
  const beta = (a: number, b: number): number => {
    const [x, y] = [gamma(a), gamma(b)];
    return x + y === 0 ? (uniform() < a / (a + b) ? 1 : 0) : x / (x + y);
  };
  return { uniform, normal, beta };
}

export interface Design {
  readonly n: number;
  /** 0: every observation for itself. */
  readonly clusters: number;
  readonly icc: number;
  readonly rate: number;
}

/** Binary observations of a design: cluster rates are Beta with the given intraclass correlation. */
export function observations({ n, clusters, icc, rate }: Design, draws: Draws): { value: number; weight: number; cluster: string }[] {
  const m = clusters === 0 ? n : clusters;
  const rates = Array.from({ length: m }, () =>
    clusters === 0 || icc === 0 ? rate : draws.beta((rate * (1 - icc)) / icc, ((1 - rate) * (1 - icc)) / icc),
  );
  return Array.from({ length: n }, (_, i) => ({
    value: draws.uniform() < (rates[i % m] as number) ? 1 : 0,
    weight: 1,
    cluster: String(i % m),
  }));
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const markdownTable = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
