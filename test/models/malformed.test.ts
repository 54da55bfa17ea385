import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { dataIn } from '../../src/data.ts';
import { loadSuites, suiteNames } from '../../src/load.ts';
import { type Data, type Suite, UserError } from '../../src/types.ts';
import { itemsOf } from '../support/benchmark-data.ts';
import { madeBenchmarks } from '../support/made-benchmarks.ts';
import { sharedFolder } from '../support/shared-folder.ts';

/** Every reader against its own files, changed and broken: nothing but items alike, or an error that names the file and the place. */
const folder = join(sharedFolder, 'data');
const there = existsSync(join(folder, 'index.json'));
if (!there) console.warn(`SKIPPED: ${folder} is not there; set PLUMBLINE_SHARED`);

const scratch = mkdtempSync(join(tmpdir(), 'plumbline-malformed-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const most = 40;

/** The files a suite reads, of each kind one. */
async function filesOf(suite: Suite, cache: string): Promise<{ readonly benchmark: string; readonly file: string }[]> {
  const inner = dataIn(cache);
  const read = new Map<string, { benchmark: string; file: string }>();
  const note = (benchmark: string, file: string) => {
    // A file of records, not of instructions or lists.
    const kind = `${benchmark} ${/\.(\w+)$/.exec(file)?.[1]}`;
    if (/\.(?:jsonl|json|csv|tsv)$/.test(file) && !read.has(kind)) read.set(kind, { benchmark, file });
  };
  const noting =
    <T>(read: (benchmark: string, file: string) => T) =>
    (benchmark: string, file: string): T => {
      note(benchmark, file);
      return read(benchmark, file);
    };
  const watched: Data = {
    files: (benchmark) => inner.files(benchmark),
    text: noting((benchmark, file) => inner.text(benchmark, file)),
    lines: noting((benchmark, file) => inner.lines(benchmark, file)),
    chunks: noting((benchmark, file) => inner.chunks(benchmark, file)),
  };
  await itemsOf(suite, watched);
  return [...read.values()];
}

const contentOf = (path: string): string => {
  const found = existsSync(path) ? path : `${path}.gz`;
  const bytes = readFileSync(found);
  return (found.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').replace(/^\uFEFF/, '');
};

/** The beginning of a file, in its own form. */
function shortened(file: string, text: string): string {
  if (file.endsWith('.jsonl')) return `${text.split('\n').slice(0, most).join('\n')}\n`;
  if (!file.endsWith('.json')) return text;
  const value = JSON.parse(text.replace(/\bNaN\b/g, 'null')) as unknown;
  return Array.isArray(value) && typeof value[0] === 'object' ? JSON.stringify(value.slice(0, most), null, 1) : text;
}

/** A cache like the shared folder but for one file. */
function cacheWith(benchmark: string, file: string, content: string | Uint8Array, gz: boolean): Data {
  const cache = mkdtempSync(join(scratch, 'c-'));
  const data = join(cache, 'data');
  mkdirSync(data);
  for (const name of readdirSync(folder)) if (name !== benchmark) symlinkSync(join(folder, name), join(data, name));
  const copy = (inside: string) => {
    for (const entry of readdirSync(join(folder, benchmark, inside), { withFileTypes: true })) {
      const path = join(inside, entry.name);
      if (entry.isDirectory()) copy(path);
      else if (path.replace(/\.gz$/, '') !== file) {
        mkdirSync(dirname(join(data, benchmark, path)), { recursive: true });
        symlinkSync(join(folder, benchmark, path), join(data, benchmark, path));
      }
    }
  };
  copy('');
  const target = join(data, benchmark, gz ? `${file}.gz` : file);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
  return dataIn(cache);
}

/** Broken forms of a file; `strict`: the reader must refuse it. */
function* broken(file: string, text: string): Generator<{ readonly what: string; readonly text: string; readonly strict: boolean }> {
  if (/\.[ct]sv$/.test(file)) {
    const [head = '', ...rows] = text.split('\n');
    const mark = file.endsWith('.tsv') ? '\t' : ',';
    const columns = head.split(mark);
    for (const [i] of columns.entries())
      yield {
        what: `column ${i + 1} renamed`,
        text: [columns.map((c, j) => (i === j ? 'zzz' : c)).join(mark), ...rows].join('\n'),
        strict: false,
      };
    yield {
      what: 'a row with a cell more',
      text: [head, `${rows[0] ?? ''}${mark}more`, ...rows.slice(1)].join('\n'),
      strict: !rows[0]?.includes('"'),
    };
    yield { what: 'a quote never closed', text: `${text}"open`, strict: true };
    return;
  }
  yield {
    what: 'cut off in the middle',
    text: text
      .slice(0, Math.floor(text.length * 0.6))
      .trimEnd()
      .replace(/[}\]]$/, ''),
    strict: true,
  };
  if (file.endsWith('.jsonl')) {
    const lines = text.trimEnd().split('\n');
    yield { what: 'a line that is no JSON', text: [lines[0], '{"a":', ...lines.slice(1)].join('\n'), strict: true };
    yield { what: 'a line that is a list', text: [lines[0], '[1]', ...lines.slice(1)].join('\n'), strict: true };
    const second = JSON.parse(lines[1] ?? '{}') as Record<string, unknown>;
    for (const key of Object.keys(second)) {
      const { [key]: _, ...rest } = second;
      yield { what: `'${key}' missing in line 2`, text: [lines[0], JSON.stringify(rest), ...lines.slice(2)].join('\n'), strict: false };
    }
    return;
  }
  yield { what: 'a number instead', text: '7', strict: true };
  const value = JSON.parse(text) as unknown;
  if (!Array.isArray(value) || typeof value[1] !== 'object' || value[1] === null) return;
  for (const key of Object.keys(value[1] as object)) {
    const { [key]: _, ...rest } = value[1] as Record<string, unknown>;
    yield { what: `'${key}' missing in record 2`, text: JSON.stringify([value[0], rest, ...value.slice(2)], null, 1), strict: false };
  }
}

const suites = there
  ? (await loadSuites(suiteNames(), process.cwd())).filter((suite) => suite.named && !suite.judge && !(suite.id in madeBenchmarks))
  : [];
const link = join(scratch, 'whole');
if (there) {
  mkdirSync(link);
  symlinkSync(folder, join(link, 'data'));
}

describe.skipIf(!there).each(suites.map((suite) => [suite.id, suite] as const))('%s', (_, suite) => {
  it('reads its files in every form, and names what is broken', async () => {
    let refused = 0;
    for (const { benchmark, file } of await filesOf(suite, link)) {
      const text = shortened(file, contentOf(join(folder, benchmark, file)));
      const items = await itemsOf(suite, cacheWith(benchmark, file, text, false));
      const forms = [
        cacheWith(benchmark, file, `\uFEFF${text.replaceAll('\n', '\r\n')}`, false),
        cacheWith(benchmark, file, gzipSync(text), true),
      ];
      for (const form of forms) expect(await itemsOf(suite, form)).toEqual(items);
      const packed = gzipSync(text);
      const place = new RegExp(`${file.split('/').at(-1)?.replace(/[.+]/g, '\\$&')}(?:\\.gz)?:\\d+`);
      await expect(itemsOf(suite, cacheWith(benchmark, file, packed.subarray(0, packed.length / 2), true))).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringMatching(place),
      });
      for (const { what, text: bad, strict } of broken(file, text)) {
        const outcome = await itemsOf(suite, cacheWith(benchmark, file, bad, false)).then(
          () => null,
          (error: unknown) => error,
        );
        if (outcome === null) {
          expect([file, what, strict]).toEqual([file, what, false]);
          continue;
        }
        refused++;
        expect([file, what, outcome instanceof UserError, String(outcome)]).toEqual([file, what, true, String(outcome)]);
        expect([what, (outcome as UserError).message]).toEqual([what, expect.stringContaining(file.split('/').at(-1) ?? '')]);
      }
    }
    if (!/confaide|toxigen|winobias/.test(suite.id)) expect(refused).toBeGreaterThan(1);
  });
});
