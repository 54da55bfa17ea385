/** Public benchmarks that suites read: where they come from and under which licence. Nothing of them is in this package. */
export interface Benchmark {
  readonly title: string;
  readonly licence: string;
  readonly cite: string;
  /** Official public repository. */
  readonly home: string;
  /** Files by their place under the benchmark's folder; `url` where it can be fetched file by file, `sha256` of the content without gzip. */
  readonly files: readonly { readonly path: string; readonly url: string; readonly sha256?: string }[];
}

const raw = (repository: string, commit: string, path: string) => `https://raw.githubusercontent.com/${repository}/${commit}/${path}`;
const from = (repository: string, commit: string, paths: readonly (readonly [path: string, source: string, sha256?: string])[]) =>
  paths.map(([path, source, sha256]) => ({ path, url: raw(repository, commit, source), ...(sha256 && { sha256 }) }));

const bbqCategories = [
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

export const benchmarks: Readonly<Record<string, Benchmark>> = {
  bbq: {
    title: 'BBQ: Bias Benchmark for QA',
    licence: 'CC BY 4.0',
    cite: 'Parrish et al. 2022, Findings of ACL, arXiv:2110.08193',
    home: 'https://github.com/nyu-mll/BBQ',
    files: from('nyu-mll/BBQ', 'bea11bd97d', [
      ...bbqCategories.map((name) => [`data/${name}.jsonl`, `data/${name}.jsonl`] as const),
      ['additional_metadata.csv', 'analysis_scripts/additional_metadata.csv'],
    ]),
  },
  'crows-pairs': {
    title: 'CrowS-Pairs',
    licence: 'CC BY-SA 4.0',
    cite: 'Nangia et al. 2020, EMNLP, arXiv:2010.00133',
    home: 'https://github.com/nyu-mll/crows-pairs',
    files: from('nyu-mll/crows-pairs', '8aaac11c48', [['crows_pairs_anonymized.csv', 'data/crows_pairs_anonymized.csv']]),
  },
  truthfulqa: {
    title: 'TruthfulQA',
    licence: 'Apache-2.0',
    cite: 'Lin et al. 2022, ACL, arXiv:2109.07958',
    home: 'https://github.com/sylinrl/TruthfulQA',
    files: from('sylinrl/TruthfulQA', 'main', [
      ['TruthfulQA.csv', 'TruthfulQA.csv'],
      ['mc_task.json', 'data/v0/mc_task.json'],
    ]),
  },
};
