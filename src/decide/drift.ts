/** How far one model's next-token distributions moved from another's. Pure. */
import type { Drift } from '../kit/comparison.ts';
import { meanOf } from '../kit/index.ts';
import type { Answer } from '../types.ts';

/** The likeliest next tokens of one model at one position, natural logarithms. */
export interface Next {
  readonly top: readonly string[];
  readonly logprobs: readonly number[];
}

/** A position of both models; `passage` is what positions are clustered by. */
export interface Position {
  readonly passage: number;
  readonly first: Next;
  readonly second: Next;
}

/** `next` answers as distributions; null where the answer has none. */
export function nextOf(answer: Answer): Next | null {
  const logprobs = answer.logprobs?.filter((v): v is number => v !== null) ?? [];
  return answer.top && answer.top.length > 0 && logprobs.length === answer.top.length ? { top: answer.top, logprobs } : null;
}

/**
 * KL(first ‖ second) in nats after all tokens that are not among the likeliest of both are put in one lump. Lumping can only lessen it (data
 * processing), so it is a lower bound, close where the lists hold nearly all mass.
 */
export function lumpedKl(first: Next, second: Next): number {
  const q = new Map(second.top.map((token, i) => [token, second.logprobs[i] as number]));
  let [kl, restP, restQ] = [0, 1, 1];
  first.top.forEach((token, i) => {
    const logQ = q.get(token);
    if (logQ === undefined) return;
    const logP = first.logprobs[i] as number;
    kl += Math.exp(logP) * (logP - logQ);
    restP -= Math.exp(logP);
    restQ -= Math.exp(logQ);
  });
  const least = 1e-9;
  [restP, restQ] = [Math.max(0, restP), Math.max(least, restQ)];
  if (restP > least) kl += restP * Math.log(restP / restQ);
  return Math.max(0, kl);
}

export interface DriftOptions {
  readonly top: number;
  readonly nats: readonly [number, number] | null;
}

/** Mean drift over positions, clustered by passage; null without positions. */
export function driftOf(positions: readonly Position[], { top, nats }: DriftOptions): Drift | null {
  const observed = (of: (position: Position) => number) =>
    positions.map((position) => ({ value: of(position), weight: 1, cluster: String(position.passage) }));
  const kl = meanOf(
    observed(({ first, second }) => lumpedKl(first, second)),
    { seed: 'kl', bounded: false },
  );
  const same = meanOf(
    observed(({ first, second }) => (first.top[0] === second.top[0] ? 1 : 0)),
    { seed: 'agreement', bounded: true },
  );
  if (!kl || !same) return null;
  return {
    kl: kl.value,
    klLow: Math.max(0, kl.interval?.low ?? 0),
    klHigh: kl.interval?.high ?? kl.value,
    agreement: same.value,
    agreementLow: same.interval?.low ?? 0,
    agreementHigh: same.interval?.high ?? 1,
    nats,
    positions: positions.length,
    top,
  };
}
