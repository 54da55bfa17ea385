/** What the run folders under a folder hold at this moment; recordings are read only where they grew. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { answersFile, readManifest, resultIds } from '../engine/run-folder.ts';
import type { RunState } from '../kit/overview.ts';
import { type Manifest, UserError } from '../types.ts';

interface Seen {
  readonly bytes: number;
  readonly answers: number;
  /** Answers and times of the last looks, oldest first. */
  readonly looks: readonly { readonly at: number; readonly answers: number }[];
}

/** Names of run folders: '' for the folder itself. */
export function runNames(folder: string): string[] {
  if (existsSync(join(folder, 'run.json'))) return [''];
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'run.json')))
    .map((entry) => entry.name)
    .sort();
}

/** Newlines of a file between two places. */
function linesBetween(path: string, from: number, to: number): number {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(1 << 16);
    let lines = 0;
    for (let at = from; at < to; ) {
      const read = readSync(file, buffer, 0, Math.min(buffer.length, to - at), at);
      if (read === 0) break;
      for (let i = 0; i < read; i++) if (buffer[i] === 10) lines++;
      at += read;
    }
    return lines;
  } finally {
    closeSync(file);
  }
}

/** The manifest; a damaged one must not hide the other runs. */
function manifestIn(path: string): Manifest | 'damaged' | null {
  try {
    return readManifest(path);
  } catch (error) {
    if (error instanceof UserError) return 'damaged';
    throw error;
  }
}

const damaged = (name: string): RunState => ({
  ...{ name, model: name, preset: '', created: '', answers: 0, rate: null, items: 0, results: 0, suites: 0 },
  ...{ state: 'damaged', profile: [] },
});

const span = 10_000;
/** A run that wrote nothing for this long is not going on. */
const silence = 60_000;

/** Looks again at every run. `seen` is what the last look gave. */
export function look(
  folder: string,
  seen: ReadonlyMap<string, Seen>,
  now: number,
): { readonly runs: RunState[]; readonly seen: Map<string, Seen> } {
  const next = new Map<string, Seen>();
  const runs = runNames(folder).flatMap((name) => {
    const path = join(folder, name);
    const manifest = manifestIn(path);
    if (!manifest) return [];
    if (manifest === 'damaged') return [damaged(name)];
    const answersPath = join(path, answersFile);
    const bytes = existsSync(answersPath) ? statSync(answersPath).size : 0;
    const before = seen.get(name);
    const grown = before && before.bytes <= bytes ? before : { bytes: 0, answers: 0, looks: [] };
    const answers = grown.answers + (bytes > grown.bytes ? linesBetween(answersPath, grown.bytes, bytes) : 0);
    const looks = [...grown.looks.filter((l) => now - l.at < span), { at: now, answers }];
    next.set(name, { bytes, answers, looks });
    const first = looks[0];
    const seconds = first ? (now - first.at) / 1000 : 0;
    const rate = first && seconds > 0 && answers > first.answers ? (answers - first.answers) / seconds : null;
    const fresh = bytes > 0 && now - statSync(answersPath).mtimeMs < silence;
    const state = manifest.finished === null ? (fresh ? 'running' : 'stopped') : manifest.complete ? 'finished' : 'incomplete';
    return [
      {
        name,
        model: manifest.model.name,
        preset: manifest.options.preset,
        created: manifest.created,
        answers,
        rate: state === 'running' ? rate : null,
        items: Object.values(manifest.suites).reduce((sum, s) => sum + s.count, 0),
        results: resultIds(path).length,
        suites: Object.keys(manifest.suites).length,
        state,
        profile: manifest.profile.map(({ dimension, grade, low, high }) => ({ dimension, grade, low, high })),
      } satisfies RunState,
    ];
  });
  return { runs, seen: next };
}
