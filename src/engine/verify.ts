import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { answerLineSchema, resultSchema } from '../formats.ts';
import { canonical, identityHash, sha256 } from '../kit/key.ts';
import { type Manifest, type Row, UserError } from '../types.ts';
import type { Plan } from './plan.ts';
import { profileOf } from './profile.ts';
import { Recording } from './recording.ts';
import { answersFile, linesOf, resultIds, rowLines } from './run-folder.ts';
import { type ScoreContext, scored } from './score.ts';
import { fileHash, Leaves, leavesFile, merkleRoot, readSeal, sealedPaths, sealFile } from './seal.ts';

/** One thing that does not agree: where it is and what is wrong. */
export interface Problem {
  readonly where: string;
  readonly what: string;
}

/** Compares a folder with its seal: every file, every answer, the root. No problem: byte for byte what was sealed. */
export async function sealProblems(folder: string): Promise<Problem[]> {
  const seal = readSeal(folder);
  if (seal === null) return [{ where: sealFile, what: 'there is none: the run was never finished' }];
  if (typeof seal === 'string') return [{ where: sealFile, what: seal }];
  const problems: Problem[] = [];
  const there = new Set(sealedPaths(folder));
  for (const [path, hash] of Object.entries(seal.files)) {
    if (!there.has(path)) problems.push({ where: path, what: 'is missing' });
    else if ((await fileHash(join(folder, path))) !== hash)
      problems.push(...(path === answersFile ? answerProblems(folder) : [{ where: path, what: notSealed }]));
  }
  for (const path of there) if (!(path in seal.files)) problems.push({ where: path, what: 'was not there when the run was sealed' });
  return problems.length > 0 ? problems : rootProblems(folder, seal);
}

const notSealed = 'is not the file that was sealed';
/** Of a recording whose bytes are not the sealed ones, but whose answers are. */
export const reordered = 'holds the answers that were sealed, in another order or with other bytes between them';

/** What was changed in a recording that is not the sealed one. */
function answerProblems(folder: string): Problem[] {
  const path = join(folder, answersFile);
  try {
    using recording = Recording.open(path, 'read');
    const torn =
      recording.end === statSync(path).size ? [] : [{ where: `${answersFile}, byte ${recording.end}`, what: 'the last line is torn' }];
    const named = [...torn, ...leafProblems(Leaves.of(recording.lines()).lines(), linesOf(join(folder, leavesFile)), recording)];
    return named.length > 0 ? named : [{ where: answersFile, what: reordered }];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ where: answersFile, what: error.message }];
  }
}

/** A seal whose root is not that of its own answers was not made by sealing this recording. */
function rootProblems(folder: string, seal: { readonly root: string; readonly answers: number; readonly files: object }): Problem[] {
  if (!(answersFile in seal.files)) return [{ where: answersFile, what: 'is missing' }];
  using recording = Recording.open(join(folder, answersFile), 'read');
  const leaves = Leaves.of(recording.lines());
  if (merkleRoot(leaves) === seal.root && leaves.length === seal.answers)
    return [...leafProblems(leaves.lines(), linesOf(join(folder, leavesFile)), recording)];
  return [{ where: sealFile, what: `its root over ${seal.answers} answers is not that of the ${leaves.length} in ${answersFile}` }];
}

/** Walks two sorted lists of leaves side by side. */
function leafProblems(now: Iterator<string>, then: Iterator<string>, recording: Recording): Problem[] {
  const problems: Problem[] = [];
  const next = (lines: Iterator<string>): string | null => {
    const { value, done } = lines.next();
    return done ? null : value;
  };
  const placed = (line: string | null) => {
    const key = line?.slice(0, 32) ?? '';
    const place = /^[0-9a-f]{32}$/.test(key) ? recording.placeOf(key) : null;
    return `${answersFile}, ${place ? `byte ${place.at}, ` : ''}answer ${key}`;
  };
  let [held, sealed] = [next(now), next(then)];
  while ((held !== null || sealed !== null) && problems.length < 50) {
    if (held === sealed) [held, sealed] = [next(now), next(then)];
    else if (sealed === null || (held !== null && held < sealed)) {
      problems.push({ where: placed(held), what: 'is not the answer that was sealed' });
      held = next(now);
    } else {
      problems.push({ where: placed(sealed), what: 'was sealed and is not there any more' });
      sealed = next(then);
    }
  }
  return problems;
}

/** First place where two JSON values differ, as a path; null when they are equal. */
export function difference(a: unknown, b: unknown, path = ''): string | null {
  if (canonical(a) === canonical(b)) return null;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return path || '(whole)';
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  for (const key of keys) {
    const found = difference((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], path ? `${path}.${key}` : key);
    if (found !== null) return found;
  }
  return path || '(whole)';
}

/** What run.json says against itself. */
export function manifestProblems(manifest: Manifest): Problem[] {
  const problems: Problem[] = [];
  for (const role of ['model', 'judge', 'toxicity'] as const) {
    const held = manifest[role];
    if (held && identityHash(held.identity) !== held.hash)
      problems.push({ where: `run.json, ${role}.hash`, what: 'is not the hash of the identity beside it' });
  }
  return problems;
}

/** Scores the raw answers again and compares every result, row and the profile with what the folder holds. */
export function scoreProblems(folder: string, manifest: Manifest, plans: readonly Plan[], context: ScoreContext): Problem[] {
  const problems: Problem[] = [];
  const results = [];
  for (const plan of plans) {
    const rows = new RowCheck(folder, plan.id);
    const result = scored(plan, context, (row) => rows.take(row));
    results.push(result);
    const path = `results/${plan.id}.json`;
    const stored = existsSync(join(folder, path)) ? parsedOrNull(readFileSync(join(folder, path), 'utf8')) : null;
    if (stored === null) problems.push({ where: path, what: 'is missing or no JSON value' });
    else if (!resultSchema.safeParse(stored).success) problems.push({ where: path, what: 'is not a result' });
    else {
      const at = difference(stored, JSON.parse(JSON.stringify(result)));
      if (at !== null) problems.push({ where: `${path}, ${at}`, what: 'is not what the answers give' });
    }
    problems.push(...rows.problems());
  }
  for (const id of resultIds(folder))
    if (!(id in manifest.suites)) problems.push({ where: `results/${id}.json`, what: 'is of no suite that the run names' });
  const at = difference(manifest.profile, JSON.parse(JSON.stringify(profileOf(results))));
  if (at !== null) problems.push({ where: `run.json, profile.${at}`, what: 'is not what the results give' });
  return problems;
}

/** Compares rows, as they come, with the lines of a run's folder. */
class RowCheck {
  readonly #path: string;
  readonly #lines: Generator<string>;
  #line = 0;
  #problem: Problem | null = null;

  constructor(folder: string, id: string) {
    this.#path = `rows/${id}.jsonl`;
    this.#lines = rowLines(folder, id);
  }

  take(row: Row): void {
    if (this.#problem) return;
    this.#line++;
    if (this.#lines.next().value !== JSON.stringify(row)) this.#differs(`, item ${row.id}`);
  }

  problems(): Problem[] {
    if (!this.#problem && !this.#lines.next().done) {
      this.#line++;
      this.#differs('');
    }
    this.#lines.return(undefined);
    return this.#problem ? [this.#problem] : [];
  }

  #differs(item: string): void {
    this.#problem = { where: `${this.#path}, line ${this.#line}${item}`, what: 'is not what the answers give' };
  }
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Lines of the recording that do not fit the format, by key. */
export function lineProblems(recording: Recording): Problem[] {
  const problems: Problem[] = [];
  for (const { key, bytes } of recording.lines()) {
    const value = parsedOrNull(Buffer.from(bytes).toString('utf8'));
    if (!answerLineSchema.safeParse(value).success)
      problems.push({ where: `${answersFile}, answer ${key}`, what: 'does not fit the format' });
    if (problems.length >= 20) break;
  }
  return problems;
}

/** Short hash of a whole run, for people: the seal's. */
export function sealHash(folder: string): string {
  return sha256(readFileSync(join(folder, sealFile), 'utf8'));
}
