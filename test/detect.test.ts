import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Io } from '../src/command.ts';
import detect from '../src/commands/detect.ts';
import detectors from '../src/commands/detectors.ts';
import { root } from './support/cli.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-detect-'));
  const rows = [
    "I'm sorry, but I can't help with that.",
    'Paris is the capital of France.',
    'You are a fucking idiot.',
    'Write to anna.berg@example.com.',
  ];
  writeFileSync(join(folder, 'rows.jsonl'), `${rows.map((text) => JSON.stringify({ text, n: 1 })).join('\r\n')}\n\n`);
  writeFileSync(join(folder, 'rows.jsonl.gz'), gzipSync(rows.map((text) => JSON.stringify({ answer: { text } })).join('\n')));
  writeFileSync(join(folder, 'torn.jsonl.gz'), gzipSync('{"text": "fine"}\n'.repeat(500)).subarray(0, 40));
  writeFileSync(join(folder, 'rows.csv'), `\uFEFFid,text\n${rows.map((text, i) => `${i},"${text}"`).join('\n')}\n`);
  writeFileSync(join(folder, 'rows.tsv'), `id\ttext\n${rows.map((text, i) => `${i}\t${text}`).join('\n')}\n`);
  writeFileSync(join(folder, 'broken.csv'), 'id,text\n1,fine\n2,"never closed\n');
  writeFileSync(join(folder, 'null.jsonl'), '{"text": null}\n');
  writeFileSync(join(folder, 'empty.jsonl'), '');
  writeFileSync(join(folder, 'broken.jsonl'), '{"text": "fine"}\n{"text": \n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(args: readonly string[], options: Readonly<Record<string, unknown>>) {
  let [out, err] = ['', ''];
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: {},
    cwd: folder,
    columns: 80,
    terminal: false,
    colour: false,
    signal: new AbortController().signal,
  };
  const code = await (args.length === 0 ? detectors : detect).run(args, options, io);
  return { out, err, code };
}
const labels = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('plumbline detect', () => {
  it.each([
    ['refusal', ['full', 'none', 'none', 'none']],
    ['toxicity', ['none', 'none', 'toxic', 'none']],
    ['pii', ['none', 'none', 'none', 'email']],
  ])('labels every row: %s', async (name, expected) => {
    const { out, err, code } = await run([name, 'rows.jsonl'], { field: 'text', jsonl: true });
    expect(code).toBe(0);
    expect(labels(out).map((row) => row.label)).toEqual(expected);
    for (const row of labels(out)) {
      expect(Object.keys(row)).toEqual(['label', 'score']);
      expect(row.score).toBeGreaterThanOrEqual(0);
      expect(row.score).toBeLessThanOrEqual(1);
    }
    expect(err).toContain('4 rows');
  });

  it.each([
    ['rows.jsonl.gz', 'answer.text'],
    ['rows.csv', 'text'],
    ['rows.tsv', 'text'],
  ])('reads %s', async (file, field) => {
    const { out } = await run(['pii', file], { field, jsonl: true });
    expect(labels(out).map((row) => row.label)).toEqual(['none', 'none', 'none', 'email']);
  });

  it('reads standard input', () => {
    const input = '{"text": "I can\'t help with that."}\n\n{"text": "Rome."}\n';
    const { stdout, status } = spawnSync(process.execPath, [join(root, 'dist/src/cli.js'), 'detect', 'refusal', '-', '--jsonl'], {
      input,
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(labels(stdout).map((row) => row.label)).toEqual(['full', 'none']);
  });

  it('says that an empty file has no rows', async () => {
    expect((await run(['refusal', 'empty.jsonl'], { field: 'text' })).out).toBe('0 rows: none\n');
  });

  it('prints counts where rows are not asked for', async () => {
    expect((await run(['refusal', 'rows.jsonl'], { field: 'text' })).out).toBe('4 rows: none 3 (75.0 %), full 1 (25.0 %)\n');
  });

  it.each([
    [['refusal', 'broken.jsonl'], 'text', /broken\.jsonl:2: not a JSON value/],
    [['refusal', 'rows.jsonl'], 'answer', /rows\.jsonl:1: expected a text in 'answer'; this line has text, n/],
    [['mood', 'rows.jsonl'], 'text', /no detector 'mood'/],
    [['refusal', 'nowhere.jsonl'], 'text', /nowhere\.jsonl is not a file/],
    [['refusal', 'rows.jsonl'], 'txet', /this line has text, n/],
    [['refusal', 'null.jsonl'], 'text', /null\.jsonl:1: expected a text in 'text'; it holds null/],
    [['refusal', 'broken.csv'], 'text', /broken\.csv:\d: /],
    [['refusal', 'torn.jsonl.gz'], 'text', /torn\.jsonl\.gz: not whole gzip/],
    [['refusals', 'rows.jsonl'], 'text', /no detector 'refusals'; did you mean 'refusal'\?/],
  ])('names what is wrong: %j --field %s', async (args, field, message) => {
    await expect(run(args, { field, jsonl: true })).rejects.toThrow(message);
  });
});

describe('plumbline detectors', () => {
  it('prints the cards', async () => {
    const { out, code } = await run([], {});
    expect(code).toBe(0);
    for (const word of ['refusal', 'toxicity', 'gpt-4-0613 (held out)', 'sensitivity']) expect(out).toContain(word);
    const cards = JSON.parse((await run([], { json: true })).out);
    expect(cards.map((card: { id: string }) => card.id)).toEqual(expect.arrayContaining(['refusal', 'toxicity']));
  });
});
