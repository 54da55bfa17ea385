/** Sizes that a file claims, believed only within what models have. */
import { UserError } from '../../src/types.ts';
import type { Experts, Latent, Traits } from './families.ts';

export interface Sizes {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffnWidth: number;
  readonly context: number;
  readonly eps: number;
  readonly traits: Traits;
}

function refuse(what: string, value: number, expected: string): never {
  throw new UserError(
    `the model's configuration says ${what} is ${value}; expected ${expected}`,
    'the configuration is damaged or not of this model: fetch it again',
  );
}

function whole(what: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) refuse(what, value, `a whole number from 1 to ${most}`);
}

const widest = 1 << 20;

/** UserError naming the first number that no model has. Called before anything is sized by them. */
export function checkNumbers(sizes: Sizes): void {
  const { layers, hidden, heads, kvHeads, headDim, ffnWidth, context, eps, traits } = sizes;
  whole('the number of layers', layers, 1024);
  whole('the width', hidden, widest);
  whole('the number of heads', heads, 4096);
  whole('the number of key heads', kvHeads, 4096);
  if (heads % kvHeads !== 0) refuse('the number of key heads', kvHeads, `a divisor of the ${heads} heads`);
  whole('the width of a head', headDim, 8192);
  whole('the feed-forward width', ffnWidth, widest);
  whole('the context', context, 2 ** 31 - 1);
  if (!(eps >= 0 && eps <= 1)) refuse('the norm’s epsilon', eps, 'a number from 0 to 1');
  for (const [what, value] of [
    ['the scale of the embedding', traits.embeddingScale],
    ['the scale of the residuals', traits.residualScale],
    ['the scale of the logits', traits.logitScale],
    ['the scale of attention', traits.attentionScale],
    ['the cap of attention', traits.attentionSoftcap],
    ['the cap of the logits', traits.logitSoftcap],
    ['the bound of queries and keys', traits.clip],
  ] as const)
    if (value != null && !(Math.abs(value) <= 1e6 && Math.abs(value) >= 1e-6)) refuse(what, value, 'a number of usual size');
  for (let i = 0; i < layers; i += 1) {
    const [window, reach] = [traits.window?.(i) ?? null, traits.convolution?.(i) ?? null];
    if (window !== null) whole('the sliding window', window, 2 ** 31 - 1);
    if (reach !== null) whole('the reach of a convolution', reach, 64);
  }
  if (traits.latent) checkLatent(traits.latent);
  if (traits.experts) checkExperts(traits.experts);
}

function checkLatent({ rank, plain, rotated, value }: Latent): void {
  whole('the latent rank', rank, widest);
  whole('the width of a head without positions', plain, 8192);
  whole('the rotated width of a head', rotated, 8192);
  whole('the width of a value', value, 8192);
}

function checkExperts({ count, chosen, width, shared, scale, groups }: Experts): void {
  whole('the number of experts', count, 4096);
  whole('the number of chosen experts', chosen, count);
  whole('the width of an expert', width, widest);
  if (shared !== 0) whole('the width of what experts share', shared, widest);
  if (!(scale > 0 && scale < 1e6)) refuse('the scale of experts', scale, 'a number above 0');
  if (groups === null) return;
  whole('the number of groups of experts', groups.count, count);
  if (count % groups.count !== 0) refuse('the number of groups of experts', groups.count, `a divisor of the ${count} experts`);
  whole('the number of groups kept', groups.kept, groups.count);
  if (groups.kept * (count / groups.count) < chosen) refuse('the number of groups kept', groups.kept, `enough for ${chosen} experts`);
}
