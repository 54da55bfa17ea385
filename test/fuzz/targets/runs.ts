/** Run folders from strangers. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import compare from '../../../src/commands/compare.ts';
import gate from '../../../src/commands/gate.ts';
import leaderboard from '../../../src/commands/leaderboard.ts';
import report from '../../../src/commands/report.ts';
import run from '../../../src/commands/run.ts';
import score from '../../../src/commands/score.ts';
import show from '../../../src/commands/show.ts';
import sign from '../../../src/commands/sign.ts';
import verify from '../../../src/commands/verify.ts';
import { keptIo } from '../../support/io.ts';
import { scratch, type Target } from '../target.ts';

interface Place {
  readonly good: string;
  readonly damaged: string;
  /** What a stranger's folder is put through. */
  readonly uses: readonly (readonly [name: string, use: () => Promise<number>])[];
}

async function place(): Promise<Place> {
  const folder = scratch();
  const io = () => keptIo(folder);
  const [good, damaged, policy] = [join(folder, 'good'), join(folder, 'damaged'), join(folder, 'p.yaml')];
  const options = { suite: ['reliability/facts'], preset: 'demo', limit: '6', output: good, quiet: true };
  await run.run([['scripted:mixed:0.3']], options, io());
  await sign.run([good], { newKey: join(folder, 'a.key') }, io());
  cpSync(good, damaged, { recursive: true });
  writeFileSync(policy, 'rules:\n  - { suite: reliability/facts, min: 0.1 }\n  - { dimension: reliability, max-drop: 0.5 }\n');
  const { id } = JSON.parse(readFileSync(join(good, 'rows/reliability/facts.jsonl'), 'utf8').split('\n')[0] ?? '') as { id: string };
  const comparing = { margin: '0.03', seed: '1', device: 'auto', as: 'json', output: join(folder, 'cmp') };
  return {
    good,
    damaged,
    uses: [
      ['verify', () => verify.run([[damaged]], { json: true }, io())],
      ['report', () => report.run([damaged], { as: 'markdown', output: join(folder, 'out'), lang: 'en' }, io())],
      ['show', () => show.run([damaged, id], {}, io())],
      ['gate', () => gate.run([damaged], { policy, baseline: good }, io())],
      ['compare', () => compare.run([[good, damaged]], comparing, io())],
      ['leaderboard', () => leaderboard.run([[good, damaged]], { output: join(folder, 'site'), title: '', url: '', lang: 'en' }, io())],
      ['replay', () => run.run([[`replay:${damaged}`]], { ...options, output: join(folder, 'replayed') }, io())],
      ['score', () => score.run([damaged], { json: true }, io())],
    ],
  };
}

/** A file of a run folder is changed, and the folder is put to use in turn. A changed folder must never be verified. */
function fileOf(file: string, form: Target['form'], words: readonly string[] = []): Target {
  const name = `run:${file.split('/').join('-')}`;
  return {
    name,
    form,
    words,
    async setUp() {
      const { good, damaged, uses } = await place();
      const original = readFileSync(join(good, file));
      let turn = 0;
      return {
        seeds: [original],
        async open(input) {
          const [doing, use] = uses[++turn % uses.length] ?? ['verify', async () => 0];
          writeFileSync(join(damaged, file), input);
          try {
            const code = await use();
            if (doing === 'verify' && code === 0 && !input.equals(original))
              throw new Error(`${file} was changed, and the run is verified`);
          } finally {
            writeFileSync(join(damaged, file), original);
            if (doing === 'score') {
              rmSync(damaged, { recursive: true, force: true });
              cpSync(good, damaged, { recursive: true });
            }
          }
        },
      };
    },
  };
}

const manifest = [
  'suites',
  'options',
  'identity',
  'hash',
  'model',
  'profile',
  '../../x',
  'facts',
  'shard',
  '1/2',
  'reliability/facts@zh',
  'seed',
  'judge',
];
const result = ['estimates', 'interval', 'suite', 'id', '../../../x', 'group', 'floor', 'outcomes', 'details', 'worst', 'detectors'];
export const runTargets: readonly Target[] = [
  fileOf('run.json', 'json', manifest),
  fileOf('results/reliability/facts.json', 'json', result),
  fileOf('rows/reliability/facts.jsonl', 'jsonl', ['values', 'outcomes', 'skip', 'group', 'cluster', 'weight', 'id']),
  fileOf('answers.jsonl', 'jsonl', ['response', 'key', 'ok', 'text', 'logprobs', 'optionTokens', 'stop', 'tokens', '\n']),
  fileOf('seal.json', 'json', ['files', 'root', 'answers', 'format', 'run.json', '../x']),
  fileOf('seal.dsse.json', 'json', ['payload', 'signatures', 'keyid', 'sig', 'public', 'payloadType']),
  fileOf('answers.leaves', 'bytes'),
  fileOf('scorecard.html', 'bytes'),
];
