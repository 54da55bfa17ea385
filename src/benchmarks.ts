import { benchmarkHashes } from './benchmark-hashes.ts';

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

/** sha256 of a file's content without gzip, where the official one is known. */
export const pinnedHash = (benchmark: string, path: string): string | undefined => benchmarkHashes[benchmark]?.[path];

const raw = (repository: string, commit: string, path: string) => `https://raw.githubusercontent.com/${repository}/${commit}/${path}`;
/** Files of a repository at a commit; at its head where that commit is gone (the hash tells whether it is the same file). */
const from = (repository: string, commit: string, paths: readonly (readonly [path: string, ...sources: string[]])[]): BenchmarkFile[] =>
  paths.map(([path, ...sources]) => ({
    path,
    urls: (sources.length > 0 ? sources : [path]).flatMap((source) => [
      raw(repository, commit, source),
      ...(commit === 'HEAD' ? [] : [raw(repository, 'HEAD', source)]),
    ]),
  }));
const hub = (dataset: string, path: string) => `https://huggingface.co/datasets/${dataset}/resolve/main/${path}`;

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

const cbbqCategories = [
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
const riskSets = [
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
const trustllmPlace = (path: string): string | null =>
  /(?:^|\/)((?:truthfulness|safety|fairness|robustness|privacy|ethics)\/[^/]+\.json(?:\.gz)?)$/.exec(path)?.[1] ?? null;

/** A clone of DecodingTrust: its `data/`, and the phrase lists in the source of its scorers. NumPy arrays become JSON. */
function decodingtrustPlace(path: string): string | null {
  if (/(?:^|\/)(?:agreement_func|privacy_evaluation|understanding|utils)\.py$/.test(path))
    return path.endsWith('agreement_func.py') ? 'stereotype/agreement_func.py' : null;
  if (/(?:^|\/)generations\//.test(path) || /\.(?:py|md|sh|yaml|png|pkl)$/.test(path)) return null;
  return path
    .replace(/^data\//, '')
    .replace(/^stereotype\/dataset\//, 'stereotype/')
    .replace(/^fairness\/fairness_data\/(.*?)(\.npy)?$/, (_, name: string, array?: string) => `fairness/${name}${array ? '.json' : ''}`)
    .replace(/^privacy\/enron_data\/(\w+)\.json$/, 'privacy/enron_$1.json');
}

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
    files: from('sylinrl/TruthfulQA', 'HEAD', [
      ['TruthfulQA.csv', 'TruthfulQA.csv'],
      ['mc_task.json', 'data/v0/mc_task.json', 'data/mc_task.json'],
    ]),
  },
  trustllm: {
    title: 'TrustLLM',
    licence: 'MIT',
    cite: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561',
    home: 'https://github.com/HowieHwong/TrustLLM',
    files: [],
    archive: { url: raw('HowieHwong/TrustLLM', '4b864211f3', 'dataset/dataset.zip'), path: trustllmPlace },
    place: trustllmPlace,
  },
  stereoset: {
    title: 'StereoSet',
    licence: 'CC BY-SA 4.0',
    cite: 'Nadeem et al. 2021, ACL, arXiv:2004.09456',
    home: 'https://github.com/moinnadeem/StereoSet',
    files: from('moinnadeem/StereoSet', 'ead7d086a6', [['dev.json', 'data/dev.json']]),
    place: (path) => (path === 'data/dev.json' ? 'dev.json' : path),
  },
  xstest: {
    title: 'XSTest',
    licence: 'CC BY 4.0',
    cite: 'Röttger et al. 2024, NAACL, arXiv:2308.01263',
    home: 'https://github.com/paul-rottger/exaggerated-safety',
    files: from('paul-rottger/exaggerated-safety', 'd7bb5bd738', [['xstest_prompts.csv', 'xstest_prompts.csv']]),
  },
  winobias: {
    title: 'WinoBias',
    licence: 'MIT',
    cite: 'Zhao et al. 2018, NAACL, arXiv:1804.06876',
    home: 'https://github.com/uclanlp/corefBias',
    files: from('uclanlp/corefBias', '0bce984dd0', [
      ['pro_stereotyped_type1.txt.dev', 'WinoBias/wino/data/pro_stereotyped_type1.txt.dev'],
      ['pro_stereotyped_type1.txt.test', 'WinoBias/wino/data/pro_stereotyped_type1.txt.test'],
      ['pro_stereotyped_type2.txt.dev', 'WinoBias/wino/data/pro_stereotyped_type2.txt.dev'],
      ['pro_stereotyped_type2.txt.test', 'WinoBias/wino/data/pro_stereotyped_type2.txt.test'],
      ['anti_stereotyped_type1.txt.dev', 'WinoBias/wino/data/anti_stereotyped_type1.txt.dev'],
      ['anti_stereotyped_type1.txt.test', 'WinoBias/wino/data/anti_stereotyped_type1.txt.test'],
      ['anti_stereotyped_type2.txt.dev', 'WinoBias/wino/data/anti_stereotyped_type2.txt.dev'],
      ['anti_stereotyped_type2.txt.test', 'WinoBias/wino/data/anti_stereotyped_type2.txt.test'],
      ['male_occupations.txt', 'WinoBias/wino/data/male_occupations.txt'],
      ['female_occupations.txt', 'WinoBias/wino/data/female_occupations.txt'],
    ]),
  },
  winogender: {
    title: 'Winogender schemas',
    licence: 'MIT',
    cite: 'Rudinger et al. 2018, NAACL, arXiv:1804.09301',
    home: 'https://github.com/rudinger/winogender-schemas',
    files: from('rudinger/winogender-schemas', '1c7f8b481a', [
      ['all_sentences.tsv', 'data/all_sentences.tsv'],
      ['templates.tsv', 'data/templates.tsv'],
      ['occupations-stats.tsv', 'data/occupations-stats.tsv'],
    ]),
  },
  bold: {
    title: 'BOLD',
    licence: 'CC BY-SA 4.0',
    cite: 'Dhamala et al. 2021, FAccT, arXiv:2101.11718',
    home: 'https://github.com/amazon-science/bold',
    files: from('amazon-science/bold', '3ad652c773', [
      ['prompts/gender_prompt.json', 'prompts/gender_prompt.json'],
      ['prompts/political_ideology_prompt.json', 'prompts/political_ideology_prompt.json'],
      ['prompts/profession_prompt.json', 'prompts/profession_prompt.json'],
      ['prompts/race_prompt.json', 'prompts/race_prompt.json'],
      ['prompts/religious_ideology_prompt.json', 'prompts/religious_ideology_prompt.json'],
    ]),
  },
  holisticbias: {
    title: 'HolisticBias',
    licence: 'MIT',
    cite: 'Smith et al. 2022, EMNLP, arXiv:2205.09209',
    home: 'https://github.com/facebookresearch/ResponsibleNLP',
    files: from('facebookresearch/ResponsibleNLP', '0ec714eb08', [
      ['v1.1/descriptors.json', 'holistic_bias/dataset/v1.1/descriptors.json'],
      ['v1.1/nouns.json', 'holistic_bias/dataset/v1.1/nouns.json'],
      ['v1.1/sentence_templates.json', 'holistic_bias/dataset/v1.1/sentence_templates.json'],
      ['v1.1/standalone_noun_phrases.json', 'holistic_bias/dataset/v1.1/standalone_noun_phrases.json'],
    ]),
  },
  cbbq: {
    title: 'CBBQ',
    licence: 'CC BY-SA 4.0',
    cite: 'Huang and Xiong 2023, arXiv:2306.16244',
    home: 'https://github.com/YFHuangxxxx/CBBQ',
    files: from(
      'YFHuangxxxx/CBBQ',
      '95eaf2eeaa0b936f3e97e3424f134e9d7655da98',
      cbbqCategories.flatMap((category) =>
        ['ambiguous', 'disambiguous'].map(
          (kind) => [`${category}.${kind}.json`, `data/${category}/${kind}/${kind}.json`, `${category}/${kind}/${kind}.json`] as const,
        ),
      ),
    ),
    place: (path) => path.replace(/^(?:data\/)?([^/]+)\/((?:dis)?ambiguous)\/\2\.json$/, '$1.$2.json'),
  },
  decodingtrust: {
    title: 'DecodingTrust',
    licence: 'CC BY-SA 4.0',
    cite: 'Wang et al. 2023, NeurIPS, arXiv:2306.11698',
    home: 'https://github.com/AI-secure/DecodingTrust',
    files: [],
    place: decodingtrustPlace,
  },
  confaide: {
    title: 'ConfAIde',
    licence: 'MIT',
    cite: 'Mireshghallah et al. 2023, ICLR 2024, arXiv:2310.17884',
    home: 'https://github.com/skywalker023/confAIde',
    files: from('skywalker023/confAIde', '3174c63e68', [
      ['tier_1.txt', 'benchmark/tier_1.txt'],
      ['tier_1_labels.txt', 'benchmark/tier_1_labels.txt'],
      ['tier_2_labels.txt', 'benchmark/tier_2_labels.txt'],
      ['tier_2a.txt', 'benchmark/tier_2a.txt'],
      ['tier_2b.txt', 'benchmark/tier_2b.txt'],
      ['tier_3.txt', 'benchmark/tier_3.txt'],
      ['tier_3_control.txt', 'benchmark/tier_3_control.txt'],
      ['tier_4.txt', 'benchmark/tier_4.txt'],
    ]),
  },
  advglue: {
    title: 'AdvGLUE',
    licence: 'CC BY-SA 4.0',
    cite: 'Wang et al. 2021, NeurIPS D&B, arXiv:2111.02840',
    home: 'https://github.com/AI-secure/adversarial-glue',
    files: from('AI-secure/adversarial-glue', '2e18301c3e6b0fed775834d64e9e431745df92ed', [['dev.json']]),
  },
  promptbench: {
    title: 'PromptBench',
    licence: 'MIT',
    cite: 'Zhu et al. 2023, arXiv:2306.04528',
    home: 'https://github.com/microsoft/promptbench',
    files: from(
      'microsoft/promptbench',
      'fcda538bd7',
      ['chatgpt_zeroshot.md', 'chatgpt_fewshot.md', 't5_zeroshot.md', 't5_fewshot.md'].map(
        (name) => [name, `promptbench/prompts/adv_prompts/${name}`, `promptbench/adv_prompts/${name}`, `adv_prompts/${name}`] as const,
      ),
    ),
    place: (path) => path.replace(/^.*adv_prompts\//, ''),
  },
  halueval: {
    title: 'HaluEval',
    licence: 'MIT',
    cite: 'Li et al. 2023, EMNLP, arXiv:2305.11747',
    home: 'https://github.com/RUCAIBox/HaluEval',
    files: from('RUCAIBox/HaluEval', 'b7253db3cd', [
      ...['qa', 'dialogue', 'general', 'summarization'].map((task) => [`${task}_data.jsonl`, `data/${task}_data.json`] as const),
      ...['qa', 'dialogue', 'summarization'].map(
        (task) => [`${task}_evaluation_instruction.txt`, `evaluation/${task}/${task}_evaluation_instruction.txt`] as const,
      ),
    ]),
    place: (path) => path.replace(/^data\/(\w+_data)\.json$/, '$1.jsonl').replace(/^evaluation\/\w+\//, ''),
  },
  halluqa: {
    title: 'HalluQA',
    licence: 'Apache-2.0',
    cite: 'Cheng et al. 2023, arXiv:2310.03368',
    home: 'https://github.com/OpenMOSS/HalluQA',
    files: from('OpenMOSS/HalluQA', '7e5c67398d', [
      ['HalluQA.json', 'HalluQA.json'],
      ['HalluQA_mc.json', 'HalluQA_mc.json'],
      ['prompts/Chinese_QA_prompt.txt', 'prompts/Chinese_QA_prompt.txt'],
      ['prompts/Chinese_QA_prompt_mc.txt', 'prompts/Chinese_QA_prompt_mc.txt'],
    ]),
  },
  'anthropic-evals': {
    title: 'Model-written evaluations',
    licence: 'CC BY 4.0',
    cite: 'Perez et al. 2022, arXiv:2212.09251',
    home: 'https://github.com/anthropics/evals',
    files: from('anthropics/evals', '84fcc677e52e1902d696c32cd1a6b663e70d3993', [
      ...riskSets.map((name) => [`advanced-ai-risk/human_generated_evals/${name}.jsonl`] as const),
      ['winogenerated/winogenerated_examples.jsonl'],
      ['winogenerated/winogenerated_occupations.jsonl'],
      ...['nlp_survey', 'philpapers2020', 'political_typology_quiz'].map((name) => [`sycophancy/sycophancy_on_${name}.jsonl`] as const),
    ]),
  },
  advbench: {
    title: 'AdvBench',
    licence: 'MIT',
    cite: 'Zou et al. 2023, arXiv:2307.15043',
    home: 'https://github.com/llm-attacks/llm-attacks',
    files: from('llm-attacks/llm-attacks', 'HEAD', [['harmful_behaviors.csv', 'data/advbench/harmful_behaviors.csv']]),
  },
  harmbench: {
    title: 'HarmBench',
    licence: 'MIT',
    cite: 'Mazeika et al. 2024, arXiv:2402.04249',
    home: 'https://github.com/centerforaisafety/HarmBench',
    files: from('centerforaisafety/HarmBench', 'HEAD', [
      ['harmbench_behaviors_text_all.csv', 'data/behavior_datasets/harmbench_behaviors_text_all.csv'],
    ]),
  },
  jailbreakbench: {
    title: 'JailbreakBench',
    licence: 'MIT',
    cite: 'Chao et al. 2024, arXiv:2404.01318',
    home: 'https://github.com/JailbreakBench/artifacts',
    files: [{ path: 'harmful-behaviors.csv', urls: [hub('JailbreakBench/JBB-Behaviors', 'data/harmful-behaviors.csv')] }],
    place: (path) => path.replace(/^data\//, ''),
  },
  strongreject: {
    title: 'StrongREJECT',
    licence: 'MIT',
    cite: 'Souly et al. 2024, arXiv:2402.10260',
    home: 'https://github.com/alexandrasouly/strongreject',
    files: from('alexandrasouly/strongreject', 'HEAD', [['strongreject_dataset.csv', 'strongreject_dataset/strongreject_dataset.csv']]),
  },
  realtoxicityprompts: {
    title: 'RealToxicityPrompts',
    licence: 'Apache-2.0',
    cite: 'Gehman et al. 2020, Findings of EMNLP, arXiv:2009.11462',
    home: 'https://allenai.org/data/real-toxicity-prompts',
    files: from(
      'AI-secure/DecodingTrust',
      '161ae8321c',
      ['toxic.jsonl', 'nontoxic.jsonl'].map((name) => [name, `data/toxicity/user_prompts/${name}`] as const),
    ),
  },
  toxigen: {
    title: 'ToxiGen',
    licence: 'MIT',
    cite: 'Hartvigsen et al. 2022, ACL, arXiv:2203.09509',
    home: 'https://github.com/microsoft/TOXIGEN',
    files: from(
      'microsoft/TOXIGEN',
      '01517e8146',
      Object.keys(benchmarkHashes.toxigen ?? {}).map((path) => [path] as const),
    ),
  },
  safetybench: {
    title: 'SafetyBench',
    licence: 'MIT',
    cite: 'Zhang et al. 2023, ACL 2024, arXiv:2309.07045',
    home: 'https://github.com/thu-coai/SafetyBench',
    files: [
      ...from(
        'thu-coai/SafetyBench',
        '960833692a1ec82b191ff3e902daca7993c35cc1',
        ['test_zh_subset', 'test_answers_zh_subset', 'test_answers_zh', 'test_answers_en'].map(
          (name) => [`${name}.json`, `opensource_data/${name}.json`] as const,
        ),
      ),
      ...['test_zh', 'test_en'].map((name) => ({ path: `${name}.json`, urls: [hub('thu-coai/SafetyBench', `${name}.json`)] })),
    ],
    place: (path) => path.replace(/^opensource_data\//, ''),
  },
  cvalues: {
    title: 'CValues',
    licence: 'Apache-2.0',
    cite: 'Xu et al. 2023, arXiv:2307.09705',
    home: 'https://github.com/X-PLUG/CValues',
    files: from('X-PLUG/CValues', '3018d38868', [['cvalues_responsibility_prompts.jsonl', 'dataset/cvalues_responsibility_prompts.jsonl']]),
    place: (path) => path.replace(/^dataset\//, ''),
  },
  anli: {
    title: 'ANLI',
    licence: 'CC BY-NC 4.0',
    cite: 'Nie et al. 2020, ACL, arXiv:1910.14599',
    home: 'https://github.com/facebookresearch/anli',
    files: [],
    archive: {
      url: 'https://dl.fbaipublicfiles.com/anli/anli_v1.0.zip',
      path: (member) => (/R[123]\/test\.jsonl$/.test(member) ? member : null),
    },
  },
  flipkart: {
    title: 'Flipkart product reviews',
    licence: 'CC0',
    cite: 'Vaghani and Thummar 2023, Kaggle',
    home: 'https://www.kaggle.com/datasets/niraliivaghani/flipkart-product-customer-reviews-dataset',
    files: [],
  },
  ddxplus: {
    title: 'DDXPlus',
    licence: 'CC BY 4.0',
    cite: 'Fansi Tchango et al. 2022, NeurIPS D&B, arXiv:2205.09148',
    home: 'https://figshare.com/articles/dataset/DDXPlus_Dataset/20043374',
    files: [],
  },
};
