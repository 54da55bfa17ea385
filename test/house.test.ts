import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../src/commands.ts';

const root = resolve(import.meta.dirname, '..');

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

/** What a file imports: relative paths from the root, or bare names. */
function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  const found = [...text.matchAll(/(?:^|\s)(?:import|export)\s[^;'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|^import\s+'([^']+)'/gm)];
  const names = found.map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  return names.map((name) => (name.startsWith('.') ? relative(root, resolve(root, path, '..', name)) : name));
}

const all = ['src', 'suites', 'runners', 'reports'].flatMap(filesIn);
const disk = /^(node:)?(fs|fs\/promises|net|http|https|child_process|worker_threads|dgram|tls|readline|dns)(\/|$)/;

describe('who may import whom', () => {
  it('finds the files', () => {
    expect(all.length).toBeGreaterThan(30);
    expect(importsOf('src/cli.ts')).toContain('src/commands.ts');
  });

  it('types import nothing', () => {
    expect(importsOf('src/types.ts')).toEqual([]);
  });

  it('the kit imports types and itself; only its readers touch the disk', () => {
    const doors = new Set(['src/kit/items.ts']);
    const wrong = filesIn('src/kit').flatMap((file) =>
      importsOf(file)
        .filter((name) =>
          name.startsWith('src/') ? !name.startsWith('src/kit/') && name !== 'src/types.ts' : disk.test(name) && !doors.has(file),
        )
        .map((name) => `${file} → ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('suites, runners and reports import types and kit, never each other nor the core', () => {
    const wrong = ['suites', 'runners', 'reports'].flatMap((folder) =>
      filesIn(folder).flatMap((file) => {
        // A runner of several files is one folder of its own.
        const [top = '', second = ''] = file.split('/');
        const own =
          folder === 'runners' && second !== '' && !second.endsWith('.ts')
            ? join(top, second)
            : folder === 'suites'
              ? join(top, second)
              : top;
        return importsOf(file)
          .filter((name) => /^(src|suites|runners|reports)\//.test(name))
          .filter((name) => name !== 'src/types.ts' && !name.startsWith('src/kit/') && !name.startsWith(`${own}/`))
          .map((name) => `${file} → ${name}`);
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('the core reaches the three folders only through load.ts', () => {
    const wrong = filesIn('src').flatMap((file) =>
      importsOf(file)
        .filter((name) => /^(suites|runners|reports)\//.test(name))
        .map((name) => `${file} → ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('suites and reports touch neither disk nor network', () => {
    const wrong = [...filesIn('suites'), ...filesIn('reports')].flatMap((file) =>
      importsOf(file)
        .filter((name) => disk.test(name))
        .map((name) => `${file} → ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('only the command line prints, exits or reads the environment', () => {
    const allowed = (file: string) =>
      [
        'src/cli.ts',
        'src/main.ts',
        'src/offline-child.ts',
        'src/work-child.ts',
        'runners/onnx/ort.ts',
        'runners/onnx/start-child.ts',
      ].includes(file) ||
      file.startsWith('src/commands/') ||
      /^runners\/\w+\/child\.ts$/.test(file);
    const talk = /\bconsole\.(log|error|warn|info)\(|process\.(stdout|stderr|env|exit)\b/;
    const wrong = all
      .filter((file) => !allowed(file))
      .filter((file) => talk.test(readFileSync(join(root, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')));
    expect(wrong).toEqual([]);
  });

  it('onnxruntime is loaded in one place, which silences it', () => {
    const loads = /await import\('onnxruntime-node'\)|^import (?!type)[^;]*'onnxruntime-node'/m;
    expect(all.filter((file) => loads.test(readFileSync(join(root, file), 'utf8')))).toEqual(['runners/onnx/ort.ts']);
  });

  it('native code and network clients live in runners', () => {
    const heavy = /^(onnxruntime-node|node-llama-cpp|undici|@huggingface\/hub)/;
    // Fetching a benchmark is no question to a model: it goes through the environment's proxies by undici, loaded when asked for.
    const wrong = all
      .filter((file) => !file.startsWith('runners/') && file !== 'src/pull-data.ts')
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => heavy.test(name))
          .map((name) => `${file} → ${name}`),
      );
    expect(wrong).toEqual([]);
  });
});

describe('the habit of small files', () => {
  it('keeps files at 300 lines or a little more, the words aside', () => {
    const long = all
      .map((file) => [file, readFileSync(join(root, file), 'utf8').split('\n').length] as const)
      .filter(([file, lines]) => lines > 330 && file !== 'src/types.ts');
    expect(long.map(([file]) => file)).toEqual([]);
  });
});

describe('commands', () => {
  it('the table of commands is the folder of commands', () => {
    const files = readdirSync(join(root, 'src/commands')).filter(
      (name) => statSync(join(root, 'src/commands', name)).isFile() && name.endsWith('.ts'),
    );
    expect(Object.keys(commands).sort()).toEqual(files.map((name) => name.replace(/\.ts$/, '')).sort());
  });
});
