/** From hidden states to numbers: only at the picked positions, and never all logits of many positions at once. */
import type { Draft } from './draft.ts';
import { draftOf } from './draft.ts';
import type { Context } from './graph-context.ts';
import { norm } from './graph-norm.ts';
import type { Rows } from './graph-weights.ts';

/** Vocabulary rows scored at a time: [N, 8192] floats are alive, not [N, V]. */
const block = 8192;

/** The picked positions' hidden states [N,hidden], normed for the head. */
export function picked(context: Context, x: string): string {
  const { draft, spec } = context;
  const flat = draft.op('Reshape', [x, draft.ints([-1, spec.hidden])]);
  const pick = draft.input({ name: 'pick', type: 'int64', shape: ['N'] });
  return norm(context, draft.op('Gather', [flat, pick], { axis: 0 }), 'finalNorm');
}

function logits(context: Context, x: string, rows?: Rows): string {
  const { draft, spec, weights } = context;
  let y = weights.linear(x, spec.tied ? 'embed' : 'head', rows);
  if (spec.logitScale !== 1) y = draft.op('Mul', [y, draft.floats([spec.logitScale], [])]);
  if (spec.logitSoftcap === null) return y;
  const cap = draft.floats([spec.logitSoftcap], []);
  return draft.op('Mul', [draft.op('Tanh', [draft.op('Div', [y, cap])]), cap]);
}

/** Log of the summed exponentials of each row [N,1], with the maximum taken out first. `largest`: [N,1]. */
function logSum(draft: Draft, x: string, largest: string): string {
  const axis = draft.ints([1]);
  const sum = draft.op('ReduceSum', [draft.op('Exp', [draft.op('Sub', [x, largest])]), axis], { keepdims: 1 });
  return draft.op('Add', [draft.op('Log', [sum]), largest]);
}

const largestOf = (draft: Draft, x: string): string => draft.op('ReduceMax', [x, draft.ints([1])], { keepdims: 1 });

interface BlockScores {
  /** Σ e^d, Σ e^d·d and Σ e^d·d² of a block's logits, d below its largest; where the spread is asked for. */
  readonly moments?: readonly [string, string, string];
  readonly sum: string;
  readonly largest: string;
  readonly best: string;
  readonly target: string;
}

/** Of each row of x [N,n]: its largest value, where that is, and the log of its summed exponentials, each [N,1]. */
function summed(context: Context, x: string): Pick<BlockScores, 'sum' | 'largest' | 'best'> {
  const { draft } = context;
  if (context.plain) {
    const largest = largestOf(draft, x);
    return { largest, best: draft.op('ArgMax', [x], { axis: 1, keepdims: 1 }), sum: logSum(draft, x, largest) };
  }
  // The CPU's LogSoftmax is one fused pass: the sum is what it took from the largest value.
  const [largest = '', best = ''] = draft.ops('TopK', [x, draft.ints([1])], 2, { axis: 1 });
  const shifted = draft.op('GatherElements', [draft.op('LogSoftmax', [x], { axis: 1 }), best], { axis: 1 });
  return { largest, best, sum: draft.op('Sub', [largest, shifted]) };
}

function momentsOf(draft: Draft, x: string, largest: string): readonly [string, string, string] {
  const axis = draft.ints([1]);
  const below = draft.op('Sub', [x, largest]);
  const raised = draft.op('Exp', [below]);
  const first = draft.op('Mul', [raised, below]);
  const summedUp = (y: string): string => draft.op('ReduceSum', [y, axis], { keepdims: 1 });
  return [summedUp(raised), summedUp(first), summedUp(draft.op('Mul', [first, below]))];
}

function scoreBlock(context: Context, x: string, target: string, rows: Rows & { readonly spread: boolean }): BlockScores {
  const { draft } = context;
  const part = logits(context, x, rows);
  const [from, last] = [draft.ints([rows.from]), draft.ints([rows.to - rows.from - 1])];
  const local = draft.op('Sub', [target, from]);
  const inside = draft.op('Min', [draft.op('Max', [local, draft.ints([0])]), last]);
  const found = draft.op('GatherElements', [part, inside], { axis: 1 });
  const { largest, best, sum } = summed(context, part);
  return {
    largest,
    sum,
    best: draft.op('Add', [best, from]),
    target: draft.op('Where', [draft.op('Equal', [local, inside]), found, draft.floats([-3e38], [])]),
    ...(rows.spread && { moments: momentsOf(draft, part, largest) }),
  };
}

/**
 * Mean and standard deviation [N] of the log-probability under the distribution itself, from the blocks' moments about their largest: with shift = largest −
 * the largest of all, moments about that are w·s0, w·(s1 + s0·shift) and w·(s2 + 2·s1·shift + s0·shift²), w = e^shift.
 */
function spreadOutputs(draft: Draft, blocks: readonly BlockScores[], largest: string): void {
  const axis = draft.ints([1]);
  const [s0 = '', s1 = '', s2 = ''] = [0, 1, 2].map((k) =>
    draft.op(
      'Concat',
      blocks.map(({ moments }) => moments?.[k] ?? ''),
      { axis: 1 },
    ),
  );
  const times = (a: string, b: string): string => draft.op('Mul', [a, b]);
  const plus = (a: string, b: string): string => draft.op('Add', [a, b]);
  const shift = draft.op('Sub', [largest, largestOf(draft, largest)]);
  const weight = draft.op('Exp', [shift]);
  const total = (y: string): string => draft.op('ReduceSum', [times(weight, y), axis], { keepdims: 1 });
  const all = total(s0);
  const mean = draft.op('Div', [total(plus(s1, times(s0, shift))), all]);
  const twice = times(draft.floats([2], []), times(s1, shift));
  const square = draft.op('Div', [total(plus(plus(s2, twice), times(s0, times(shift, shift)))), all]);
  const variance = draft.op('Max', [draft.op('Sub', [square, times(mean, mean)]), draft.floats([0], [])]);
  const logMean = draft.op('Sub', [mean, draft.op('Log', [all])]);
  draft.output(draft.op('Squeeze', [logMean, axis]), { name: 'mean', type: 'float32', shape: ['N'] });
  draft.output(draft.op('Squeeze', [draft.op('Sqrt', [variance]), axis]), { name: 'deviation', type: 'float32', shape: ['N'] });
}

/** Outputs logprob [N] of `target` [N] and argmax [N]; with `spread` also mean and deviation [N] of the log-probability over the vocabulary. */
export function scoreHead(context: Context, x: string, spread = false): void {
  const { draft, spec } = context;
  const hidden = picked(context, x);
  const target = draft.op('Unsqueeze', [draft.input({ name: 'target', type: 'int64', shape: ['N'] }), draft.ints([1])]);
  const blocks: BlockScores[] = [];
  for (let from = 0; from < spec.vocabulary; from += block) {
    const to = Math.min(from + block, spec.vocabulary);
    blocks.push(scoreBlock(context, hidden, target, { from, to, of: spec.vocabulary, spread }));
  }
  const side = (name: 'sum' | 'largest' | 'best' | 'target'): string =>
    draft.op(
      'Concat',
      blocks.map((each) => each[name]),
      { axis: 1 },
    );
  const sums = side('sum');
  const all = logSum(draft, sums, largestOf(draft, sums));
  const logprob = draft.op('Sub', [largestOf(draft, side('target')), all]);
  const largest = side('largest');
  const where = draft.op('ArgMax', [largest], { axis: 1, keepdims: 1 });
  const best = draft.op('GatherElements', [side('best'), where], { axis: 1 });
  const axis = draft.ints([1]);
  draft.output(draft.op('Squeeze', [logprob, axis]), { name: 'logprob', type: 'float32', shape: ['N'] });
  draft.output(draft.op('Squeeze', [best, axis]), { name: 'argmax', type: 'int64', shape: ['N'] });
  if (spread) spreadOutputs(draft, blocks, largest);
}

/** How many of each row's rising sums [N,n] lie at or below its threshold [N,1]: the place of the first above it, at most n − 1. */
function placeOf(draft: Draft, rising: string, threshold: string, last: number): string {
  const below = draft.op('Cast', [draft.op('LessOrEqual', [rising, threshold])], { to: 1 });
  const count = draft.op('Cast', [draft.op('ReduceSum', [below, draft.ints([1])], { keepdims: 1 })], { to: 7 });
  return draft.op('Min', [count, draft.ints([last])]);
}

const risingOf = (draft: Draft, x: string): string => draft.op('CumSum', [x, draft.ints([1], true)]);

/** The largest divisor of the vocabulary up to 512 that leaves several blocks. */
function divisorOf(vocabulary: number): number {
  for (let size = Math.min(512, Math.floor(vocabulary / 2)); size > 1; size -= 1) if (vocabulary % size === 0) return size;
  return 1;
}

/** One token a row from the softmax at its temperature: where the cumulated probability passes the row's random number. First the block, then the place in it. */
function drawn(draft: Draft, scores: string, from: { warmth: string; chance: string; vocabulary: number }): string {
  const safe = draft.op('Max', [from.warmth, draft.floats([1e-4], [])]);
  const shares = draft.op('Softmax', [draft.op('Div', [scores, safe])], { axis: 1 });
  const size = divisorOf(from.vocabulary);
  const count = from.vocabulary / size;
  const blocks = draft.op('Reshape', [shares, draft.ints([-1, count, size])]);
  const sums = draft.op('ReduceSum', [blocks, draft.ints([2])], { keepdims: 0 });
  const rising = risingOf(draft, sums);
  const whole = draft.op('Slice', [rising, draft.ints([count - 1]), draft.ints([count]), draft.ints([1])]);
  const threshold = draft.op('Mul', [from.chance, whole]);
  const where = placeOf(draft, rising, threshold, count - 1);
  const at = (name: string): string => draft.op('GatherElements', [name, where], { axis: 1 });
  const rest = draft.op('Sub', [threshold, draft.op('Sub', [at(rising), at(sums)])]);
  const inside = draft.op('GatherND', [blocks, where], { batch_dims: 1 });
  const place = placeOf(draft, risingOf(draft, inside), rest, size - 1);
  return draft.op('Add', [draft.op('Mul', [where, draft.ints([size])]), place]);
}

/** `best` where the temperature is 0, else a drawn token; nothing is drawn when every row is greedy. */
function sampled(context: Context, scores: string, best: string): string {
  const { draft, spec } = context;
  const column = (name: string): string => draft.op('Unsqueeze', [draft.input({ name, type: 'float32', shape: ['N'] }), draft.ints([1])]);
  const [warmth, chance] = [column('temperature'), column('uniform')];
  const warm = draft.op('Greater', [warmth, draft.floats([0], [])]);
  const hottest = draft.op('ReduceMax', [warmth], { keepdims: 0 });
  const draw = draftOf('draw', draft);
  const token = drawn(draw, scores, { warmth, chance, vocabulary: spec.vocabulary });
  draw.output(draw.op('Where', [warm, token, best]), { name: 'draw.token', type: 'int64', shape: ['N', 1] });
  const greedy = draftOf('greedy', draft);
  greedy.output(greedy.op('Identity', [best]), { name: 'greedy.token', type: 'int64', shape: ['N', 1] });
  return draft.op('If', [draft.op('Greater', [hottest, draft.floats([0], [])])], {
    then_branch: { graph: draw.parts() },
    else_branch: { graph: greedy.parts() },
  });
}

/** Outputs token [N], its logprob [N], and the most likely tokens top [N,K] with top_logprob [N,K]. */
export function generateHead(context: Context, x: string): void {
  const { draft } = context;
  const scores = logits(context, picked(context, x));
  const k = draft.input({ name: 'top_k', type: 'int64', shape: [1] });
  const [values = '', top = ''] = draft.ops('TopK', [scores, k], 2, { axis: 1, largest: 1, sorted: 1 });
  const first = (from: string): string => draft.op('Slice', [from, draft.ints([0]), draft.ints([1]), draft.ints([1])]);
  const all = logSum(draft, scores, first(values));
  const token = sampled(context, scores, first(top));
  const logprob = draft.op('Sub', [draft.op('GatherElements', [scores, token], { axis: 1 }), all]);
  const axis = draft.ints([1]);
  draft.output(draft.op('Squeeze', [token, axis]), { name: 'token', type: 'int64', shape: ['N'] });
  draft.output(draft.op('Squeeze', [logprob, axis]), { name: 'logprob', type: 'float32', shape: ['N'] });
  draft.output(top, { name: 'top', type: 'int64', shape: ['N', 'K'] });
  draft.output(draft.op('Sub', [values, all]), { name: 'top_logprob', type: 'float32', shape: ['N', 'K'] });
}
