import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip, gunzipSync } from 'node:zlib';
import { type Data, UserError } from './types.ts';

/** Benchmarks' files in the cache: `<cache>/data/<benchmark>/…`, plain or gzip. */
export function dataIn(cacheDir: string): Data {
  const folderOf = (benchmark: string): string => {
    const folder = join(cacheDir, 'data', benchmark);
    if (!existsSync(folder))
      throw new UserError(
        `the benchmark '${benchmark}' is not at hand`,
        `plumbline data pull ${benchmark}, or plumbline data pull ${benchmark} --from <folder>`,
      );
    return folder;
  };
  const pathOf = (benchmark: string, file: string): string => {
    const path = join(folderOf(benchmark), file);
    const found = [path, `${path}.gz`].find(existsSync);
    if (!found) throw new UserError(`the benchmark '${benchmark}' has no file ${file} at hand`, `plumbline data pull ${benchmark}`);
    return found;
  };
  return {
    async *lines(benchmark, file) {
      const path = pathOf(benchmark, file);
      const raw = createReadStream(path);
      const input = path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw;
      raw.on('error', (error) => input.destroy(error));
      let line = 0;
      try {
        for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
          line++;
          const clean = line === 1 ? text.replace(/^\uFEFF/, '') : text;
          if (clean.trim() !== '') yield { line, text: clean };
        }
      } catch (error) {
        throw new UserError(`${path}:${line + 1}: ${(error as Error).message}`, `plumbline data pull ${benchmark} fetches it again`);
      }
    },
    async text(benchmark, file) {
      const path = pathOf(benchmark, file);
      const bytes = readFileSync(path);
      return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').replace(/^\uFEFF/, '');
    },
    async files(benchmark) {
      const folder = folderOf(benchmark);
      const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
        (entry) => entry.isFile() && !entry.name.startsWith('.') && !entry.name.endsWith('.part'),
      );
      return entries
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(folder.length + 1)
            .replaceAll('\\', '/')
            .replace(/\.gz$/, ''),
        )
        .sort();
    },
  };
}
