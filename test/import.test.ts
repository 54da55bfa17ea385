import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import hf from '../reports/hf.ts';
import inspect from '../reports/inspect.ts';
import lmEval from '../reports/lm-eval.ts';
import compareCommand from '../src/commands/compare.ts';
import gateCommand from '../src/commands/gate.ts';
import importCommand from '../src/commands/import.ts';
import leaderboardCommand from '../src/commands/leaderboard.ts';
import verifyCommand from '../src/commands/verify.ts';
import { readManifest, readResult, readRows, resultIds } from '../src/engine/run-folder.ts';
import { loadSuites } from '../src/load.ts';
import { openRun } from '../src/open-run.ts';
import type { Report, Suite } from '../src/types.ts';
import { madeData, runBenchmark } from './support/benchmark-data.ts';
import { keptIo } from './support/io.ts';

const scratch = mkdtempSync(join(tmpdir(), 'plumbline-import-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const logs = join(import.meta.dirname, 'fixtures/logs');
const folder = () => mkdtempSync(join(scratch, 'in-'));

async function imported(what: string, path: string, options: Record<string, unknown> = {}) {
  const run = join(mkdtempSync(join(scratch, 'run-')), 'run');
  const io = keptIo(scratch, { PLUMBLINE_CACHE: join(scratch, 'cache') });
  const code = await importCommand.run([what, path], { output: run, ...options }, io);
  return { run, code, io };
}

async function exported(report: Report, run: string): Promise<string> {
  const to = folder();
  for await (const { path, text } of await report.render(openRun(run, scratch), { lang: 'en', now: 0 })) {
    const target = join(to, path);
    mkdirSync(join(target, '..'), { recursive: true });
    writeFileSync(target, text);
  }
  return to;
}

/** What a run says of its tasks: rows and estimates, the model's name aside. */
const contentOf = (run: string) => resultIds(run).map((id) => ({ id, rows: readRows(run, id), estimates: readResult(run, id).estimates }));

describe('logs made by the real tools', () => {
  it('lm-evaluation-harness 0.4.13: its scores, and intervals it does not have', async () => {
    const { run, code } = await imported('lm-eval', join(logs, 'lm-eval'));
    expect(code).toBe(0);
    const [file] = readdirSync(join(logs, 'lm-eval')).filter((name) => name.startsWith('results'));
    const theirs = JSON.parse(readFileSync(join(logs, 'lm-eval', String(file)), 'utf8')).results;
    const ours = readResult(run, 'reliability/lm-eval-little_choice');
    expect(ours.estimates[0]?.metric).toBe('acc');
    expect(ours.estimates[0]?.value).toBeCloseTo(theirs.little_choice['acc,none'], 12);
    expect(ours.estimates[0]?.interval).not.toBeNull();
    expect(ours.items).toBe(6);
    expect(readResult(run, 'reliability/lm-eval-little_gen').estimates[0]?.value).toBe(theirs.little_gen['exact_match,none']);
    expect(readManifest(run)?.complete).toBe(true);
  });

  it('inspect_ai: the archive and the JSON log say the same', async () => {
    const [a, b] = [
      await imported('inspect', join(logs, 'inspect/little.eval')),
      await imported('inspect', join(logs, 'inspect/little.json')),
    ];
    expect(contentOf(a.run)).toEqual(contentOf(b.run));
    const result = readResult(a.run, 'reliability/inspect-little_quiz');
    expect(result.items).toBe(6);
    expect(result.estimates[0]).toMatchObject({ metric: 'includes', n: 6 });
    expect(result.estimates[0]?.value).toBeCloseTo(4 / 6, 12);
  });
});

describe('further logs made by the real tools (test/reference/logs.py)', () => {
  it('inspect_ai 0.3.285: an archive packed by zstd, on every Node', async () => {
    const { run, code } = await imported('inspect', join(logs, 'inspect/recent.eval'));
    expect(code).toBe(0);
    const result = readResult(run, 'reliability/inspect-little_quiz');
    expect(result.estimates[0]).toMatchObject({ metric: 'includes', n: 6 });
    expect(result.estimates[0]?.value).toBeCloseTo(4 / 6, 12);
    const again = await imported('inspect', await exported(inspect, run));
    expect(contentOf(again.run)).toEqual(contentOf(run));
  });

  it('garak 0.17.1: a row an attempt, a value a detector', async () => {
    const { run } = await imported('garak', join(logs, 'garak'));
    const result = readResult(run, 'reliability/garak-test.Test');
    expect(result.items).toBe(8);
    expect(result.answers).toBe(16);
    const of = (id: string) => result.estimates.find(({ metric }) => metric === id);
    expect([of('always.Fail')?.value, of('always.Pass')?.value, of('always.Fail')?.grade]).toEqual([1, 0, 0]);
    expect(result.model.name).toBe('test.Repeat');
  });

  it('HELM 0.5: its exact match, item by item', async () => {
    const { run } = await imported('helm', join(logs, 'helm/simple_mcqa'));
    const [id = ''] = resultIds(run);
    const stats = JSON.parse(readFileSync(join(logs, 'helm/simple_mcqa/per_instance_stats.json'), 'utf8')) as {
      stats: { name: { name: string }; mean: number }[];
    }[];
    const matches = stats.map(({ stats: all }) => all.find(({ name }) => name.name === 'exact_match')?.mean ?? 0);
    expect(readRows(run, id)).toHaveLength(stats.length);
    expect(readResult(run, id).estimates[0]).toMatchObject({
      metric: 'exact_match',
      value: matches.reduce((a, b) => a + b, 0) / matches.length,
    });
  });
});

describe('what an imported run can do', () => {
  const io = () => keptIo(scratch, { PLUMBLINE_CACHE: join(scratch, 'cache') });

  it.each([
    ['lm-eval', join(logs, 'lm-eval')],
    ['inspect', join(logs, 'inspect/recent.eval')],
    ['garak', join(logs, 'garak')],
    ['helm', join(logs, 'helm/simple_mcqa')],
  ])('%s: is verified against its rows, drawn, gated and ranked', async (what, path) => {
    const { run } = await imported(what, path);
    const [id = ''] = resultIds(run);
    const metric = readResult(run, id).estimates[0]?.metric ?? '';

    const verified = io();
    expect(await verifyCommand.run([[run]], {}, verified)).toBe(0);
    expect(verified.said.out).toMatch(/imported rows, every estimate and the page agree; the rows' own scores are the other tool's/);

    const policy = join(folder(), 'policy.yaml');
    writeFileSync(policy, `rules:\n  - suite: ${id}\n    metric: ${metric}\n    min: 0\n`);
    const gated = io();
    expect(await gateCommand.run([run], { policy }, gated)).toBe(0);

    const ranked = io();
    const site = folder();
    await leaderboardCommand.run([[run]], { output: site }, ranked);
    expect(readFileSync(join(site, 'index.html'), 'utf8')).toContain(readManifest(run)?.model.name);
    expect(readFileSync(join(run, 'scorecard.html'), 'utf8')).toContain('no control');
  });

  it('a changed score is found', async () => {
    const { run } = await imported('lm-eval', join(logs, 'lm-eval'));
    const path = join(run, 'results/reliability/lm-eval-little_choice.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"value": 0\.33\d*/, '"value": 0.9'));
    const said = io();
    expect(await verifyCommand.run([[run]], {}, said)).toBe(1);
    expect(said.said.out).toMatch(/lm-eval-little_choice\.json, estimates\.0\.value: is not what the imported rows give/);
  });

  it('there is no model to ask again', async () => {
    const { run } = await imported('lm-eval', join(logs, 'lm-eval'));
    await expect(verifyCommand.run([[run]], { replay: '3' }, io())).rejects.toMatchObject({
      message: expect.stringMatching(/is imported/),
    });
  });
});

it('imported runs are compared item by item', async () => {
  const [a, b] = [
    await imported('inspect', join(logs, 'inspect/little.eval')),
    await imported('inspect', join(logs, 'inspect/little.json')),
  ];
  const io = keptIo(scratch, { PLUMBLINE_CACHE: join(scratch, 'cache') });
  await compareCommand.run([[a.run, b.run]], { margin: '0.03', seed: '0', json: true }, io);
  expect(JSON.parse(io.said.out).pairs[0].dimensions ?? JSON.parse(io.said.out).pairs[0]).toBeDefined();
  expect(io.said.out).not.toMatch(/code is not at hand/);
  expect(io.said.out).toMatch(/reliability\/inspect-little_quiz/);
});

describe('import → export → import', () => {
  it.each([
    ['lm-eval', join(logs, 'lm-eval'), lmEval],
    ['inspect', join(logs, 'inspect/little.eval'), inspect],
  ] as const)('%s: equal rows and scores', async (what, path, report) => {
    const first = await imported(what, path);
    const second = await imported(what, await exported(report, first.run));
    expect(contentOf(second.run)).toEqual(contentOf(first.run));
  });

  it('the Hub’s files hold the headline, and nothing of a task without one', async () => {
    const { run } = await imported('lm-eval', join(logs, 'lm-eval'));
    const to = await exported(hf, run);
    expect(readdirSync(join(to, 'hf/.eval_results'))).toEqual([
      'reliability-lm-eval-little_choice.yaml',
      'reliability-lm-eval-little_gen.yaml',
    ]);
    expect(readFileSync(join(to, 'hf/README-model-index.md'), 'utf8')).toMatch(/^---\nmodel-index:\n/);
  });
});

it('a run of a suite whose metrics are named otherwise than its values: every sample of the log has its scores', async () => {
  const data = madeData(mkdtempSync(join(scratch, 'cache-')), 'advbench', {
    'harmful_behaviors.csv': 'goal,target\nDo a,Sure\nDo b,Sure\n',
  });
  const [suite] = await loadSuites(['safety/advbench'], process.cwd());
  const run = mkdtempSync(join(scratch, 'own-'));
  await runBenchmark('worst', suite as Suite, { data, folder: run });
  const to = folder();
  for (const report of [inspect, lmEval] as readonly Report[])
    for await (const { path, text } of await report.render(openRun(run, scratch, data), { lang: 'en', now: 0 })) {
      mkdirSync(join(to, path, '..'), { recursive: true });
      writeFileSync(join(to, path), text);
    }
  const again = await imported('inspect', join(to, 'inspect'));
  const [id = ''] = resultIds(again.run);
  expect(readRows(again.run, id).map(({ values }) => values.complied)).toEqual(
    readRows(run, 'safety/advbench').map(({ values }) => values.complied),
  );
  const other = await imported('lm-eval', join(to, 'lm-eval'));
  expect(readRows(other.run, resultIds(other.run)[0] ?? '').every(({ values }) => typeof values.complied === 'number')).toBe(true);
});

describe('logs in the published forms', () => {
  const write = (files: Record<string, unknown>) => {
    const to = folder();
    for (const [name, value] of Object.entries(files)) {
      mkdirSync(join(to, name, '..'), { recursive: true });
      writeFileSync(join(to, name), typeof value === 'string' ? value : JSON.stringify(value));
    }
    return to;
  };
  const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

  it('garak: a probe’s hits, what a detector cannot tell left out, unfinished attempts too', async () => {
    const attempt = { entry_type: 'attempt', status: 2, probe_classname: 'dan.Dan_11_0', prompt: 'x', outputs: ['a', 'b'] };
    const path = write({
      'garak.made.report.jsonl': lines(
        { entry_type: 'start_run setup', 'plugins.model_name': 'made', '_config.version': '0.9' },
        { ...attempt, uuid: 'one', detector_results: { 'dan.DAN': [1, 0.2] } },
        { ...attempt, uuid: 'two', detector_results: { 'dan.DAN': [0.5, null] } },
        { ...attempt, uuid: 'three', status: 1, detector_results: {} },
      ),
    });
    const { run } = await imported('garak', path);
    const result = readResult(run, 'safety/garak-dan.Dan_11_0');
    expect(readRows(run, result.suite.id).map(({ id, values }) => [id, values['dan.DAN']])).toEqual([
      ['one', 0.5],
      ['two', 1],
    ]);
    expect(result.estimates[0]).toMatchObject({ value: 0.75, better: 'lower', grade: 0.25 });
    expect(result.model.name).toBe('made');
  });

  it('HELM: one row an instance and perturbation, bookkeeping left out', async () => {
    const stat = (name: string, sum: number) => ({ name: { name, split: 'test' }, count: 1, sum, mean: sum });
    const path = write({
      'mmlu/run_spec.json': { name: 'mmlu:subject=x,model=made_m', adapter_spec: { model: 'made/m' } },
      'mmlu/per_instance_stats.json': [
        { instance_id: 'id1', train_trial_index: 0, stats: [stat('exact_match', 1), stat('num_prompt_tokens', 90)] },
        { instance_id: 'id1', train_trial_index: 0, perturbation: { name: 'typos' }, stats: [stat('exact_match', 0)] },
      ],
    });
    const { run } = await imported('helm', path);
    const [id = ''] = resultIds(run);
    expect(readRows(run, id).map((row) => [row.id, row.cluster, row.values])).toEqual([
      ['id1', 'id1', { exact_match: 1 }],
      ['id1/typos', 'id1', { exact_match: 0 }],
    ]);
    expect(readResult(run, id).estimates.map(({ metric }) => metric)).not.toContain('num_prompt_tokens');
  });

  it('TrustLLM and DecodingTrust generations: official rules, undecided ones left out', async () => {
    const record = (res: string, answer: string) => ({ prompt: 'p', answer, source: 'climate', res });
    const path = write({
      'made/external.json': [record('Answer: Supports.', 'SUPPORT'), record('Answer: Supports.', 'REFUTE'), record('Hm.', 'REFUTE')],
    });
    const { run } = await imported('trustllm', join(path, 'made'));
    const [id = ''] = resultIds(run);
    expect(readResult(run, id).estimates[0]).toMatchObject({ value: 0.5, n: 2, skipped: 1 });
    const dt = write({
      'made.jsonl': lines({ stereotype_topic: 'x', target_group: 'y', outputs: ['I agree.', 'Hm.'], agreeability: [1, 0] }),
    });
    const pairs = write({
      'm/AdvGLUE.json': [
        { task: 'sst2', index: 0, type: 'original', label: 1, prompt: 'p', res: 'positive' },
        { task: 'sst2', index: 0, type: 'modified', label: 1, prompt: 'p', res: 'negative' },
        { task: 'sst2', index: 1, type: 'original', label: 0, prompt: 'p', res: 'negative' },
        { task: 'sst2', index: 1, type: 'modified', label: 0, prompt: 'p', res: 'I cannot say' },
      ],
      'm/explicit_moralchoice.json': [
        { type: 'low', label: 'B', prompt: 'p', res: 'B.' },
        { type: 'high', label: 'A', prompt: 'p', res: "I'm sorry, but I can't help with that." },
      ],
      'm/privacy_leakage.json': [
        { 'gt-email': 'a@b.com', prompt: 'p', res: 'it is a@b.com' },
        { 'gt-email': 'c@d.com', prompt: 'p', res: 'e@d.com' },
        { 'gt-email': 'f@g.com', prompt: 'p', res: 'I do not know.' },
      ],
    });
    const all = await imported('trustllm', join(pairs, 'm'));
    const values = (id: string) =>
      Object.fromEntries(
        readResult(all.run, id)
          .estimates.filter(({ group }) => group === undefined)
          .map(({ metric, value }) => [metric, value]),
      );
    expect(values('robustness/trustllm-AdvGLUE')).toEqual({ ASR: 1, acc: 1, adv_acc: 0 });
    expect(values('safety/trustllm-explicit_moralchoice')).toEqual({ accuracy: 1, RtA: 1 });
    expect(values('privacy/trustllm-privacy_leakage')).toEqual({ TD: 1 / 3, RtA: 1 / 3, CD: 1 / 2 });
    const other = await imported('decodingtrust', dt);
    expect(readResult(other.run, resultIds(other.run)[0] ?? '').estimates[0]?.value).toBe(0.5);
  });

  it.each([
    ['lm-eval', { 'results_1.json': { results: {} } }, /samples_\*\.jsonl/],
    [
      'lm-eval',
      { 'results_1.json': { results: {} }, 'samples_a_1.jsonl': '{"doc_id": 1}\n{"doc' },
      /samples_a_1\.jsonl:2: not a JSON value/,
    ],
    ['lm-eval', { 'results_1.json': { results: {} }, 'samples_a_1.jsonl': '{"x": 1}' }, /samples_a_1\.jsonl:1: 'doc_id' is missing/],
    ['inspect', { 'a.eval': 'PK no zip' }, /not a zip archive/],
    ['inspect', { 'a.json': { other: 1 } }, /no log of inspect_ai/],
    ['garak', { 'a.report.jsonl': '{"entry_type":"init"}' }, /no finished attempt/],
    ['helm', { 'per_instance_stats.json': [] }, /run_spec\.json is missing/],
    ['trustllm', { 'misuse.json': [{ prompt: 'p' }] }, /no record has 'res'/],
  ] as const)('%s: a broken log is named (%#)', async (what, files, message) => {
    await expect(imported(what, write(files))).rejects.toMatchObject({ name: 'UserError', message: expect.stringMatching(message) });
  });

  it('an unknown tool is answered with the known ones', async () => {
    await expect(imported('lm-evall', scratch)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/did you mean 'lm-eval'/),
    });
  });
});
