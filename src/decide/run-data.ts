/** Run folders for decisions: results read at once, rows when asked for, suites by name. */
import { manifestOf, readResult, readRows, resultIds } from '../engine/run-folder.ts';
import { loadSuites } from '../load.ts';
import type { Trusted } from '../trusted.ts';
import { type Manifest, type Row, type Suite, UserError } from '../types.ts';
import type { RunData } from './compare.ts';

/** Opens a finished run; refuses an incomplete one unless told otherwise. */
export function openRunData(folder: string, options: { readonly incomplete: boolean }): RunData {
  const manifest = manifestOf(folder);
  const results = resultIds(folder).map((id) => readResult(folder, id));
  if (results.length === 0) throw new UserError(`${folder} has no results`, `plumbline score ${folder}`, 3);
  if (!manifest.complete && !options.incomplete)
    throw new UserError(
      `${folder} is not complete: ${results.reduce((sum, r) => sum + r.missing, 0)} items have no answer`,
      'the same run command goes on where it stopped; --allow-incomplete decides on what is there',
      3,
    );
  const held = new Map<string, readonly Row[]>();
  const rows = (id: string): readonly Row[] => {
    const known = held.get(id) ?? readRows(folder, id);
    held.set(id, known);
    return known;
  };
  return { manifest, results, rows };
}

interface Naming {
  readonly cwd: string;
  readonly trusted: Trusted;
}

/** The suites of some results, by id; those whose code cannot be loaded are absent. */
export async function suitesFor(ids: readonly string[], manifest: Manifest, { cwd, trusted }: Naming): Promise<ReadonlyMap<string, Suite>> {
  const found = new Map<string, Suite>();
  const files = manifest.options.suites.filter((name) => /[./\\].*\.\w+$/.test(name));
  for (const name of [...new Set([...ids, ...files])]) {
    try {
      for (const suite of await loadSuites([name], cwd, trusted)) found.set(suite.id, suite);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return found;
}
