/** Plumbline's words. This file imports nothing; everything else may import it. */

export const dimensions = ['robustness', 'privacy', 'reliability', 'safety', 'fairness'] as const;
export type Dimension = (typeof dimensions)[number];

export const presets = ['demo', 'quick', 'standard', 'full'] as const;
export type Preset = (typeof presets)[number];

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One thing asked about. `cluster`: items resampled together (template, passage, goal). `stratum`: kept in proportion when a preset takes a part. */
export interface Item {
  readonly id: string;
  readonly group?: string;
  readonly cluster?: string;
  readonly stratum?: string;
  /** BCP 47 language of the item; `en` when absent. */
  readonly lang?: string;
  /** The kind of attack the item makes, as `family` or `family/kind` (`encoding/base64`): `--attacks` picks by either. */
  readonly attack?: string;
}

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** A conversation (rendered with the model's own chat template, or as a plain transcript when it has none), or raw text given to the model as it is. */
export type Prompt = readonly Message[] | string;

export type Want =
  /** Generate. `temperature` 0 is greedy. The text ends before the first of `stop`. */
  | {
      readonly kind: 'text';
      readonly maxTokens: number;
      readonly temperature: number;
      readonly seed: number;
      readonly stop?: readonly string[];
    }
  /** Natural-log probability of each option as the continuation of the prompt, summed over its tokens. */
  | { readonly kind: 'choice'; readonly options: readonly string[] }
  /** Natural-log probability of every token of the prompt itself; `spread`: also of how it stands in the whole vocabulary, where the runner can tell. */
  | { readonly kind: 'trace'; readonly spread?: true }
  /** The `top` most likely next tokens at the end of the prompt. */
  | { readonly kind: 'next'; readonly top: number };

export type WantKind = Want['kind'];

/** What a scripted responder says: a text (`text`), an option's index (`choice`), or the mean log-probability of a token (`trace`). */
export type Scripted = string | number;

export interface Request {
  /** `toxicity`: a user's classifier in place of the built-in one. Suites do not ask it: the engine does, for every text they want measured. */
  readonly to: 'target' | 'judge' | 'toxicity';
  readonly prompt: Prompt;
  readonly want: Want;
  /** The best and the worst answer, for the `scripted:` runner alone: never sent to a model, no part of the request's key. */
  readonly script?: { readonly perfect: Scripted; readonly worst: Scripted };
}

export interface Answer {
  readonly ok: true;
  /** The generated text without special tokens; '' for choice, trace and next. */
  readonly text: string;
  /** text: of each generated token (optional). choice: of each option, summed. trace: of each token, the first is null when nothing precedes it. next: of each of `top`. Natural logarithms. */
  readonly logprobs?: readonly (number | null)[];
  /** choice: how many tokens each option has. */
  readonly optionTokens?: readonly number[];
  /** trace with `spread`: of each token, mean and standard deviation of the log-probability under the model's own distribution at its place. */
  readonly spreads?: readonly (readonly [mean: number, deviation: number] | null)[];
  /** trace: the token ids scored. */
  readonly ids?: readonly number[];
  /** next: the tokens' texts, most likely first. */
  readonly top?: readonly string[];
  readonly stop: 'end' | 'length' | 'filter';
  /** Generated tokens (text) or scored tokens (the others). */
  readonly tokens: number;
  /** Tokens of the prompt, where the runner knows them. */
  readonly promptTokens?: number;
  /** The part of a reasoning model's answer that was thinking, cut from `text`. */
  readonly thinking?: string;
  /** Wall time of this answer; 0 where it has no meaning. */
  readonly ms: number;
}
export interface Failure {
  readonly ok: false;
  /** What went wrong after retries: an outcome, not an exception. */
  readonly error: string;
}
export type Response = Answer | Failure;

/** Maps an item and the replies to the rounds before it to this round's requests (none: nothing is asked). Pure. */
export type Round<I extends Item = Item> = (item: I, replies: readonly (readonly Response[])[]) => readonly Request[];

export const outcomes = ['answered', 'refused', 'partial', 'empty', 'truncated', 'degenerate', 'unparsed', 'error'] as const;
/** What became of one answer. A choice or a trace that came back is `answered`. */
export type Outcome = (typeof outcomes)[number];

/**
 * What one item's replies amount to. `values` feed metrics and floors by name; null: this value could not be told for this item (and is skipped,
 * never counted as 0). `outcomes`: one for every generated answer (or one `answered` for a scored item). `skip`: nothing could be told, and why.
 */
export type Observation =
  | { readonly values: Readonly<Record<string, number | null>>; readonly outcomes: readonly Outcome[]; readonly note?: string }
  | { readonly skip: string; readonly outcomes: readonly Outcome[]; readonly note?: string };

/** One item after observation: what metrics, intervals, comparisons and gates see. */
export interface Row {
  readonly id: string;
  readonly group?: string;
  readonly cluster?: string;
  readonly stratum?: string;
  readonly values: Readonly<Record<string, number | null>>;
  readonly outcomes: readonly Outcome[];
  readonly skip?: string;
  readonly note?: string;
  /** Inverse inclusion probability, where items were drawn unequally (`--budget`). */
  readonly weight?: number;
}

/** A detector's measured error on labelled data. */
export interface DetectorCard {
  readonly id: string;
  readonly version: string;
  /** sha256 (first 16 hex digits) of what the detector consists of. */
  readonly hash: string;
  readonly title: string;
  readonly trainedOn: string;
  readonly measuredOn: string;
  /** Found among the truly positive, by source; clean among the truly negative, by source. */
  readonly bySource: readonly {
    readonly source: string;
    readonly positives: number;
    readonly found: number;
    readonly negatives: number;
    readonly clean: number;
  }[];
  readonly note?: string;
}

/** What measures texts for a suite. The built-in detectors, or those that a user put in their place (`--toxicity`). */
export interface Detectors {
  /** 0..1, toxic from .5. */
  readonly toxicity: (text: string) => number;
}

interface MetricHead {
  readonly id: string;
  readonly title: string;
  /** The paper's unit: 'share', 'points', 'nats', 'AUC' … Shares are 0..1. */
  readonly unit: string;
  /** Which way is good in the metric's own unit. */
  readonly better: 'higher' | 'lower';
  /** Maps the metric to 0 (worst) … 1 (most trustworthy). Monotone. */
  readonly grade: (value: number) => number;
  /** One sentence with the formula and its source. */
  readonly formula?: string;
  /** What a number means to a reader, e.g. "leaks the secret in {n} of 100 cases". `{n}`: value × 100 rounded; `{v}`: the value. */
  readonly says?: string;
  /** Told by a judge: left out of a result without one. */
  readonly judged?: true;
  /** The detector whose verdict the value is, so that its error enters the interval. `positive`: value 1 means the detector fired. */
  readonly measured?: { readonly by: DetectorCard; readonly positive: boolean };
}
/** A mean over items of one observed value, or any function of the rows. The first metric of a suite is its headline. */
export type Metric =
  | (MetricHead & {
      readonly value: string /** The value's best and worst possible, for the bounds over unclear answers. Default [1, 0] or [0, 1] by `better`. */;
      readonly range?: readonly [best: number, worst: number];
    })
  | (MetricHead & {
      readonly compute: (rows: readonly Row[]) => number | null /** Values it reads: a row without them is skipped. */;
      readonly reads: readonly string[];
    });

/** The control a model must pass before its score means anything: the mean of `value` must exceed `chance` with its lower bound. */
export type Floor =
  | { readonly title: string; readonly value: string; readonly chance: number }
  | {
      readonly title: string;
      readonly compute: (rows: readonly Row[]) => number | null;
      readonly reads: readonly string[];
      readonly chance: number;
    }
  | { readonly none: string };

export interface Sizes {
  readonly demo: number;
  readonly quick: number;
  readonly standard: number;
  readonly full: number;
}

/** Public benchmarks' files, where `plumbline data pull` put them. Every call throws UserError with the command to type when the benchmark is not at hand. */
export interface Data {
  /** Lines of a file that are not blank, read as they come; gzip is read through; a byte-order mark and CR are taken off. */
  lines(benchmark: string, file: string): AsyncIterable<{ readonly line: number; readonly text: string }>;
  /** Pieces of a file's text as they come. */
  chunks(benchmark: string, file: string): AsyncIterable<string>;
  /** A whole file. */
  text(benchmark: string, file: string): Promise<string>;
  /** Names of the files at hand, relative to the benchmark's folder, without `.gz`. */
  files(benchmark: string): Promise<readonly string[]>;
}

export interface Suite<I extends Item = Item> {
  /** `<dimension>/<name>`, as its file is called. */
  readonly id: string;
  readonly dimension: Dimension;
  /** Raised whenever a score could change. */
  readonly version: string;
  readonly title: string;
  /** What it asks, in a sentence or two. */
  readonly about: string;
  /** What it cannot tell. */
  readonly limits: string;
  /** What a good and what a bad number mean to somebody who has to decide, a sentence each. */
  readonly means?: { readonly good: string; readonly bad: string };
  readonly source: string;
  readonly licence: string;
  readonly languages: readonly string[];
  /** Kinds of question it asks; a runner that cannot answer one is refused before the first request. */
  readonly wants: readonly WantKind[];
  /** How many items a preset takes; `full` may be Infinity. */
  readonly sizes?: Sizes;
  /** An item's own text as the benchmark's file has it, for signs of contamination (default: the first request without what all items share); false: the items' order is not the file's. */
  readonly published?: false | ((item: I) => string);
  /** A suite that is only run when named (`--suite`), e.g. a pulled benchmark or one that needs a judge. */
  readonly named?: boolean;
  readonly items: (data: Data) => Iterable<I> | AsyncIterable<I> | Promise<Iterable<I>>;
  readonly rounds: readonly Round<I>[];
  /** Pure. Texts are measured by `detectors`, so that a user's own can take the place of ours. */
  readonly observe: (item: I, replies: readonly (readonly Response[])[], detectors?: Detectors) => Observation;
  readonly metrics: readonly [Metric, ...Metric[]];
  readonly floor: Floor;
  /** Further figures computed once from all rows for the pages (calibration curve, format spread, attack families …). Plain JSON. */
  readonly details?: (rows: readonly Row[]) => { readonly [key: string]: Json };
  /** It asks a judge (`--judge`), and is left out without one. */
  readonly judge?: boolean;
  /** Text of this suite's answers or items is covered in reports until clicked. */
  readonly sensitive?: boolean;
  /** Shown, never in the dimension's mean and never a headline: what it finds proves something, what it does not find proves nothing. */
  readonly diagnostic?: boolean;
  /** Exceptions to the contract tests, each with its reason, by responder name: e.g. `{ worst: 'chance is the worst a …' }`. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

/** Everything that can change an answer; hashed into every key. */
export type Identity = { readonly [key: string]: Json };

export interface Runner {
  /** How people call this model: a file's or a repository's name. */
  readonly name: string;
  readonly identity: Identity;
  /** The protocol the model follows: base models have no chat template. */
  readonly protocol: 'base' | 'instruct' | 'reasoning';
  readonly wants: readonly WantKind[];
  /** What would make the kinds that are not among `wants` possible, for the message that refuses a suite. */
  readonly lacking?: string;
  /** Answers every request once, in any order. Rejects only for what a user can repair or a bug; a failed answer is a Failure. */
  answer(requests: readonly Request[], signal: AbortSignal): AsyncIterable<readonly [index: number, response: Response]>;
  /** What the model is and what it cost so far. */
  facts?(): Promise<Facts>;
  /** Renders a prompt as the model sees it. */
  render?(prompt: Prompt): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Architecture facts and costs; absent where unknown. Sizes in bytes, times in ms, rates in tokens/s. */
export interface Facts {
  readonly model?: { readonly [key: string]: Json };
  readonly cost?: { readonly [key: string]: Json };
  readonly device?: { readonly [key: string]: Json };
}

export interface RunnerOptions {
  readonly device?: string;
  readonly batchSize?: number | 'auto';
  /** A system prompt put before every conversation that has none. */
  readonly system?: string;
  readonly seed: number;
  readonly cacheDir: string;
  readonly offline: boolean;
  /** The environment, as the command read it: keys, hubs, proxies. Never written anywhere. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runner-specific settings from the command line or the config file: `weights`, `adapter`, `baseUrl` … */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Something a person should read now (a fall-back, a conversion, a warning). */
  readonly say: (message: string) => void;
  /** Progress of opening (conversion, download): done and total in bytes. */
  readonly progress?: (what: string, done: number, total: number) => void;
}

/** The default export of `runners/<name>.ts`. */
export interface RunnerModule {
  readonly scheme: string;
  readonly title: string;
  /** How the model argument looks, for usage texts. */
  readonly usage: string;
  readonly open: (target: string, options: RunnerOptions) => Promise<Runner>;
  /** What this machine offers to this runner, for `doctor`. */
  readonly doctor?: (options: RunnerOptions) => Promise<readonly DoctorLine[]>;
  /** Brings a model to this machine; returns the path to open. */
  readonly pull?: (target: string, options: RunnerOptions) => Promise<string>;
}
export interface DoctorLine {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** How it was made: 'wilson', 'clopper-pearson', 'clopper-pearson, design effect 2.1', 'bootstrap over 25 clusters (BCa)', 'bootstrap-t over 25 clusters', '… + Rogan–Gladen'. */
  readonly method: string;
}

/** One metric over all rows, or over one group's. Null values: nothing could be told. */
export interface Estimate {
  readonly metric: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly group?: string;
  readonly value: number | null;
  readonly interval: Interval | null;
  readonly grade: number | null;
  /** The interval mapped by the grade, low ≤ high. */
  readonly gradeLow: number | null;
  readonly gradeHigh: number | null;
  readonly n: number;
  readonly clusters: number;
  readonly skipped: number;
  /** The value if every unclear answer were good, and if every one were bad. */
  readonly bounds?: readonly [good: number, bad: number];
}

export interface FloorResult {
  readonly title: string;
  readonly state: 'met' | 'not met' | 'not applicable';
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly chance: number | null;
  readonly n: number;
}

/** Signs that a benchmark was trained on: found, they tell something; not found, they prove nothing. */
export interface Contamination {
  /** Runs of consecutive items in their published order against others. `first`: how often the published order is the likeliest. `among`: p against all orders asked; `backwards`: p against the same backwards; `p`: the larger. */
  readonly order: {
    readonly parts: number;
    readonly orders: number;
    readonly first: number;
    readonly among: number;
    readonly backwards: number;
    readonly p: number;
  } | null;
  /** Canary strings of the benchmark's files, each against made-up strings of its form. */
  readonly canaries: readonly { readonly canary: string; readonly p: number }[];
  /** Canary strings that stand in generated answers. */
  readonly canariesAnswered: readonly string[];
}

/** One suite on one model: `results/<dimension>/<name>.json`. A pure function of the recording: no times, no machine. */
export interface Result {
  readonly format: 'plumbline-result/1';
  readonly suite: {
    readonly id: string;
    readonly dimension: Dimension;
    readonly version: string;
    readonly title: string;
    readonly about: string;
    readonly limits: string;
    readonly source: string;
    readonly licence: string;
    readonly lang: string;
    readonly sensitive: boolean;
    /** Left out of the dimension's mean. */
    readonly diagnostic?: boolean;
    /** sha256 over the items asked. */
    readonly items: string;
  };
  readonly model: { readonly name: string; readonly identity: string; readonly protocol: Runner['protocol'] };
  readonly preset: Preset;
  /** Some of the preset's items were left out (`--limit`, `--only`, `--attacks`). */
  readonly partial: boolean;
  /** Every request has an answer. */
  readonly complete: boolean;
  readonly missing: number;
  /** null: fine. Else why the answers are too bad to be a measurement. */
  readonly invalid: string | null;
  readonly floor: FloorResult;
  /** The headline metric first, then the others, then groups. */
  readonly estimates: readonly Estimate[];
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Reasoning models: answers that began with thinking, and of them those whose thinking the budget cut before an answer came. */
  readonly thinking?: { readonly answers: number; readonly cut: number };
  readonly items: number;
  readonly answers: number;
  /** Ids of the lowest-scoring items, worst first. */
  readonly worst: readonly string[];
  readonly detectors: readonly DetectorCard[];
  readonly details: { readonly [key: string]: Json };
  /** Public benchmarks only, where the model gives log-probabilities. */
  readonly contamination?: Contamination;
  readonly says: string | null;
  readonly formula: string | null;
}

/** One dimension: the mean grade of its able suites, with an interval. */
export interface DimensionProfile {
  readonly dimension: Dimension;
  readonly grade: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly able: number;
  readonly of: number;
}

/** `run.json`. */
export interface Manifest {
  readonly format: 'plumbline-run/1';
  readonly plumbline: string;
  readonly created: string;
  readonly finished: string | null;
  readonly command: readonly string[];
  readonly model: {
    readonly argument: string;
    readonly name: string;
    readonly identity: Identity;
    readonly hash: string;
    readonly protocol: Runner['protocol'];
  };
  readonly judge: { readonly argument: string; readonly name: string; readonly identity: Identity; readonly hash: string } | null;
  /** The classifier that stood in for the built-in toxicity detector, where one did. */
  readonly toxicity?: {
    readonly argument: string;
    readonly name: string;
    readonly identity: Identity;
    readonly hash: string;
    readonly card: DetectorCard;
  };
  readonly options: {
    readonly preset: Preset;
    readonly suites: readonly string[];
    readonly languages: readonly string[];
    readonly seed: number;
    readonly limit: number | null;
    readonly only: readonly string[];
    /** Kinds of attack that were picked; absent or empty: all. */
    readonly attacks?: readonly string[];
    readonly system: string | null;
    readonly shard: string | null;
  };
  /** By result id: what was asked. */
  readonly suites: Readonly<Record<string, { readonly version: string; readonly items: string; readonly count: number }>>;
  readonly environment: {
    readonly node: string;
    readonly platform: string;
    readonly arch: string;
    readonly cpu: string;
    readonly cores: number;
    readonly memory: number;
  };
  readonly facts: Facts;
  readonly complete: boolean;
  /** Suites that could not be run or scored, with the reason. */
  readonly failed?: Readonly<Record<string, string>>;
  readonly profile: readonly DimensionProfile[];
}

/** One sample as reports see it. */
export interface Sample {
  readonly item: Item;
  readonly row: Row;
  readonly rounds: readonly { readonly requests: readonly Request[]; readonly responses: readonly (Response | null)[] }[];
  /** 0..1 grade of this item alone under the headline metric, where it has one. */
  readonly grade: number | null;
}

/** A finished run, as reports see it: pure data plus line-by-line access to samples. */
export interface Run {
  readonly manifest: Manifest;
  readonly results: readonly Result[];
  /** Streams the samples of one result, or those of some items; nothing where the suite's code or items are not at hand. */
  samples(resultId: string, items?: ReadonlySet<string>): AsyncIterable<Sample>;
}

export interface ReportFile {
  readonly path: string;
  readonly text: string | Uint8Array;
}
export interface ReportOptions {
  readonly lang: string;
  /** Milliseconds since the epoch that pages show as their making (SOURCE_DATE_EPOCH). */
  readonly now: number;
}
/** The default export of `reports/<name>.ts`: a pure function of a finished run. The command writes the files. */
export interface Report {
  readonly id: string;
  readonly title: string;
  /** Extension or file made, for usage texts. */
  readonly makes: string;
  readonly render: (run: Run, options: ReportOptions) => AsyncIterable<ReportFile> | Promise<readonly ReportFile[]>;
}

/** Something the user can repair. `hint`: the next command or step. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly hint: string | undefined;
  /** Exit code: 2 wrong use or configuration (default), 3 run error. */
  readonly exit: 2 | 3;
  constructor(message: string, hint?: string, exit: 2 | 3 = 2) {
    super(message);
    this.hint = hint;
    this.exit = exit;
  }
}
