import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import classifier from '../runners/classifier.ts';
import { labelIn, labelRequest } from '../src/engine/labels.ts';
import type { Manifest, Result, Runner } from '../src/types.ts';
import { plumbline } from './support/cli.ts';
import { runnerOptions } from './support/scripted.ts';

const fixtures = new URL('./fixtures/classifiers/', import.meta.url).pathname;
interface Reference {
  readonly text: string;
  readonly probabilities: readonly number[];
}
const referenceOf = (name: string) => JSON.parse(readFileSync(join(fixtures, name, 'reference.json'), 'utf8')) as Reference[];

async function scoresOf(runner: Runner, texts: readonly string[]): Promise<(number | null)[]> {
  const scores: (number | null)[] = [];
  for await (const [i, response] of runner.answer(texts.map(labelRequest), new AbortController().signal)) scores[i] = labelIn(response);
  return scores;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-classifier-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a classifier folder', () => {
  it.each([
    ['bert-two', (p: readonly number[]) => p[1] ?? 0],
    // Several labels that stand for themselves, none of them "toxic" in general: the highest of the bad ones.
    ['distilbert-many', (p: readonly number[]) => Math.max(p[0] ?? 0, p[1] ?? 0)],
  ])('%s gives the probabilities that transformers gives, whatever the batch', async (name, toxic) => {
    await using runner = await classifier.open(join(fixtures, name), runnerOptions);
    const reference = referenceOf(name);
    const wanted = reference.map(({ probabilities }) => toxic(probabilities));
    const together = await scoresOf(
      runner,
      reference.map(({ text }) => text),
    );
    for (const [i, { text }] of reference.entries()) {
      expect(Math.abs((together[i] ?? Number.NaN) - (wanted[i] ?? 0)), text.slice(0, 30)).toBeLessThan(1e-4);
      const [alone] = await scoresOf(runner, [text]);
      expect(alone).toBeCloseTo(together[i] ?? Number.NaN, 5);
    }
    expect(new Set(wanted.map((p) => p.toFixed(3))).size).toBeGreaterThan(4);
  });

  it('takes the labels that the user names', async () => {
    const named = { ...runnerOptions, settings: { 'toxic-label': 'threat' } };
    await using runner = await classifier.open(join(fixtures, 'distilbert-many'), named);
    const [first] = referenceOf('distilbert-many');
    expect((await scoresOf(runner, [first?.text ?? '']))[0]).toBeCloseTo(first?.probabilities[1] ?? 0, 4);
    expect(runner.identity.toxic).toEqual(['threat']);
  });

  const copy = (at: string) => {
    cpSync(join(fixtures, 'bert-two'), at, { recursive: true });
    return at;
  };
  const without = (name: string) => (at: string) => {
    rmSync(join(copy(at), name));
    return at;
  };
  const having = (name: string, text: string) => (at: string) => {
    writeFileSync(join(copy(at), name), text);
    return at;
  };
  it.each([
    ['no folder', (at: string) => at, /is not a folder/],
    ['no config', without('config.json'), /has no config\.json/],
    ['no graph', without('model.onnx'), /has no model\.onnx/],
    ['a broken graph', having('model.onnx', 'x'), /cannot be opened/],
    ['a broken tokenizer', having('tokenizer.json', '{'), /tokenizer\.json: not JSON/],
    [
      'labels without a name',
      having('config.json', '{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}'),
      /LABEL_0, LABEL_1.*none is known to mean toxic/,
    ],
  ])('says what is wrong: %s', async (name, make, message) => {
    await expect(classifier.open(make(join(folder, name)), runnerOptions)).rejects.toThrow(message);
  });
});

describe('--toxicity', () => {
  const cli = (...args: string[]) => plumbline(args, { cwd: folder, env: { PLUMBLINE_CACHE: join(folder, 'cache') } });
  const bert = join(fixtures, 'bert-two');
  const read = (run: string, file: string) => readFileSync(join(folder, run, file), 'utf8');
  const result = (run: string) => JSON.parse(read(run, 'results/safety/toxicity.json')) as Result;

  it('stands in for the built-in detector: recorded, resumed, verified, scored again', async () => {
    const run = await cli('run', 'scripted:worst', '-s', 'safety/toxicity', '--preset', 'demo', '--toxicity', bert, '-o', 'own', '-q');
    expect(run.code).toBe(0);
    const manifest = JSON.parse(read('own', 'run.json')) as Manifest;
    expect(manifest.toxicity).toMatchObject({
      argument: bert,
      name: 'bert-two',
      identity: { toxic: ['toxic'], labels: ['non-toxic', 'toxic'] },
    });
    const [card] = result('own').detectors;
    expect(card).toMatchObject({ id: 'toxicity', title: 'Toxicity by the classifier bert-two, toxic from .5' });
    expect(card?.measuredOn).toContain('Sensitivity not measured');
    const before = read('own', 'answers.jsonl');
    const again = await cli('run', 'scripted:worst', '-s', 'safety/toxicity', '--preset', 'demo', '--toxicity', bert, '-o', 'own', '-q');
    expect(again.code).toBe(0);
    expect(read('own', 'answers.jsonl')).toBe(before);
    expect((await cli('verify', 'own')).code).toBe(0);
    const own = result('own');
    expect((await cli('score', 'own', '--toxicity', 'none')).code).toBe(0);
    expect(result('own').detectors[0]?.title).toBe('Toxicity of English text, toxic from .5');
    expect(result('own').estimates[0]?.value).toBeGreaterThan(0.9);
    expect((await cli('score', 'own', '--toxicity', bert)).code).toBe(0);
    expect(result('own')).toEqual(own);
  });

  it('labels what was answered before it was named', async () => {
    await cli('run', 'scripted:perfect', '-s', 'safety/toxicity', '--preset', 'demo', '-o', 'plain', '-q');
    const before = result('plain');
    expect((await cli('score', 'plain', '--toxicity', join(fixtures, 'distilbert-many'))).code).toBe(0);
    expect(result('plain').estimates[0]?.value).not.toBe(before.estimates[0]?.value);
    expect((await cli('verify', 'plain')).code).toBe(0);
  });

  it('labels a file', async () => {
    const reference = referenceOf('bert-two');
    writeFileSync(join(folder, 'rows.jsonl'), reference.map(({ text }) => `${JSON.stringify({ text })}\n`).join(''));
    const { out, code } = await cli('detect', 'toxicity', 'rows.jsonl', '--toxicity', bert, '--jsonl');
    expect(code).toBe(0);
    const rows = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { label: string; score: number });
    expect(rows.map(({ score }) => score.toFixed(3))).toEqual(reference.map(({ probabilities }) => (probabilities[1] ?? 0).toFixed(3)));
    for (const { label, score } of rows) expect(label).toBe(score >= 0.5 ? 'toxic' : 'none');
  });

  it('is not taken for another detector', async () => {
    const { err, code } = await cli('detect', 'pii', 'rows.jsonl', '--toxicity', bert);
    expect([code, err]).toEqual([2, expect.stringContaining('--toxicity names a classifier of toxicity, not of pii')]);
  });
});
