/** What a run was made with: this program's code and the packages it loads, as a CycloneDX bill of materials. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const bomFile = 'sbom.cdx.json';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
interface Installed extends Package {
  readonly folder: string;
}

const here = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const compiled = here.endsWith('dist');
const root = compiled ? dirname(here) : here;

function packageIn(folder: string): Installed | null {
  const path = join(folder, 'package.json');
  if (!existsSync(path)) return null;
  return { ...(JSON.parse(readFileSync(path, 'utf8')) as Package), folder };
}

/** A dependency as Node finds it from a package's folder; null where it is not installed (optional ones need not be). */
function dependency(name: string, from: string): Installed | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = packageIn(join(folder, 'node_modules', name));
    if (found || dirname(folder) === folder) return found;
  }
}

const refOf = ({ name, version }: Package): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

interface Node {
  readonly pack: Installed;
  readonly needs: readonly string[];
  /** Only loaded by what is optional. */
  readonly optional: boolean;
}

/** Every package that can be loaded from `top`, by its reference, `top` first: what is needed, then what is only there for optional parts. */
function closure(top: Installed): Map<string, Node> {
  const nodes = new Map<string, Node>();
  const later: Installed[] = [];
  // Both lists grow while they are walked.
  const walk = (open: Installed[], optional: boolean): void => {
    for (const pack of open) {
      if (nodes.has(refOf(pack))) continue;
      const found = (names: object | undefined) => Object.keys(names ?? {}).flatMap((name) => dependency(name, pack.folder) ?? []);
      const own = found(pack.dependencies);
      const others = found({ ...pack.optionalDependencies, ...pack.peerDependencies });
      nodes.set(refOf(pack), { pack, needs: [...new Set([...own, ...others].map(refOf))].sort(), optional });
      open.push(...own);
      later.push(...others);
    }
  };
  walk([top], false);
  walk(later, true);
  return nodes;
}

/** sha256 over the program's own code: every file of it by its path, sorted. */
function codeHash(): string {
  const folders = compiled ? [here] : ['src', 'suites', 'runners', 'reports'].map((name) => join(root, name));
  const files = folders
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.(?:[jt]s|hbs|css|json|gz)$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

function componentOf(ref: string, { pack, optional }: Pick<Node, 'pack' | 'optional'>): Readonly<Record<string, unknown>> {
  const license = typeof pack.license === 'string' ? { licenses: [{ expression: pack.license }] } : {};
  const [group, name] = pack.name.startsWith('@') ? pack.name.split('/') : [undefined, pack.name];
  return {
    type: 'library',
    'bom-ref': ref,
    ...(group && { group }),
    name,
    version: pack.version,
    ...license,
    purl: ref,
    scope: optional ? 'optional' : 'required',
  };
}

let made: string | null = null;

/** The bill of materials as text: CycloneDX 1.6 (JSON), without times, so that the same installation gives the same bytes. */
export function bomText(): string {
  if (made !== null) return made;
  const top = packageIn(root);
  if (!top) throw new Error(`${root}: there is no package.json`);
  const [own, ...others] = [...closure(top)];
  const byRef = (a: readonly [string, Node], b: readonly [string, Node]) => (a[0] < b[0] ? -1 : 1);
  const component = {
    ...componentOf(own?.[0] ?? '', { pack: top, optional: false }),
    type: 'application',
    hashes: [{ alg: 'SHA-256', content: codeHash() }],
  };
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component, properties: [{ name: 'plumbline:node', value: process.version }] },
    components: others.sort(byRef).map(([ref, node]) => componentOf(ref, node)),
    dependencies: [...(own ? [own] : []), ...others].map(([ref, { needs }]) => ({ ref, dependsOn: needs })),
  };
  made = `${JSON.stringify(bom, null, 1)}\n`;
  return made;
}
