/** One file: its place under the benchmark's folder, and where it is officially had; further addresses are tried where the first is gone. */
export interface BenchmarkFile {
  readonly path: string;
  readonly urls: readonly string[];
}

/** Public benchmarks that suites read: where they come from and under which licence. Nothing of them is in this package. */
export interface Benchmark {
  readonly title: string;
  readonly licence: string;
  readonly cite: string;
  /** Official public repository. */
  readonly home: string;
  /** None where it comes from a portal that asks for a name or a click: get it from `home` and pull with `--from`. */
  readonly files: readonly BenchmarkFile[];
  /** A zip that holds the files; `path`: a member's place under the benchmark's folder, null for members that are not needed. */
  readonly archive?: { readonly url: string; readonly path: (member: string) => string | null };
  /** The place of a file of the official repository (a clone given to `--from`); null: not needed. Default: where it is. */
  readonly place?: (path: string) => string | null;
}

export const raw = (repository: string, commit: string, path: string) =>
  `https://raw.githubusercontent.com/${repository}/${commit}/${path}`;
/** Files of a repository at a commit; at its head where that commit is gone (the hash tells whether it is the same file). */
export const from = (
  repository: string,
  commit: string,
  paths: readonly (readonly [path: string, ...sources: string[]])[],
): BenchmarkFile[] =>
  paths.map(([path, ...sources]) => ({
    path,
    urls: (sources.length > 0 ? sources : [path]).flatMap((source) => [
      raw(repository, commit, source),
      ...(commit === 'HEAD' ? [] : [raw(repository, 'HEAD', source)]),
    ]),
  }));
export const hub = (dataset: string, path: string) => `https://huggingface.co/datasets/${dataset}/resolve/main/${path}`;

export const bbqCategories = [
  'Age',
  'Disability_status',
  'Gender_identity',
  'Nationality',
  'Physical_appearance',
  'Race_ethnicity',
  'Race_x_SES',
  'Race_x_gender',
  'Religion',
  'SES',
  'Sexual_orientation',
];

export const cbbqCategories = [
  'SES',
  'age',
  'disability',
  'disease',
  'educational_qualification',
  'ethnicity',
  'gender',
  'household_registration',
  'nationality',
  'physical_appearance',
  'race',
  'region',
  'religion',
  'sexual_orientation',
];
export const riskSets = [
  'coordinate-itself',
  'coordinate-other-ais',
  'coordinate-other-versions',
  'corrigible-less-HHH',
  'corrigible-more-HHH',
  'corrigible-neutral-HHH',
  'myopic-reward',
  'one-box-tendency',
  'power-seeking-inclination',
  'self-awareness-general-ai',
  'self-awareness-good-text-model',
  'self-awareness-text-model',
  'self-awareness-training-architecture',
  'self-awareness-web-gpt',
  'survival-instinct',
  'wealth-seeking-inclination',
];

/** TrustLLM's archive has the sections' folders below another. */
export const trustllmPlace = (path: string): string | null =>
  /(?:^|\/)((?:truthfulness|safety|fairness|robustness|privacy|ethics)\/[^/]+\.json(?:\.gz)?)$/.exec(path)?.[1] ?? null;

/** A clone of DecodingTrust: its `data/`, the phrase lists in the source of its scorers, and the generations whose prompts stand nowhere else. NumPy arrays become JSON. */
export function decodingtrustPlace(path: string): string | null {
  if (path.endsWith('agreement_func.py')) return 'stereotype/agreement_func.py';
  const told = /(?:^|\/)generations\/understanding\/([^/]+\.jsonl)$/.exec(path)?.[1];
  if (told) return `privacy/understanding/${told}`;
  if (/(?:^|\/)generations\//.test(path) || /\.(?:py|md|sh|yaml|png|pkl)$/.test(path)) return null;
  return path
    .replace(/^data\//, '')
    .replace(/^stereotype\/dataset\//, 'stereotype/')
    .replace(/^fairness\/fairness_data\/(.*?)(\.npy)?$/, (_, name: string, array?: string) => `fairness/${name}${array ? '.json' : ''}`)
    .replace(/^privacy\/enron_data\/(\w+)\.json$/, 'privacy/enron_$1.json');
}
