/** Data sets, policies, settings and recordings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePolicy } from '../../../src/decide/policy.ts';
import { plansOf, requestsOf } from '../../../src/engine/plan.ts';
import { questionSet } from '../../../src/engine/question-set.ts';
import { Recording } from '../../../src/engine/recording.ts';
import { Leaves, merkleRoot } from '../../../src/engine/seal.ts';
import { lineProblems } from '../../../src/engine/verify.ts';
import { settingsOf } from '../../../src/settings.ts';
import { jsonLines, rewriter, scratch, type Target, throughFile } from '../target.ts';

const choice = { preset: 'demo', languages: ['all'], limit: null, only: [], shard: null } as const;

/** Reads a question set as `run` does: items, their requests, and what is seen in an answer. */
async function ask(path: string): Promise<void> {
  const suite = await questionSet(path);
  for (const plan of await plansOf(suite, choice))
    for (const item of plan.items) {
      requestsOf(plan, item, 0, { replies: [], judge: false });
      suite.observe(item, [[{ ok: true, text: 'an answer B (b)', logprobs: [-1, -2, -3], stop: 'end', tokens: 1, ms: 0 }]], {
        toxicity: () => 0,
      });
    }
}

const csv: Target = {
  name: 'csv',
  form: 'bytes',
  words: [
    'question',
    'answer',
    'options',
    'pattern',
    '"',
    '""',
    ',',
    '\n',
    '\r\n',
    '|',
    '\ufeff',
    'id',
    '(a+)+$',
    '[[:alpha:]]{1000}',
    'dimension,safety',
    '\u0000',
  ],
  setUp() {
    const seeds = [
      'question,answer,options,group\nWhat is 2+2?,4,3|4|5,sums\n"The ""capital"", of\nFrance?",Paris,Paris|Rome,places\n',
      '\ufeffprompt,target\nSay a,a\n',
      'id,question,answer,option_a,option_b,lang,cluster\n1,Who?,B,me,you,zh,c1\n2,What?,A,x,y,en,c1\n',
      'question,pattern,system\nSay a,^a+$,Be brief.\n',
    ];
    return {
      seeds: seeds.map((text) => Buffer.from(text)),
      open: throughFile(join(scratch(), 'q.csv'), ask),
    };
  },
};

const jsonl: Target = {
  name: 'jsonl',
  form: 'jsonl',
  words: ['question', 'answer', 'options', 'pattern', 'id', 'lang', '\n', '(?=a)', '(a{1000}){1000}', 'dimension'],
  setUp() {
    return {
      seeds: [
        jsonLines({ question: 'What is 2+2?', answer: '4', options: ['3', '4'], group: 'g' }, { prompt: 'Say a', target: 'a' }),
        jsonLines(
          { id: 7, question: 'Who?', answer: 'B', option_a: 'me', option_b: 'you', lang: 'zh' },
          { question: 'q', pattern: '^a+$' },
        ),
      ],
      open: throughFile(join(scratch(), 'q.jsonl'), ask),
    };
  },
};

const key = (n: number) => String(n).padStart(32, '0');
const recording: Target = {
  name: 'recording',
  form: 'jsonl',
  words: ['{"key":"', '","response":{"ok":false', '\n', '"ok":true', key(1)],
  setUp() {
    const path = join(scratch(), 'answers.jsonl');
    const write = rewriter(path);
    return {
      seeds: [
        jsonLines(
          { key: key(1), response: { ok: true, text: 'ü 漢字', stop: 'end', tokens: 3, ms: 1 } },
          { key: key(2), response: { ok: false, error: 'lost' } },
          { key: key(3), response: { ok: true, text: '', logprobs: [-1, null], stop: 'length', tokens: 0, ms: 2 } },
        ),
      ],
      open(input) {
        write(input);
        for (const mode of ['read', 'write'] as const) {
          using held = Recording.open(path, mode);
          for (const [at, response] of held.entries()) if (at === key(2)) held.append(at, response);
          merkleRoot(Leaves.of(held.lines()));
          lineProblems(held);
        }
      },
    };
  },
};

const yaml = [
  ...[
    'rules:',
    '- suite: a/b',
    '&a',
    '*a',
    '<<: *a',
    '!!binary',
    '!!js/function',
    '---',
    '? ',
    '[',
    ']',
    '{',
    '}',
    ': ',
    '\n  ',
    '\t',
    '"',
    "'",
    '|',
    '>',
  ],
  ...['0x1', '.inf', '.nan', '1e999', '__proto__:', '%YAML 1.1', '#', 'min: 0.5', 'policy:', '[[[[[[[[', '&a [*a,*a,*a]'],
];
const policy: Target = {
  name: 'policy',
  form: 'bytes',
  words: yaml,
  setUp() {
    const shown = readFileSync(join(import.meta.dirname, '../../../docs/policy.md'), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g);
    return {
      seeds: [...[...shown].map(([, text]) => Buffer.from(text ?? '')), Buffer.from('rules:\n  - { suite: safety/harmful, min: 0.5 }\n')],
      open(input) {
        parsePolicy(input.toString('utf8'), 'plumbline.yaml');
      },
    };
  },
};

const settings: Target = {
  name: 'settings',
  form: 'bytes',
  words: [...yaml, 'preset: demo', 'batch-size: 4', 'seed: -1', 'offline: yes'],
  setUp() {
    const folder = scratch();
    const write = rewriter(join(folder, 's.yaml'));
    const text = 'model: m.gguf\npreset: quick\nsuite: [safety, privacy/secrets]\nlimit: 5\nset: { threads: 4 }\nlang: en,zh\n';
    return {
      seeds: [Buffer.from(text)],
      async open(input) {
        write(input);
        await settingsOf({ config: join(folder, 's.yaml') }, {}, folder);
      },
    };
  },
};

export const dataTargets: readonly Target[] = [csv, jsonl, recording, policy, settings];
