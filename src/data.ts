import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
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
  /** Decoded pieces as they come, without a byte-order mark, lines ended by \n alone; errors name the file and the line reached. */
  async function* chunks(benchmark: string, file: string): AsyncGenerator<string> {
    const path = pathOf(benchmark, file);
    const raw = createReadStream(path, { highWaterMark: 1 << 18 });
    const input = path.endsWith('.gz') ? raw.pipe(createGunzip({ chunkSize: 1 << 18 })) : raw;
    raw.on('error', (error) => input.destroy(error));
    const decoder = new TextDecoder();
    let [line, held] = [1, ''];
    try {
      for await (const bytes of input) {
        const text = held + decoder.decode(bytes as Buffer, { stream: true });
        // A carriage return at the end may be half of a line's end.
        held = text.endsWith('\r') ? '\r' : '';
        const whole = (held ? text.slice(0, -1) : text).replaceAll('\r\n', '\n');
        for (let at = whole.indexOf('\n'); at >= 0; at = whole.indexOf('\n', at + 1)) line++;
        if (whole !== '') yield whole;
      }
      const rest = held + decoder.decode();
      if (rest !== '') yield rest;
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${path}:${line}: ${(error as Error).message}`, `plumbline data pull ${benchmark} fetches it again`);
    } finally {
      raw.destroy();
    }
  }
  return {
    chunks,
    async *lines(benchmark, file) {
      let [line, held] = [0, ''];
      for await (const piece of chunks(benchmark, file)) {
        const parts = (held + piece).split('\n');
        held = parts.pop() ?? '';
        for (const text of parts) {
          line++;
          if (text.trim() !== '') yield { line, text };
        }
      }
      if (held.trim() !== '') yield { line: line + 1, text: held };
    },
    async text(benchmark, file) {
      const pieces: string[] = [];
      for await (const piece of chunks(benchmark, file)) pieces.push(piece);
      return pieces.join('');
    },
    async files(benchmark) {
      const folder = folderOf(benchmark);
      const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
        (entry) => !entry.isDirectory() && !entry.name.startsWith('.') && !entry.name.endsWith('.part'),
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
