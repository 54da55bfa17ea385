/** Regression by a sum of kernels (a Gaussian process): weights by maximum marginal likelihood, predictions, leave-one-out errors. Pure. */
import type { Likeness } from './likeness.ts';

/** Some items, by index, with their values. */
export interface Sample {
  readonly at: readonly number[];
  readonly values: readonly number[];
}

/** Variance of each kernel and of what no kernel tells, for values of variance 1; the mean is taken to be unknown. */
export interface Weights {
  readonly kernels: readonly number[];
  readonly noise: number;
}

/** Weights where nothing is known: most of the variance is an item's own. */
export const plainWeights = ({ names }: Likeness): Weights => ({ kernels: names.map(() => 0.5 / Math.max(6, names.length)), noise: 0.5 });

const vague = 1;

/**
 * Weights that make the values likeliest, drawn towards `prior` with the strength of `trust` observations: minorisation–maximisation of variance
 * components (Zhou, Hu, Zhou & Lange 2019) with an inverse-gamma prior whose mode is `prior`.
 */
export function learnt(
  likeness: Likeness,
  sample: Sample,
  { prior, trust, steps }: { readonly prior: Weights; readonly trust: number; readonly steps: number },
): Weights {
  const n = sample.at.length;
  const mean = sample.values.reduce((sum, v) => sum + v, 0) / n;
  const sd = Math.sqrt(sample.values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n);
  if (sd < 1e-9) return prior;
  const y = Float64Array.from(sample.values, (v) => (v - mean) / sd);
  const parts = matrices(likeness, sample.at);
  let kernels = [...prior.kernels];
  let noise = prior.noise;
  const step = (now: number, mode: number, quadratic: number, trace: number) =>
    now * Math.sqrt((quadratic + (2 * trust * mode) / (now * now)) / (trace + (2 * trust) / now));
  for (let s = 0; s < steps; s++) {
    const K = new Float64Array(n * n);
    for (const [k, Q] of parts.entries()) add(K, Q, kernels[k] as number);
    for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) K[a * n + b] = (K[a * n + b] as number) + vague + (a === b ? noise : 0);
    const inverse = invert(K, n);
    const alpha = times(inverse, y, n);
    kernels = kernels.map((w, k) => {
      const [quadratic, trace] = forms(parts[k] as Float64Array, inverse, alpha, n);
      return step(w, Math.max(1e-6, prior.kernels[k] as number), quadratic, trace);
    });
    let [squares, diagonal] = [0, 0];
    for (let a = 0; a < n; a++) {
      squares += (alpha[a] as number) ** 2;
      diagonal += inverse[a * n + a] as number;
    }
    noise = Math.max(0.02, step(noise, prior.noise, squares, diagonal));
  }
  return { kernels, noise };
}

function matrices(likeness: Likeness, at: readonly number[]): Float64Array[] {
  const n = at.length;
  const parts = likeness.names.map(() => new Float64Array(n * n));
  const out = new Float64Array(parts.length);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      likeness.read(at[a] as number, at[b] as number, out);
      for (let k = 0; k < parts.length; k++) {
        const Q = parts[k] as Float64Array;
        Q[a * n + b] = out[k] as number;
        Q[b * n + a] = out[k] as number;
      }
    }
  }
  return parts;
}

function add(into: Float64Array, from: Float64Array, weight: number): void {
  for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + weight * (from[i] as number);
}

/** αᵀQα and the trace of K⁻¹Q. */
function forms(Q: Float64Array, inverse: Float64Array, alpha: Float64Array, n: number): [number, number] {
  let [quadratic, trace] = [0, 0];
  for (let a = 0; a < n; a++) {
    const own = alpha[a] as number;
    for (let b = 0; b < n; b++) {
      const q = Q[a * n + b] as number;
      quadratic += own * (alpha[b] as number) * q;
      trace += (inverse[a * n + b] as number) * q;
    }
  }
  return [quadratic, trace];
}

export interface Fit {
  /** Prediction of every item. */
  readonly predicted: Float64Array;
  /** Value less the prediction made without it, of each in the sample. */
  readonly errors: Float64Array;
  /** Mean over all items of what one observation adds to a prediction. */
  readonly pull: Float64Array;
}

/** Predicts all `likeness.n` items from a sample of them. */
export function fitted(likeness: Likeness, sample: Sample, weights: Weights): Fit {
  const n = sample.at.length;
  const N = likeness.n;
  const mean = sample.values.reduce((sum, v) => sum + v, 0) / n;
  const rows = sample.at.map((i) => {
    const row = new Float64Array(N);
    likeness.row(i, weights.kernels, row);
    return Float32Array.from(row, (v) => v + vague);
  });
  const K = new Float64Array(n * n);
  for (let a = 0; a < n; a++)
    for (let b = 0; b < n; b++)
      K[a * n + b] = ((rows[a] as Float32Array)[sample.at[b] as number] as number) + (a === b ? weights.noise : 0);
  const inverse = invert(K, n);
  const alpha = times(
    inverse,
    Float64Array.from(sample.values, (v) => v - mean),
    n,
  );
  const predicted = new Float64Array(N).fill(mean);
  const means = new Float64Array(n);
  rows.forEach((row, a) => {
    let sum = 0;
    for (let j = 0; j < N; j++) {
      predicted[j] = (predicted[j] as number) + (alpha[a] as number) * (row[j] as number);
      sum += row[j] as number;
    }
    means[a] = sum / N;
  });
  const errors = alpha.map((a, i) => a / (inverse[i * n + i] as number));
  return { predicted, errors, pull: times(inverse, means, n) };
}

function times(matrix: Float64Array, vector: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, a) => {
    let sum = 0;
    for (let b = 0; b < n; b++) sum += (matrix[a * n + b] as number) * (vector[b] as number);
    return sum;
  });
}

/** The inverse of a positive definite matrix, by Cholesky. */
function invert(matrix: Float64Array, n: number): Float64Array {
  const L = new Float64Array(n * n);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = matrix[a * n + b] as number;
      for (let k = 0; k < b; k++) sum -= (L[a * n + k] as number) * (L[b * n + k] as number);
      L[a * n + b] = a === b ? Math.sqrt(Math.max(1e-12, sum)) : sum / (L[b * n + b] as number);
    }
  }
  // Rows of L⁻¹ from the top, then K⁻¹ = L⁻ᵀ L⁻¹.
  const I = new Float64Array(n * n);
  for (let c = 0; c < n; c++) {
    I[c * n + c] = 1 / (L[c * n + c] as number);
    for (let a = c + 1; a < n; a++) {
      let sum = 0;
      for (let k = c; k < a; k++) sum -= (L[a * n + k] as number) * (I[k * n + c] as number);
      I[a * n + c] = sum / (L[a * n + a] as number);
    }
  }
  const out = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    for (let a = 0; a <= k; a++) {
      const v = I[k * n + a] as number;
      for (let b = 0; b <= a; b++) out[a * n + b] = (out[a * n + b] as number) + v * (I[k * n + b] as number);
    }
  }
  for (let a = 0; a < n; a++) for (let b = 0; b < a; b++) out[b * n + a] = out[a * n + b] as number;
  return out;
}
