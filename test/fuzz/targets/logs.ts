/** Other tools' logs. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { importGarak } from '../../../src/import/garak.ts';
import { importDecodingTrust, importTrustLlm } from '../../../src/import/generations.ts';
import { importHelm } from '../../../src/import/helm.ts';
import { type Imported, writeImported } from '../../../src/import/imported.ts';
import { importInspect } from '../../../src/import/inspect.ts';
import { importLmEval } from '../../../src/import/lm-eval.ts';
import { zipOf } from '../../support/zip.ts';
import { jsonLines, rewriter, scratch, type Target, throughFile } from '../target.ts';

const logs = join(import.meta.dirname, '../../fixtures/logs');
const parsedOr = (input: Buffer, otherwise: unknown): unknown => {
  try {
    return JSON.parse(input.toString('utf8'));
  } catch {
    return otherwise;
  }
};

/** Reads a log as `import` does; every fortieth that is one is also written as a run. */
function taking(importer: (path: string) => Promise<Imported>): (path: string) => Promise<void> {
  const to = join(scratch(), 'run');
  let taken = 0;
  return async (path) => {
    const imported = await importer(path);
    if (++taken % 40 !== 0) return;
    rmSync(to, { recursive: true, force: true });
    writeImported(to, imported, { command: [], now: new Date(0) });
  };
}

const lmEval: Target = {
  name: 'lm-eval',
  form: 'json',
  words: ['doc_id', 'metrics', 'filter', 'acc', 'higher_is_better', 'n-samples', 'results', 'versions', 'model_name'],
  setUp() {
    const folder = scratch();
    const take = taking(importLmEval);
    const names = readdirSync(join(logs, 'lm-eval')).sort();
    const texts = names.map((name) => readFileSync(join(logs, 'lm-eval', name), 'utf8'));
    const isLines = (i: number) => names[i]?.endsWith('.jsonl');
    for (const [i, name] of names.entries()) writeFileSync(join(folder, name), texts[i] ?? '');
    const lines = (text: string) =>
      text
        .trim()
        .split('\n')
        .slice(0, 5)
        .map((line) => JSON.parse(line) as unknown);
    return {
      seeds: texts.map((text, i) => Buffer.from(JSON.stringify(isLines(i) ? lines(text) : JSON.parse(text)))),
      async open(input, seed) {
        const at = seed % names.length;
        const path = join(folder, names[at] ?? '');
        const value = parsedOr(input, null);
        writeFileSync(path, isLines(at) && Array.isArray(value) ? jsonLines(...value) : input);
        try {
          await take(folder);
        } finally {
          writeFileSync(path, texts[at] ?? '');
        }
      },
    };
  },
};

const inspect: Target = {
  name: 'inspect',
  form: 'json',
  words: ['samples', 'scores', 'value', 'epoch', 'id', 'output', 'choices', 'stop_reason', 'max_tokens', 'error', 'C', 'I'],
  setUp() {
    const {
      version,
      eval: spec,
      results,
      samples,
    } = JSON.parse(readFileSync(join(logs, 'inspect/little.json'), 'utf8')) as {
      readonly [part: string]: unknown;
      readonly samples: readonly unknown[];
    };
    return {
      seeds: [Buffer.from(JSON.stringify({ version, eval: spec, results, samples: samples.slice(0, 3) }))],
      open: throughFile(join(scratch(), 'log.json'), taking(importInspect)),
    };
  },
};

const inspectZip: Target = {
  name: 'inspect-zip',
  form: 'bytes',
  words: ['header.json', 'samples/1.json', 'PK\u0001\u0002', 'PK\u0003\u0004', 'PK\u0005\u0006', '../../x'],
  setUp() {
    const parts = {
      'header.json': JSON.stringify({ eval: { model: 'm', task: 't' }, results: { total_samples: 1 } }),
      'samples/1_epoch_1.json': JSON.stringify({ id: 1, epoch: 1, scores: { match: { value: 'C' } }, output: { completion: 'x' } }),
    };
    return {
      seeds: [readFileSync(join(logs, 'inspect/little.eval')), zipOf(parts), zipOf(parts, 'deflate')],
      open: throughFile(join(scratch(), 'log.eval'), taking(importInspect)),
    };
  },
};

const garak: Target = {
  name: 'garak',
  form: 'jsonl',
  words: ['attempt', 'status', 'detector_results', 'probe_classname', 'uuid', 'entry_type'],
  setUp() {
    return {
      seeds: [
        jsonLines(
          { entry_type: 'start_run setup', 'plugins.model_name': 'm', '_config.version': '0.9' },
          { entry_type: 'attempt', status: 2, uuid: 'u', probe_classname: 'dan.Dan', detector_results: { 'dan.DAN': [0, 1, null] } },
          { entry_type: 'attempt', status: 2, probe_classname: 'dan.Dan', detector_results: { 'dan.DAN': [1], x: [0.4] } },
        ),
      ],
      open: throughFile(join(scratch(), 'g.report.jsonl'), taking(importGarak)),
    };
  },
};

const helm: Target = {
  name: 'helm',
  form: 'json',
  words: ['stats', 'name', 'mean', 'sum', 'count', 'instance_id', 'perturbation', 'exact_match', 'adapter_spec'],
  setUp() {
    const folder = scratch();
    const [writeSpec, writeStats] = [rewriter(join(folder, 'run_spec.json')), rewriter(join(folder, 'per_instance_stats.json'))];
    const take = taking(importHelm);
    const spec = { name: 'mmlu:subject=x,model=m', adapter_spec: { model: 'm' } };
    const stats = [
      { instance_id: 'id1', train_trial_index: 0, stats: [{ name: { name: 'exact_match' }, count: 1, sum: 1, mean: 1 }] },
      { instance_id: 'id1', perturbation: { name: 'typos' }, stats: [{ name: { name: 'exact_match' }, count: 1, sum: 0 }] },
    ];
    return {
      seeds: [Buffer.from(JSON.stringify([spec, stats]))],
      async open(input) {
        const value = parsedOr(input, null);
        const [first, second] = Array.isArray(value) ? (value as unknown[]) : [spec, null];
        writeSpec(Buffer.from(JSON.stringify(first) ?? ''));
        writeStats(Array.isArray(value) ? Buffer.from(JSON.stringify(second) ?? '') : input);
        await take(folder);
      },
    };
  },
};

const trustLlm: Target = {
  name: 'trustllm',
  form: 'json',
  words: ['res', 'source', 'answer', 'type'],
  setUp() {
    const folder = scratch();
    const [write, take] = [rewriter(join(folder, 'hallucination.json')), taking(importTrustLlm)];
    const records = [
      { res: 'A', source: 'mc', answer: 'A' },
      { res: 'yes it is', source: 'qa', answer: 'yes' },
      { res: '', source: 'qa' },
    ];
    return {
      seeds: [Buffer.from(JSON.stringify(records))],
      async open(input) {
        write(input);
        await take(folder);
      },
    };
  },
};

const decodingTrust: Target = {
  name: 'decodingtrust',
  form: 'jsonl',
  words: ['agreeability', 'outputs', 'stereotype_topic', 'target_group'],
  setUp() {
    const path = join(scratch(), 'stereotype.jsonl.gz');
    const [write, take] = [rewriter(path), taking(importDecodingTrust)];
    const line = { stereotype_topic: 't', target_group: 'g', agreeability: [1, 0, -1], outputs: ['I agree.', 'no', ''] };
    const seeds = [jsonLines(line), gzipSync(jsonLines(line))];
    return {
      seeds,
      async open(input, seed) {
        write(seed === 0 ? gzipSync(input, { level: 1 }) : input);
        await take(path);
      },
    };
  },
};

export const logTargets: readonly Target[] = [lmEval, inspect, inspectZip, garak, helm, trustLlm, decodingTrust];
