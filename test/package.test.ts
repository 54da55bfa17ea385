import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './support/cli.ts';
import { licencePage, neededPackages, type Package } from './support/licences.ts';

const megabyte = 1e6;
const needed = neededPackages();

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .reduce((sum, entry) => sum + (entry.isDirectory() ? bytesIn(join(folder, entry.name)) : lstatSync(join(folder, entry.name)).size), 0);
}

describe('the package', () => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    }),
  ) as { size: number; unpackedSize: number; files: { path: string }[] }[];

  it('is 5 MB at most as a tarball, and holds no tests', () => {
    expect(packed?.size).toBeLessThan(5 * megabyte);
    expect(packed?.size).toBeGreaterThan(0.5 * megabyte);
    expect(packed?.files.filter(({ path }) => /^(test|docs|runners\/.*\.ts|node_modules)\b/.test(path))).toEqual([]);
    expect(packed?.files.map(({ path }) => path)).toEqual(expect.arrayContaining(['dist/src/cli.js', 'LICENSE', 'SECURITY.md']));
  });

  it('takes 80 MB at most when installed, onnxruntime-node apart', () => {
    const others = needed.filter(({ name }) => name !== 'onnxruntime-node');
    expect(others.length).toBeGreaterThan(15);
    const bytes = others.reduce((sum, { folder }) => sum + bytesIn(folder), packed?.unpackedSize ?? Number.NaN);
    expect(bytes).toBeLessThan(80 * megabyte);
    expect(bytes).toBeGreaterThan(5 * megabyte);
  });
});

describe('what is depended upon', () => {
  const lock = (
    JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { integrity?: string; resolved?: string; hasInstallScript?: boolean; link?: boolean }>;
    }
  ).packages;
  const locked = ({ folder }: Package) => lock[relative(root, folder).replaceAll('\\', '/')];

  it('is locked by hash, each package', () => {
    const open = Object.entries(lock).filter(([path, { integrity, link }]) => path !== '' && !link && !/^sha512-/.test(integrity ?? ''));
    expect(open.map(([path]) => path)).toEqual([]);
  });

  it('needs no installation script: only onnxruntime-node has one, which fetches the CUDA files that are optional', () => {
    expect(needed.filter((each) => locked(each)?.hasInstallScript).map(({ name }) => name)).toEqual(['onnxruntime-node']);
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toContain('onnxruntime-node-install=skip');
  });

  it('is listed with licences in docs/dependencies.md (npm run docs writes it), all of them permissive', () => {
    expect(readFileSync(join(root, 'docs/dependencies.md'), 'utf8')).toBe(licencePage(needed));
    const permissive = /^\(?(MIT|ISC|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|0BSD|BlueOak-1\.0\.0|Unlicense|CC0-1\.0)( OR .*)?\)?$/;
    expect(needed.filter(({ licence }) => !permissive.test(licence)).map(({ name, licence }) => `${name}: ${licence}`)).toEqual([]);
  });
});
