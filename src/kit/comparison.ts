/** What `plumbline compare` found: plain data that pages, Markdown and JSON are made from. Higher grade = more trustworthy, everywhere. */
import type { Dimension, DimensionProfile, Json } from '../types.ts';

/** A difference, second model minus first. Null ends: it has no interval. */
export interface Difference {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly method: string;
}

/** One side: a finished run. */
export interface ComparedRun {
  /** `A`, `B`, `C` … in the order given. */
  readonly letter: string;
  readonly name: string;
  /** Hash of the model's identity. */
  readonly hash: string;
  readonly protocol: string;
  readonly created: string;
  readonly profile: readonly DimensionProfile[];
  readonly cost: Costs;
}

/** Costs as far as the run knows them. */
export interface Costs {
  readonly fileBytes: number | null;
  readonly peakBytes: number | null;
  readonly loadMs: number | null;
  readonly firstTokenMs: number | null;
  readonly tokensInPerSecond: number | null;
  readonly tokensOutPerSecond: number | null;
}

/**
 * `worse` / `better`: shown after Holm's correction over all that was compared. `not worse`: the interval excludes a loss beyond the margin.
 * `undecided`: neither. `not able`: one side or both fail the control (`able` says which pass).
 */
export type Conclusion = 'worse' | 'better' | 'not worse' | 'undecided' | 'not able';

/** One item that changed sides: its grade under both models. */
export interface Flip {
  readonly item: string;
  readonly before: number;
  readonly after: number;
}

export interface SuiteDifference {
  /** Result id: `<dimension>/<name>` with `@<lang>` for other languages than English. */
  readonly id: string;
  readonly title: string;
  readonly dimension: Dimension;
  readonly lang: string;
  readonly metric: string;
  readonly metricTitle: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly says: string | null;
  readonly sensitive: boolean;
  /** Shown, and counted nowhere. */
  readonly diagnostic?: true;
  /** Items both answered and that could be told for both. */
  readonly n: number;
  readonly clusters: number;
  /** Ids asked of one side only, or that could not be told on one side. */
  readonly unpaired: number;
  /** The metric and its grade over the paired items, per side. */
  readonly before: { readonly value: number | null; readonly grade: number | null; readonly able: boolean };
  readonly after: { readonly value: number | null; readonly grade: number | null; readonly able: boolean };
  /** Of the grade. Null: nothing is paired. */
  readonly difference: Difference | null;
  /** Of the metric, in its unit. */
  readonly valueDifference: number | null;
  /** Two-sided p-value of "no difference", and Holm-adjusted over all suites of this pair. */
  readonly p: number | null;
  readonly adjusted: number | null;
  /** `McNemar, exact`, `permutation of 25 clusters` … */
  readonly test: string | null;
  readonly conclusion: Conclusion;
  /** Items whose grade crossed one half: to the worse and to the better, largest change first. */
  readonly flips: { readonly worse: readonly Flip[]; readonly better: readonly Flip[] };
  /** The smallest loss this many pairs show with power .8. */
  readonly detectable: number | null;
}

/** Next-token distributions on a fixed text of ours. */
export interface Drift {
  /** Mean KL(A ‖ B) in nats over the positions, from the `top` likeliest tokens of A with the rest in one lump: a lower bound. */
  readonly kl: number;
  readonly klLow: number;
  readonly klHigh: number;
  /** Share of positions where the likeliest token is the same. */
  readonly agreement: number;
  readonly agreementLow: number;
  readonly agreementHigh: number;
  /** Mean log-probability a token, per side; null where the tokenisers differ. */
  readonly nats: readonly [number, number] | null;
  readonly positions: number;
  readonly top: number;
}

/** One pair: the first run against another. */
export interface PairComparison {
  readonly before: string;
  readonly after: string;
  /** What differs in the models' identities and the runs' options: `field: a → b`. */
  readonly differs: readonly string[];
  /** What a reader must know before reading on. */
  readonly warnings: readonly string[];
  /** Suites that could not be paired, and why (other version, other items, missing). */
  readonly left: readonly { readonly id: string; readonly why: string }[];
  readonly suites: readonly SuiteDifference[];
  readonly dimensions: readonly { readonly dimension: Dimension; readonly difference: Difference | null; readonly suites: number }[];
  /** Quality beside trust: knowledge (reliability/facts) and the mean of the controls; null where not measured. */
  readonly quality: { readonly knowledge: Difference | null; readonly controls: Difference | null };
  readonly drift: Drift | null;
  readonly counts: Readonly<Record<Conclusion, number>>;
  /** One sentence for the top of a page. */
  readonly summary: string;
}

export interface Comparison {
  readonly format: 'plumbline-comparison/1';
  readonly margin: number;
  readonly level: number;
  readonly seed: number;
  readonly runs: readonly ComparedRun[];
  readonly pairs: readonly PairComparison[];
  readonly facts?: { readonly [key: string]: Json };
}
