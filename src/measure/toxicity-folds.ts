/** The toxicity detector on groups that its part for hate was not trained on: that part is fitted again for each group, as test/training/toxicity_fit.py does. */
import { join } from 'node:path';
import { toxicityFeatures, toxicityLogit } from '../kit/toxicity.ts';
import { isHeldOut, linesOf, type Scored, toxigenRows } from './figures.ts';
import { neutralTrained } from './toxicity-trained.ts';

/** One training text: buckets with their values, a target of 0 or 1, and what it weighs. */
interface Example {
  readonly at: Int32Array;
  readonly values: Float64Array;
  readonly y: number;
  readonly weight: number;
}

function exampleOf(text: string, y: number, weight: number): Example {
  const parts = toxicityFeatures(text);
  const at = Int32Array.from(parts.flat());
  const values = Float64Array.from(parts.flatMap((part) => part.map(() => part.length ** -0.5)));
  return { at, values, y, weight };
}

interface Fitted {
  readonly weights: Float64Array;
  readonly bias: number;
}

const logitOf = ({ at, values }: Pick<Example, 'at' | 'values'>, { weights, bias }: Fitted): number => {
  let z = bias;
  for (let i = 0; i < at.length; i++) z += (values[i] as number) * (weights[at[i] as number] as number);
  return z;
};

/** Loss and gradient of L2-regularised logistic regression, C times the weighted log-loss and half the squared weights; the bias, last, is free. */
function lossOf(examples: readonly Example[], c: number, point: Float64Array): { readonly loss: number; readonly gradient: Float64Array } {
  const bias = point.length - 1;
  const gradient = Float64Array.from(point);
  gradient[bias] = 0;
  let loss = 0;
  for (let i = 0; i < bias; i++) loss += ((point[i] as number) * (point[i] as number)) / 2;
  for (const { at, values, y, weight } of examples) {
    const z = logitOf({ at, values }, { weights: point, bias: point[bias] as number });
    loss += c * weight * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - y * z);
    const slope = c * weight * (1 / (1 + Math.exp(-z)) - y);
    for (let i = 0; i < at.length; i++) gradient[at[i] as number] = (gradient[at[i] as number] as number) + slope * (values[i] as number);
    gradient[bias] = (gradient[bias] as number) + slope;
  }
  return { loss, gradient };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
function moved(a: Float64Array, by: Float64Array, step: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = (a[i] as number) + step * (by[i] as number);
  return out;
}

/** Minimises by L-BFGS (Nocedal & Wright 2006, algorithms 7.4 and 7.5) with halving steps. */
export function fitted(examples: readonly Example[], c: number, size: number): Fitted {
  let point: Float64Array = new Float64Array(size + 1);
  let now = lossOf(examples, c, point);
  const pairs: { readonly s: Float64Array; readonly y: Float64Array }[] = [];
  for (let pass = 0; pass < 200; pass++) {
    const direction = directionOf(now.gradient, pairs);
    const descent = dot(direction, now.gradient);
    let step = pairs.length === 0 ? 1 / Math.sqrt(dot(now.gradient, now.gradient)) : 1;
    let next = lossOf(examples, c, moved(point, direction, step));
    while (next.loss > now.loss + 1e-4 * step * descent && step > 1e-10) {
      step /= 2;
      next = lossOf(examples, c, moved(point, direction, step));
    }
    const s = direction.map((v) => v * step);
    const y = moved(next.gradient, now.gradient, -1);
    if (dot(s, y) > 1e-12) pairs.push({ s, y });
    if (pairs.length > 8) pairs.shift();
    point = moved(point, direction, step);
    const gain = (now.loss - next.loss) / Math.max(1, now.loss);
    now = next;
    if (gain < 1e-6) break;
  }
  return { weights: point, bias: point[size] as number };
}

function directionOf(gradient: Float64Array, pairs: readonly { readonly s: Float64Array; readonly y: Float64Array }[]): Float64Array {
  let q: Float64Array = gradient.map((v) => -v);
  const rates: number[] = [];
  for (const { s, y } of pairs.toReversed()) {
    const rate = dot(s, q) / dot(s, y);
    rates.unshift(rate);
    q = moved(q, y, -rate);
  }
  const last = pairs.at(-1);
  const scale = last ? dot(last.s, last.y) / dot(last.y, last.y) : 1;
  q = q.map((v) => v * scale);
  pairs.forEach(({ s, y }, i) => {
    q = moved(q, s, (rates[i] as number) - dot(y, q) / dot(s, y));
  });
  return q;
}

/** Buckets that occur, numbered from 0: what never occurs keeps weight 0. */
function renumbered(examples: readonly Example[], numbers: Map<number, number>): Example[] {
  return examples.map((example) => ({
    ...example,
    at: example.at.map((bucket) => {
      const known = numbers.get(bucket) ?? numbers.size;
      numbers.set(bucket, known);
      return known;
    }),
  }));
}

/** ToxiGen's demonstrations, each scored by a detector that has not seen its group. */
export function toxigenLeavingGroupsOut(shared: string): { readonly truth: boolean; readonly score: number }[] {
  const folder = join(shared, 'data', 'realtoxicityprompts');
  const rated = ['toxic', 'nontoxic']
    .flatMap((name) => linesOf(join(folder, `${name}.jsonl.gz`)))
    .map((line) => JSON.parse(line) as { filename: string; prompt: Scored; continuation: Scored })
    .filter((row) => !isHeldOut(row.filename))
    .flatMap((row) => [row.prompt, row.continuation])
    .filter((text) => typeof text.toxicity === 'number' && toxicityLogit(text.text.trim()).about);
  const numbers = new Map<number, number>();
  const common = renumbered(
    [
      ...rated.flatMap(({ text, toxicity }) => {
        // A score becomes two examples, one of each class, weighing what the score says.
        const p = 1 / (1 + Math.exp(-10 * (toxicity - 0.5)));
        return [exampleOf(text.trim(), 1, p), exampleOf(text.trim(), 0, 1 - p)];
      }),
      ...neutralTrained().map((text) => exampleOf(text, 0, 0.5)),
    ],
    numbers,
  );
  const demonstrations = toxigenRows(shared);
  const own = renumbered(
    demonstrations.map(({ text, truth }) => exampleOf(text, truth ? 1 : 0, 2)),
    numbers,
  );
  const rows = demonstrations.map((row, i) => ({ ...row, example: own[i] as Example }));
  return [...new Set(rows.map(({ group }) => group))].sort().flatMap((group) => {
    const hate = fitted([...common, ...rows.filter((row) => row.group !== group).map(({ example }) => example)], 10, numbers.size);
    return rows
      .filter((row) => row.group === group)
      .map(({ text, truth, example }) => {
        const { plain, about, offset } = toxicityLogit(text);
        const z = about ? Math.max(plain, logitOf(example, hate) - offset) : plain;
        return { truth, score: 1 / (1 + Math.exp(-z)) };
      });
  });
}
