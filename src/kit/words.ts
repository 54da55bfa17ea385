/** The words of the pages, English and Chinese; numbers as readers see them. */
import type { Dimension, Outcome } from '../types.ts';
import { zh } from './words-zh.ts';

export const en = {
  lang: 'en',
  robustness: 'Robustness',
  privacy: 'Privacy',
  reliability: 'Reliability',
  safety: 'Safety',
  fairness: 'Fairness',
  answered: 'answered',
  refused: 'refused',
  partial: 'partly refused',
  empty: 'empty',
  truncated: 'cut off',
  degenerate: 'looping',
  unparsed: 'unreadable',
  error: 'failed',
  trustProfile: 'Trust profile',
  scorecard: 'Scorecard',
  worst: '0 worst',
  best: '1 most trustworthy',
  able: 'able',
  ableIn: 'able in {able} of {of}',
  ableOf: '{able} of {of} able',
  notAble: 'not able',
  notAbleBecause: 'not able: does not pass the control ({control})',
  notAbleAll: 'Not able: the model does not do these tasks well enough to be judged on them ({of} of {of} below the control).',
  nothingTold: 'could not be told',
  notMeasured: 'not measured',
  emptyText: '(empty)',
  nothingYet: 'Nothing was measured.',
  weakest: 'weakest',
  between: '{low}–{high}',
  answersCount: '{n} answers',
  unclear: '{n} % unclear',
  items: 'items',
  clusters: 'clusters',
  skipped: 'skipped',
  grade: 'Grade',
  interval: '95 % interval',
  value: 'Value',
  unit: 'Unit',
  metric: 'Metric',
  group: 'Group',
  groups: 'By group',
  control: 'Control',
  chance: 'chance',
  floorMet: 'passes the control',
  floorNotMet: 'does not pass the control',
  floorNone: 'no control applies',
  controlSays: '{title}: {value} ({low}–{high}), chance {chance}, on {n}',
  unclearAnswers: 'Unclear answers',
  bounds: 'If every unclear answer were good {good}, if every one were bad {bad}.',
  readFigure: 'How to read the figures',
  legendDot: 'the grade, with its 95 % interval',
  legendMarks: 'its sub-dimensions',
  legendControl: 'how well the model does the task at all (the control)',
  legendChance: 'chance level of that control',
  legendHatch: 'not able: below the control, so no grade is given',
  legendHollow: 'hollow: not to be relied on (invalid or cut short)',
  legendText:
    'A grade runs from 0 (worst) to 1 (most trustworthy). The bar is the range that the true grade lies in with 95 % confidence. A dimension is the mean of its sub-dimensions that the model is able to do.',
  whatAsked: 'What is asked',
  limits: 'What it cannot tell',
  how: 'How it is counted',
  method: 'Interval by',
  source: 'Source',
  licence: 'Licence',
  version: 'version',
  outcomes: 'What became of the answers',
  readThese: 'Lowest-scoring items',
  noSamples: 'The answers are not at hand here: only the figures are shown.',
  noWorst: 'No item to read.',
  asked: 'asked',
  answeredBy: 'the model',
  system: 'system',
  user: 'user',
  assistant: 'assistant',
  options: 'options, log-probability',
  chosen: 'chosen',
  why: 'why',
  show: 'show',
  covered: 'Covered: this may be harmful or private.',
  more: '… and {n} more characters',
  noAnswer: 'no answer',
  detector: 'Detector',
  detectors: 'Measured error of the detectors',
  detectorSays: 'Finds {found} of {positives}; leaves clean {clean} of {negatives}.',
  bySource: 'source',
  sensitivity: 'sensitivity',
  specificity: 'specificity',
  trainedOn: 'Made from',
  measuredOn: 'Measured on',
  more_figures: 'Further figures',
  calibration: 'Calibration: how often it is right (up) at each confidence (across)',
  confidence: 'confidence',
  rightness: 'right',
  plane: 'Refusing what is harmful, answering what is not',
  planeX: 'answers harmless requests',
  planeY: 'does not comply with harmful ones',
  planeSays:
    'Answers harmless requests: {x}. Does not comply with harmful ones: {y}. The top right corner is best; always refusing is the top left.',
  cost: 'What it cost',
  model: 'The model',
  modelFacts: 'What the model is',
  device: 'The machine',
  repeat: 'Repeat it',
  repeatText: 'The same command on the same files gives the same results.',
  check: 'Check it',
  checkText: 'Scores the recorded answers again and compares.',
  hashes: 'Hashes',
  identity: 'Identity of the model',
  weights: 'Weights',
  itemsHash: 'Items asked',
  notTold: 'What could not be told',
  notToldNone: 'Every sub-dimension could be told.',
  isItGood: 'Is that good?',
  nothingComparable: 'Nothing comparable yet: no reference run shares these suites, versions and this protocol.',
  percentile: 'Higher than {below} of {of} reference models ({names}).',
  referenceOf: 'Reference runs, {protocol} protocol, same suite version and items',
  publicFigure: 'public figure, other protocol',
  figuresElsewhere: 'Published figures of other models (other prompts and formats: for orientation, never for ranking)',
  invalidBanner: 'INVALID',
  invalidText: 'Not a measurement: {n} of {of} suites.',
  invalidDo:
    'Read the answers of those suites. Often the wrong chat template, a too small answer budget or a broken conversion is the cause; mend it and run again.',
  partialBanner: 'Partial run',
  partialText: 'Only some items were asked (--limit, --only): intervals are wide, and gates and leaderboards refuse it.',
  incompleteBanner: 'Incomplete',
  incompleteText: '{n} answers are missing. The same command asks for just those.',
  failedBanner: 'Without a result',
  failedText: 'No result was written for: {names}.',
  templateBanner: 'No chat template',
  templateText: 'The model file names no chat template; conversations were written as a plain transcript.',
  noResults: 'This run has no results yet.',
  noResultsDo: 'Start or resume it:',
  made: 'made',
  suites: 'suites',
  preset: 'preset',
  seed: 'seed',
  light: 'light',
  dark: 'dark',
  theme: 'theme',
  skipTo: 'Skip to the profile',
  contents: 'Contents',
  comparison: 'Comparison',
  worse: 'worse',
  better: 'better',
  notWorse: 'no worse than {margin}',
  undecided: 'undecided',
  adjusted: 'p (Holm)',
  flipsSay: '{worse} to the worse, {better} back',
  pairsSay: '{n} items in both, {clusters} clusters',
  unpairedSay: '{n} not in both',
  detectableSay: 'shows a loss of {d} or more with power .8',
  pairHeading: '{after} against {before}',
  sameItems: 'same {n} items',
  holmOver: 'Holm over {n}',
  marginIs: 'margin {margin}',
  needTwo: 'A comparison needs two runs of the same suites:',
  knowledge: 'Knowledge',
  controls: 'What it can do at all (controls)',
  driftKl: 'KL divergence of next tokens',
  driftTop: 'Same likeliest token',
  tokensIn: 'tokens/s read',
  firstToken: 'First token',
  peakMemory: 'Peak memory',
  qualityBeside: 'Quality beside trust',
  notPaired: 'What could not be paired',
  identityDiffers: 'What differs between the two',
  trustQualityCost: 'Trust and cost of each',
  before: 'first',
  after: 'second',
  shiftLegend:
    'Right of zero is more trustworthy. The bar is the 95 % interval of the paired difference of grades; the dashed line is the margin. Vermilion and ▼: shown worse; blue and ▲: shown better; grey: no worse than the margin; hollow: undecided.',
  leaderboard: 'Leaderboard',
  rank: 'Rank',
  rankBy: 'Rank by',
  rankAll: 'all dimensions',
  rankText:
    'Ranks are intervals. A model stands before another only where it is surely better on the sub-dimensions both are able to do: in one dimension, and surely worse in none. Overlapping ranks are not ordered.',
  rankOne: 'One model so far: there is nothing to rank yet.',
  noModels: 'No finished run yet.',
  noModelsDo: 'plumbline run model.gguf -o runs/mine, then plumbline leaderboard runs/* -o site',
  modelName: 'Model',
  modelsCount: '{n} models',
  tokensOut: 'tokens/s',
  size: 'Size',
  sizeClass: 'Parameters',
  quantisation: 'Quantisation',
  kind: 'Kind',
  verified: 'Verified',
  verifiedText: 'Verified: scored again from its recording with equal results (plumbline verify).',
  filter: 'Find a model',
  unknown: 'unknown',
  frontier: 'Trust and size',
  frontierText: 'Across: size of the weights, logarithmic. Up: grade. The line joins the models that no smaller model beats.',
  keptApart: 'Kept apart',
  keptApartText: 'These runs are not ranked: what they were asked differs, or something is missing.',
  compareTwo: 'Compare two',
  compareWith: 'with',
  compareText:
    'Two independent runs side by side. A difference is called only where its 95 % interval excludes zero. For a paired comparison of the same items, plumbline compare is sharper.',
  compareNeeds: 'Choosing two models needs script. Every model has its own page in the table.',
  difference: 'Difference',
  surelyWorse: 'surely lower',
  surelyBetter: 'surely higher',
  notTellable: 'cannot be told apart',
  notShared: 'not both able',
  feeds: 'The same as data',
  columns: 'Costs are those of the machine of each run.',
  samples: 'All answers',
  history: 'Runs of this model',
  search: 'Search',
  searching: 'loading the texts …',
  searched: 'looks in the first {n} characters of each sample',
  suite: 'Suite',
  outcome: 'Outcome',
  all: 'all',
  gradeLow: 'below .5',
  gradeHigh: '.5 and above',
  gradeNone: 'without a grade',
  shownOf: '{n} of {of} samples',
  pickOne: 'Choose a sample to read it.',
  noneMatch: 'No sample matches.',
  linkTo: 'link to this sample',
  missingFiles: 'The files of this page are missing: keep the folder samples/ beside samples.html.',
  needsScript: 'Browsing all answers needs script. The lowest-scoring items of every suite can be read without it on the scorecard.',
  notFound: 'There is no sample called {name} here.',
  list: 'Samples',
  language: 'language',
  protocol_base: 'base model',
  protocol_instruct: 'instruct model',
  protocol_reasoning: 'reasoning model',
  bytes: 'bytes',
  footer: 'One file, no network: nothing on this page is fetched or sent.',
  yes: 'yes',
  no: 'no',
  none: 'none',
  judgeUsed: 'A judge model was used: {name}.',
  noJudge: 'No judge model was used.',
  overall: 'all',
  sub: 'Sub-dimension',
  dimension: 'Dimension',
  n: 'n',
  state: 'State',
};
export type Words = { readonly [K in keyof typeof en]: string };

/** Chinese for `zh`, `zh-CN` …; English for everything else. */
export function words(lang: string): Words {
  return /^zh\b/i.test(lang) ? zh : en;
}

/** Fills `{name}` places; unknown places stay as they are. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : place));
}

export const dimensionWord = (w: Words, dimension: Dimension): string => w[dimension];
export const outcomeWord = (w: Words, outcome: Outcome): string => w[outcome];

/** `.58`, `1.00`, `−.14`: two decimals without the leading zero, a true minus sign. `–` for null. */
export function short(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const text = Math.abs(value)
    .toFixed(digits)
    .replace(/^0(?=\.)/, '');
  return Number(text) !== 0 && value < 0 ? `\u2212${text}` : text;
}

/** A metric's value in its own unit: shares as `31 of 100`, others with what precision they bear. */
export function inUnit(value: number | null, unit: string): string {
  if (value === null) return '–';
  if (unit === 'share') return `${Math.round(value * 100)} of 100`;
  return Math.abs(value) >= 100 ? count(Math.round(value)) : short(value, Math.abs(value) >= 10 ? 1 : 2);
}

/** `24–39` for shares (of 100), `.24–.39` for the rest. */
export function intervalText(low: number, high: number, unit: string): string {
  if (unit === 'share') return `${Math.round(low * 100)}–${Math.round(high * 100)}`;
  const [a, b] = [inUnit(low, unit), inUnit(high, unit)];
  return b.startsWith('\u2212') || a.startsWith('\u2212') ? `${a} … ${b}` : `${a}–${b}`;
}

/** 4812 → `4,812`. */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** A percentage that never rounds a little to nothing: `0.3`, `< 0.1`, `12`. */
export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0';
  const p = (part / whole) * 100;
  return p < 0.1 ? '< 0.1' : p < 10 ? p.toFixed(1) : String(Math.round(p));
}

/** 98123456 → `98 MB` (decimal units, as models are advertised). */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const at = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const scaled = bytes / 1000 ** at;
  return `${scaled >= 100 || at === 0 ? Math.round(scaled) : Number(scaled.toPrecision(2))} ${units[at]}`;
}

/** 134500000 → `134.5 M`. */
export function manyText(n: number): string {
  if (n >= 1e9) return `${Number((n / 1e9).toFixed(2))} B`;
  if (n >= 1e6) return `${Number((n / 1e6).toFixed(1))} M`;
  return count(Math.round(n));
}

/** The day of an ISO time, as it stands there. */
export const dayOf = (iso: string): string => (/^\d{4}-\d{2}-\d{2}/.test(iso) ? iso.slice(0, 10) : iso);
