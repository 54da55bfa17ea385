/**
 * llama.cpp for tests, from packages that ship it built: node-llama-cpp (npm) and xllamacpp (PyPI), whose server is llama.cpp's own. They are
 * installed into the cache once: `npx tsx test/support/llama-peers.ts`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const nodeVersion = '3.22.1';
const serverVersion = '2026.10.11549';
const folder = join(process.env.PLUMBLINE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'plumbline'), 'peers');
const nodeFolder = join(folder, `node-llama-cpp-${nodeVersion}`);
const serverFolder = join(folder, `xllamacpp-${serverVersion}`);

const missing = (what: string): null => {
  console.warn(`SKIPPED: tests with ${what}: npx tsx test/support/llama-peers.ts installs it`);
  return null;
};

/** A folder from which node-llama-cpp is found; null, said aloud, when it is not installed. */
export function nodeLlamaCpp(): string | null {
  return existsSync(join(nodeFolder, 'node_modules/node-llama-cpp/package.json')) ? nodeFolder : missing('node-llama-cpp');
}

const python = `import sys, time
sys.path.insert(0, sys.argv[1])
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[2]
params.n_ctx = 8192
params.n_parallel = 4
params.port = int(sys.argv[3])
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
`;

export const hasLlamaServer = (): boolean => existsSync(join(serverFolder, 'xllamacpp')) || missing("llama.cpp's server") !== null;

/** Starts llama.cpp's server on a model; ends with its standard input. */
export async function llamaServer(model: string, port: number): Promise<{ readonly base: string; readonly process: ChildProcess }> {
  const child = spawn('python3', ['-c', python, serverFolder, model, String(port)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr?.on('data', (data) => {
    said = (said + data).slice(-2000);
  });
  await new Promise<void>((done, fail) => {
    child.stdout?.on('data', (data) => String(data).includes('http') && done());
    child.once('exit', () => fail(new Error(`llama.cpp's server ended: ${said}`)));
  });
  return { base: `http://127.0.0.1:${port}/v1`, process: child };
}

function install(): void {
  const platform = `${process.platform === 'darwin' ? 'mac' : process.platform === 'win32' ? 'win' : 'linux'}-${process.arch}`;
  if (!existsSync(join(nodeFolder, 'node_modules/node-llama-cpp'))) {
    mkdirSync(nodeFolder, { recursive: true });
    writeFileSync(join(nodeFolder, 'package.json'), '{"private":true}');
    const packages = [`node-llama-cpp@${nodeVersion}`, `@node-llama-cpp/${platform}@${nodeVersion}`];
    // Without the GPU builds, and without the script that would fetch sources.
    execFileSync('npm', ['install', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], {
      cwd: nodeFolder,
      stdio: 'inherit',
    });
  }
  if (existsSync(join(serverFolder, 'xllamacpp'))) return;
  const pip = [
    '-m',
    'pip',
    'install',
    '-q',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--target',
    serverFolder,
    `xllamacpp==${serverVersion}`,
  ];
  execFileSync('python3', pip, { stdio: 'inherit' });
}

if (process.argv[1]?.endsWith('llama-peers.ts')) install();
