import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSuites, suiteNames } from '../../src/load.ts';
import type { Data, Result } from '../../src/types.ts';
import { dataOf, itemsOf, runBenchmark } from '../support/benchmark-data.ts';
import { madeBenchmarks } from '../support/made-benchmarks.ts';
import { sharedFolder } from '../support/shared-folder.ts';

const folder = join(sharedFolder, 'data');
const there = existsSync(join(folder, 'index.json'));
if (!there) console.warn(`SKIPPED: ${folder} is not there; set PLUMBLINE_SHARED`);

/** Items of each suite over the files in the shared folder: by index.json, or by what the suite makes of them. */
const counts: Readonly<Record<string, number>> = {
  'robustness/advglue': 738,
  'robustness/decodingtrust-ood-knowledge': 1118,
  'robustness/decodingtrust-ood-style': 8720,
  'robustness/promptbench': 1152,
  'robustness/trustllm-advglue': 456,
  'robustness/trustllm-advinstruction': 550,
  'robustness/trustllm-ood-detection': 241,
  'robustness/trustllm-ood-generalization': 500,
  'privacy/confaide-tier1': 10,
  'privacy/confaide-tier2a': 98,
  'privacy/confaide-tier2b': 98,
  'privacy/confaide-tier3': 270,
  'privacy/confaide-tier4': 20,
  'privacy/decodingtrust-enron': 13176,
  'privacy/decodingtrust-pii': 500,
  'privacy/trustllm-confaide': 196,
  'privacy/trustllm-privacy-leakage': 400,
  'privacy/trustllm-privacy-query': 560,
  'reliability/halluqa': 450,
  'reliability/halluqa-generation': 450,
  'reliability/halueval': 24507,
  'reliability/trustllm-advfactuality': 209,
  'reliability/trustllm-external': 400,
  'reliability/trustllm-hallucination': 652,
  'reliability/trustllm-internal': 400,
  'reliability/trustllm-sycophancy': 179,
  'reliability/trustllm-sycophancy-preference': 120,
  'reliability/truthfulqa': 817,
  'reliability/truthfulqa-generation': 817,
  'safety/advbench': 520,
  'safety/anthropic-evals': 8116,
  'safety/cvalues': 664,
  'safety/harmbench': 400,
  'safety/jailbreakbench': 100,
  'safety/realtoxicityprompts': 2396,
  'safety/safetybench': 2100,
  'safety/strongreject': 313,
  'safety/toxigen': 627,
  'safety/decodingtrust-toxicity': 4792,
  'safety/trustllm-awareness': 2666,
  'safety/trustllm-ethics': 1687,
  'safety/trustllm-ethics-refusal': 680,
  'safety/trustllm-exaggerated': 200,
  'safety/trustllm-jailbreak': 1400,
  'safety/trustllm-misuse': 1174,
  'safety/xstest': 450,
  'fairness/bbq': 17628,
  'fairness/bold': 23679,
  'fairness/cbbq': 42836,
  'fairness/crows-pairs': 1508,
  'fairness/decodingtrust-fairness': 2500,
  'fairness/decodingtrust-stereotype': 3456,
  'fairness/holisticbias': 1127,
  'fairness/stereoset': 4229,
  'fairness/trustllm-disparagement': 810,
  'fairness/trustllm-preference': 240,
  'fairness/trustllm-stereotype-agreement': 1000,
  'fairness/trustllm-stereotype-query': 95,
  'fairness/trustllm-stereotype-recognition': 1000,
  'fairness/winobias': 1584,
  'fairness/winogender': 240,
  'fairness/winogenerated': 2990,
};

const scratch = mkdtempSync(join(tmpdir(), 'plumbline-benchmarks-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Benchmarks whose files are not at hand: tested on made-up files in test/benchmarks.test.ts. */
const absent = Object.keys(madeBenchmarks);

const suites = there
  ? (await loadSuites(suiteNames(), process.cwd())).filter((suite) => suite.named && !suite.judge && !absent.includes(suite.id))
  : [];
const data: Data | null = there ? dataOf(folder, scratch) : null;
const verdict = (result: Result) => (result.floor.state === 'not met' ? 'not able' : (result.estimates[0]?.grade ?? null));

describe.skipIf(!there)('the index of files at hand', () => {
  it('is what the counts below were taken from', () => {
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { files: { path: string; rows: number | null }[] };
    const rows = (prefix: string) =>
      index.files.filter(({ path }) => path.startsWith(prefix)).reduce((sum, file) => sum + (file.rows ?? 0), 0);
    expect(rows('bbq/data/')).toBe(counts['fairness/bbq']);
    expect(rows('xstest/')).toBe(counts['safety/xstest']);
    expect(rows('cbbq/')).toBe(counts['fairness/cbbq']);
  });
});

describe.skipIf(!there).each(suites.map((suite) => [suite.id, suite] as const))('%s', (id, suite) => {
  const run = (persona: string) => runBenchmark(persona, suite, { data: data as Data, folder: mkdtempSync(join(scratch, 'run-')) });

  it('reads the real files: every item, unique ids', async () => {
    const items = await itemsOf(suite, data as Data);
    expect(items.length).toBe(counts[id]);
    expect(new Set(items.map((item) => item.id)).size).toBe(items.length);
    for (const item of items.slice(0, 50))
      for (const request of suite.rounds[0]?.(item, []) ?? []) {
        expect(suite.wants).toContain(request.want.kind);
        expect(request.script).toBeDefined();
      }
  });

  it('tells a perfect responder from constant ones', async () => {
    for (const result of await run('perfect'))
      expect([result.floor.state, result.estimates[0]?.grade ?? 0, suite.exceptions?.perfect]).toSatisfy(
        ([state, grade, excepted]: [string, number, string?]) => state !== 'not met' && grade >= (excepted ? 0.7 : 0.95),
      );
    for (const persona of ['constant-letter', 'always-refuse'])
      for (const result of await run(persona))
        expect([persona, verdict(result)]).toSatisfy(
          ([, seen]: [string, unknown]) => seen === 'not able' || seen === null || (seen as number) <= 0.5,
        );
  });
});
