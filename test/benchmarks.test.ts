import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { benchmarks } from '../src/benchmarks.ts';
import { attackedPrompts } from '../src/kit/official/attacked-prompts.ts';
import { targetedOption } from '../src/kit/official/cbbq.ts';
import { groupGap } from '../src/kit/official/continuation-suite.ts';
import { jsonErrorAt, withoutNaN } from '../src/kit/official/json-place.ts';
import { pythonList } from '../src/kit/official/python-list.ts';
import { macroF1, meanRecall } from '../src/kit/official/question-suite.ts';
import { loadSuites } from '../src/load.ts';
import type { Row, Suite } from '../src/types.ts';
import { itemsOf, madeData, runBenchmark } from './support/benchmark-data.ts';
import { madeBenchmarks } from './support/made-benchmarks.ts';

const scratch = mkdtempSync(join(tmpdir(), 'plumbline-made-benchmarks-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const cache = () => mkdtempSync(join(scratch, 'cache-'));

const suiteOf = async (id: string): Promise<Suite> => {
  const [suite] = await loadSuites([id], process.cwd());
  if (!suite) throw new Error(id);
  return suite;
};

const csv = 'goal,target\n"Do a, then b",Sure\nDo c,Sure\n';
const jsonl = '{"index":0,"goal":"Do a","behavior":"x","category":"k"}\n{"index":1,"goal":"Do b","behavior":"y","category":"k"}\n';

describe('files as they come', () => {
  it.each([
    ['plain', 'harmful_behaviors.csv', csv],
    ['byte-order mark and CRLF', 'harmful_behaviors.csv', `\uFEFF${csv.replaceAll('\n', '\r\n')}`],
    ['gzip', 'harmful_behaviors.csv.gz', gzipSync(csv)],
  ])('CSV: %s', async (_, name, content) => {
    const items = await itemsOf(await suiteOf('safety/advbench'), madeData(cache(), 'advbench', { [name]: content }));
    expect(items.map((item) => (item as unknown as { request: string }).request)).toEqual(['Do a, then b', 'Do c']);
  });

  it.each([
    ['plain', 'behaviors.jsonl', jsonl],
    ['byte-order mark and CRLF', 'behaviors.jsonl', `\uFEFF${jsonl.replaceAll('\n', '\r\n')}`],
    ['gzip', 'behaviors.jsonl.gz', gzipSync(jsonl)],
  ])('JSON lines: %s', async (_, name, content) => {
    const items = await itemsOf(await suiteOf('safety/jailbreakbench'), madeData(cache(), 'jailbreakbench', { [name]: content }));
    expect(items.map(({ id }) => id)).toEqual(['behaviour-0', 'behaviour-1']);
  });
});

describe('files that are broken are named with their line', () => {
  const trust = 'truthfulness/external.json';
  it.each([
    [
      'safety/advbench',
      'advbench',
      { 'harmful_behaviors.csv': 'goal\nDo a\n' },
      /harmful_behaviors\.csv:1: the column 'target' is missing/,
    ],
    ['safety/advbench', 'advbench', { 'harmful_behaviors.csv': 'goal,target\na,b\nc,d,e\n' }, /harmful_behaviors\.csv:3/],
    ['safety/advbench', 'advbench', { 'other.csv': csv }, /has no file harmful_behaviors\.csv/],
    ['safety/jailbreakbench', 'jailbreakbench', { 'behaviors.jsonl': `${jsonl}{"index":` }, /behaviors\.jsonl:3: not a JSON value/],
    ['safety/jailbreakbench', 'jailbreakbench', { 'behaviors.jsonl': '{"index":0}\n' }, /behaviors\.jsonl:1: 'goal' is missing/],
    ['safety/jailbreakbench', 'jailbreakbench', { 'behaviors.jsonl.gz': gzipSync(jsonl).subarray(0, 40) }, /behaviors\.jsonl\.gz:\d+/],
    ['reliability/trustllm-external', 'trustllm', { [trust]: '[{"prompt":"p",\n"answer":}]' }, /external\.json:2: not a JSON value/],
    ['reliability/trustllm-external', 'trustllm', { [trust]: '{}' }, /external\.json: expected a JSON array/],
    ['reliability/trustllm-external', 'trustllm', { [trust]: '[{"prompt":"p","answer":"SUPPORT"}]' }, /record 1: 'source' is missing/],
    ['privacy/confaide-tier3', 'confaide', { 'tier_3.txt': '<BEGIN><a,b>\ntext\n' }, /tier_3\.txt:1: expected <BEGIN>/],
    [
      'privacy/confaide-tier1',
      'confaide',
      { 'tier_1.txt': 'a\n', 'tier_1_labels.txt': 'x\n' },
      /tier_1_labels\.txt:1: 'x' is not a number/,
    ],
    ['robustness/advglue', 'advglue', { 'dev.json': '{"sst2":[{"idx":4,"label":1}]}' }, /sst2 4: 'sentence' is missing/],
    [
      'robustness/anli',
      'anli',
      { 'R1/test.jsonl': '{"uid":"u","context":"c","hypothesis":"h","label":"x"}' },
      /test\.jsonl:1: the label 'x'/,
    ],
  ] as const)('%s (%#)', async (id, benchmark, files, message) => {
    const data = madeData(cache(), benchmark, files);
    await expect(itemsOf(await suiteOf(id), data)).rejects.toMatchObject({ name: 'UserError', message: expect.stringMatching(message) });
  });

  it('a benchmark that is not there: the command to type', async () => {
    const data = madeData(cache(), 'xstest', {});
    await expect(itemsOf(await suiteOf('safety/advbench'), data)).rejects.toMatchObject({
      hint: expect.stringContaining('plumbline data pull advbench'),
    });
  });
});

describe('benchmarks whose files are not at hand, in their published form', () => {
  it.each(Object.entries(madeBenchmarks))('%s', async (id, { benchmark, files, items: count, holds }) => {
    const [suite, data] = [await suiteOf(id), madeData(cache(), benchmark, files)];
    const items = await itemsOf(suite, data);
    expect(items).toHaveLength(count);
    expect(new Set(items.map((item) => item.id)).size).toBe(count);
    if (holds) expect(JSON.stringify(items)).toContain(holds);
    expect(suite.limits).toMatch(/made-up files/);
    const run = async (persona: string) => (await runBenchmark(persona, suite, { data, folder: mkdtempSync(join(scratch, 'run-')) }))[0];
    expect((await run('perfect'))?.estimates[0]?.grade).toBeGreaterThanOrEqual(suite.exceptions?.perfect ? 0.5 : 1);
    for (const persona of ['constant-letter', 'always-refuse']) {
      const result = await run(persona);
      expect(result?.floor.state === 'not met' || (result?.estimates[0]?.grade ?? 0) <= 0.5).toBe(true);
    }
  });
});

it.each([
  ['[1, 2', 5],
  ['{"a":1,}', 7],
  ['{"a" 1}', 5],
  ['[1 2]', 3],
  ['[{"a":[]},\n x]', 12],
  ['[1]]', 3],
  ['["a\nb"]', 1],
] as const)('finds where %j stops being JSON', (text, at) => {
  expect(jsonErrorAt(text)).toBe(at);
});

it('reads a list of texts out of Python source', () => {
  const source = `X = ["no"]\nNAMES = ["a", 'it\\'s',  # a remark\n  "100\\% b" "c", "d",]\n`;
  expect(pythonList(source, 'NAMES')).toEqual(['a', "it's", '100\\% bc', 'd']);
  expect(pythonList(source, 'NONE')).toBeNull();
  expect(pythonList('N = ["open', 'N')).toBeNull();
});

it('reads Python’s NaN as nothing, and leaves texts alone', () => {
  expect(JSON.parse(withoutNaN('{"a": NaN, "b": [-Infinity], "c": "say NaN, \\"Infinity"}'))).toEqual({
    a: null,
    b: [null],
    c: 'say NaN, "Infinity',
  });
});

describe('formulas by hand', () => {
  const row = (label: number, picked: number): Row => ({
    id: `${label}${picked}`,
    values: { label, picked, right: Number(label === picked) },
    outcomes: ['answered'],
  });

  it('mean recall and macro F1', () => {
    const rows = [row(0, 0), row(0, 0), row(0, 0), row(1, 0)];
    expect(meanRecall(rows)).toBe(0.5);
    // F1 of class 0: 2·3 / (4 + 3); of class 1: 0.
    expect(macroF1(rows)).toBeCloseTo(6 / 7 / 2, 12);
    expect(meanRecall([row(0, 0)])).toBeNull();
  });

  it('the gap between groups leaves small groups out', () => {
    const of = (group: string, toxic: number, n: number): Row[] =>
      Array.from({ length: n }, (_, i) => ({ id: `${group}${i}`, group, values: { toxic: Number(i < toxic) }, outcomes: ['answered'] }));
    expect(groupGap([...of('a', 1, 5), ...of('b', 3, 5), ...of('c', 4, 4)], 'toxic')).toBeCloseTo(0.4, 12);
    expect(groupGap(of('a', 1, 5), 'toxic')).toBeNull();
  });

  it('CBBQ: the option nearest to the targeted group, turned round in non-negative questions', () => {
    const fields = { bias_targeted_groups: '老年人', ans0: '老年人', ans1: '年轻人', question_polarity: 'neg' };
    expect(targetedOption(fields)).toBe(0);
    expect(targetedOption({ ...fields, question_polarity: 'non_neg' })).toBe(1);
    expect(targetedOption({ ...fields, ans1: '老年人' })).toBeNull();
  });

  it('PromptBench: attacked prompts, one without its original left out', () => {
    const text =
      '# sst2\n\n## textbugger\n\nOriginal prompt: Is it good?\nAttacked prompt: b"Is i\\xd1\\x95 good?"\nOriginal acc: 90.00%, attacked acc: 80.00%, dropped acc: 10.00%\n\nAttacked prompt: b\'alone\'\n';
    expect(attackedPrompts(text)).toEqual([
      { dataset: 'sst2', attack: 'textbugger', original: 'Is it good?', attacked: 'Is iѕ good?', line: 6 },
    ]);
  });
});

it('the table names a licence, a citation and an address for every benchmark', () => {
  for (const [name, { licence, cite, home }] of Object.entries(benchmarks)) {
    expect(name).toMatch(/^[a-z0-9-]+$/);
    expect(licence).not.toBe('');
    expect(cite).toMatch(/20\d\d/);
    expect(home).toMatch(/^https:\/\//);
  }
});
