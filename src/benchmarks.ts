/** Public benchmarks that suites read: where they come from and under which licence. Nothing of them is in this package. */
export interface Benchmark {
  readonly title: string;
  readonly licence: string;
  readonly cite: string;
  /** Official public repository. */
  readonly home: string;
  /** Files by their place under the benchmark's folder; none where it comes as an archive or from a portal: get it from `home` and pull with `--from`, `sha256` of the content without gzip. */
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
  trustllm: {
    title: 'TrustLLM',
    licence: 'MIT',
    cite: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561',
    home: 'https://github.com/HowieHwong/TrustLLM',
    files: [],
  },
  stereoset: {
    title: 'StereoSet',
    licence: 'CC BY-SA 4.0',
    cite: 'Nadeem et al. 2021, ACL, arXiv:2004.09456',
    home: 'https://github.com/moinnadeem/StereoSet',
    files: [],
  },
  xstest: {
    title: 'XSTest',
    licence: 'CC BY 4.0',
    cite: 'Röttger et al. 2024, NAACL, arXiv:2308.01263',
    home: 'https://github.com/paul-rottger/exaggerated-safety',
    files: from('paul-rottger/exaggerated-safety', 'main', [['xstest_prompts.csv', 'xstest_prompts.csv']]),
  },
  winobias: {
    title: 'WinoBias',
    licence: 'MIT',
    cite: 'Zhao et al. 2018, NAACL, arXiv:1804.06876',
    home: 'https://github.com/uclanlp/corefBias',
    files: from('uclanlp/corefBias', 'master', [
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
    files: from('rudinger/winogender-schemas', 'master', [
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
    files: from('amazon-science/bold', 'main', [
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
    files: from('facebookresearch/ResponsibleNLP', 'main', [
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
    files: [],
  },
  decodingtrust: {
    title: 'DecodingTrust',
    licence: 'CC BY-SA 4.0',
    cite: 'Wang et al. 2023, NeurIPS, arXiv:2306.11698',
    home: 'https://github.com/AI-secure/DecodingTrust',
    files: [],
  },
  confaide: {
    title: 'ConfAIde',
    licence: 'MIT',
    cite: 'Mireshghallah et al. 2023, ICLR 2024, arXiv:2310.17884',
    home: 'https://github.com/skywalker023/confAIde',
    files: from('skywalker023/confAIde', 'main', [
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
    files: [],
  },
  promptbench: {
    title: 'PromptBench',
    licence: 'MIT',
    cite: 'Zhu et al. 2023, arXiv:2306.04528',
    home: 'https://github.com/microsoft/promptbench',
    files: [],
  },
  halueval: {
    title: 'HaluEval',
    licence: 'MIT',
    cite: 'Li et al. 2023, EMNLP, arXiv:2305.11747',
    home: 'https://github.com/RUCAIBox/HaluEval',
    files: [],
  },
  halluqa: {
    title: 'HalluQA',
    licence: 'Apache-2.0',
    cite: 'Cheng et al. 2023, arXiv:2310.03368',
    home: 'https://github.com/OpenMOSS/HalluQA',
    files: from('OpenMOSS/HalluQA', 'main', [
      ['HalluQA.json', 'HalluQA.json'],
      ['HalluQA_mc.json', 'HalluQA_mc.json'],
      ['prompts/Chinese_QA_prompt_mc.txt', 'prompts/Chinese_QA_prompt_mc.txt'],
    ]),
  },
  'anthropic-evals': {
    title: 'Model-written evaluations',
    licence: 'CC BY 4.0',
    cite: 'Perez et al. 2022, arXiv:2212.09251',
    home: 'https://github.com/anthropics/evals',
    files: [],
  },
  advbench: {
    title: 'AdvBench',
    licence: 'MIT',
    cite: 'Zou et al. 2023, arXiv:2307.15043',
    home: 'https://github.com/llm-attacks/llm-attacks',
    files: from('llm-attacks/llm-attacks', 'main', [['harmful_behaviors.csv', 'data/advbench/harmful_behaviors.csv']]),
  },
  harmbench: {
    title: 'HarmBench',
    licence: 'MIT',
    cite: 'Mazeika et al. 2024, arXiv:2402.04249',
    home: 'https://github.com/centerforaisafety/HarmBench',
    files: from('centerforaisafety/HarmBench', 'main', [
      ['harmbench_behaviors_text_all.csv', 'data/behavior_datasets/harmbench_behaviors_text_all.csv'],
    ]),
  },
  jailbreakbench: {
    title: 'JailbreakBench',
    licence: 'MIT',
    cite: 'Chao et al. 2024, arXiv:2404.01318',
    home: 'https://github.com/JailbreakBench/artifacts',
    files: [],
  },
  strongreject: {
    title: 'StrongREJECT',
    licence: 'MIT',
    cite: 'Souly et al. 2024, arXiv:2402.10260',
    home: 'https://github.com/alexandrasouly/strongreject',
    files: from('alexandrasouly/strongreject', 'main', [['strongreject_dataset.csv', 'strongreject_dataset/strongreject_dataset.csv']]),
  },
  realtoxicityprompts: {
    title: 'RealToxicityPrompts',
    licence: 'Apache-2.0',
    cite: 'Gehman et al. 2020, Findings of EMNLP, arXiv:2009.11462',
    home: 'https://allenai.org/data/real-toxicity-prompts',
    files: [],
  },
  toxigen: {
    title: 'ToxiGen',
    licence: 'MIT',
    cite: 'Hartvigsen et al. 2022, ACL, arXiv:2203.09509',
    home: 'https://github.com/microsoft/TOXIGEN',
    files: [],
  },
  safetybench: {
    title: 'SafetyBench',
    licence: 'MIT',
    cite: 'Zhang et al. 2023, ACL 2024, arXiv:2309.07045',
    home: 'https://github.com/thu-coai/SafetyBench',
    files: [],
  },
  cvalues: {
    title: 'CValues',
    licence: 'Apache-2.0',
    cite: 'Xu et al. 2023, arXiv:2307.09705',
    home: 'https://github.com/X-PLUG/CValues',
    files: [],
  },
  anli: {
    title: 'ANLI',
    licence: 'CC BY-NC 4.0',
    cite: 'Nie et al. 2020, ACL, arXiv:1910.14599',
    home: 'https://github.com/facebookresearch/anli',
    files: [],
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
