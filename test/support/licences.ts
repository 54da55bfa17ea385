/** The packages that an installation brings, optional ones apart, and the page that lists their licences. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './cli.ts';

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly folder: string;
}
interface Read {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const read = (folder: string): Read => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Read;

/** A package's folder as Node finds it from another package's. */
function folderOf(name: string, from: string): string {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === dirname(at)) throw new Error(`${name} is not installed beside ${from}`);
  }
}

/** All that package.json's dependencies bring, by name. */
export function neededPackages(): Package[] {
  const found = new Map<string, Package>();
  const open = [root];
  for (const from of open)
    for (const name of Object.keys(read(from).dependencies ?? {})) {
      const folder = folderOf(name, from);
      if (found.has(folder)) continue;
      const { version, license } = read(folder);
      found.set(folder, { name, version, licence: license ?? 'unknown', folder });
      open.push(folder);
    }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** docs/dependencies.md. */
export function licencePage(packages: readonly Package[]): string {
  const direct = new Set(Object.keys(read(root).dependencies ?? {}));
  const row = ({ name, version, licence }: Package) =>
    `| ${name} | ${version} | ${licence} | ${direct.has(name) ? 'itself' : 'by another'} |`;
  return `# Dependencies and their licences

Plumbline is Apache-2.0. An installation brings these packages; \`npm run docs\` writes this page from what is installed, a test keeps it true. No installation script is needed (onnxruntime-node has one, which fetches CUDA files).
Optional, installed by you where you need them: \`@duckdb/node-api\` (MIT), \`aws4fetch\` (MIT), \`bullmq\` (MIT), \`node-llama-cpp\` (MIT). Every run folder holds a bill of materials of the packages it ran with (\`sbom.cdx.json\`, CycloneDX), every release one of the package.

| package | version | licence | asked for |
|---|---|---|---|
${packages.map(row).join('\n')}
`;
}
