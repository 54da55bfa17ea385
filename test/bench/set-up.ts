/** Installs the peers into a folder of their own, and makes from a GGUF file what the ONNX peers run. What is there is not made again. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const windows = process.platform === 'win32';
const loud = { stdio: ['ignore', 2, 2] as ['ignore', number, number], shell: windows };
export const pythonIn = (folder: string, venv: string): string => join(folder, venv, windows ? 'Scripts/python.exe' : 'bin/python');

/** Package of node_modules by its import name. */
const nodePeers = ['node-llama-cpp', '@huggingface/transformers'];

function setUpNode(folder: string): void {
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}');
  const missing = nodePeers.filter((name) => !existsSync(join(folder, 'node_modules', name)));
  // onnxruntime's CUDA files are not needed, and come from another registry.
  if (missing.length > 0)
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--onnxruntime-node-install=skip', ...missing], { ...loud, cwd: folder });
  for (const name of ['took.mjs', 'node-llama-cpp.mjs', 'transformers-js.mjs']) copyFileSync(join(here, 'peers', name), join(folder, name));
}

function venv(folder: string, name: string): (packages: readonly string[]) => void {
  execFileSync('python3', ['-m', 'venv', join(folder, name)], loud);
  return (packages) => execFileSync(pythonIn(folder, name), ['-m', 'pip', 'install', '-q', ...packages], loud);
}

/** Two environments: optimum wants an older transformers. The second takes torch from the first: it is several gigabytes. */
function setUpPython(folder: string): void {
  if (!existsSync(join(folder, 'venv', 'ready'))) {
    venv(folder, 'venv')(['torch', 'lm-eval', 'transformers', 'accelerate', 'gguf', 'typer', 'onnx', 'onnx-ir', 'onnxruntime-genai']);
    writeFileSync(join(folder, 'venv', 'ready'), '');
  }
  if (existsSync(join(folder, 'venv-export', 'ready'))) return;
  const install = venv(folder, 'venv-export');
  const packagesOf = (name: string): string =>
    execFileSync(pythonIn(folder, name), ['-c', 'import sysconfig; print(sysconfig.get_paths()["purelib"])'], { encoding: 'utf8' }).trim();
  writeFileSync(join(packagesOf('venv-export'), 'zz-torch.pth'), `${packagesOf('venv')}\n`);
  install(['optimum-onnx[onnxruntime]']);
  writeFileSync(join(folder, 'venv-export', 'ready'), '');
}

export function setUp(folder: string): void {
  mkdirSync(folder, { recursive: true });
  setUpNode(folder);
  setUpPython(folder);
}

export type Form = 'hf' | 'optimum' | 'genai';

/** The folder of a form of the model; why it could not be made otherwise. */
export function exported(
  folder: string,
  from: { model: string; out: string },
  form: Form,
): { readonly path: string } | { readonly why: string } {
  const path = join(from.out, form);
  if (!existsSync(join(path, 'done'))) {
    mkdirSync(from.out, { recursive: true });
    if (form !== 'hf') {
      const plain = exported(folder, from, 'hf');
      if ('why' in plain) return plain;
    }
    process.stderr.write(`exporting ${from.model} as ${form}\n`);
    try {
      const python = pythonIn(folder, form === 'optimum' ? 'venv-export' : 'venv');
      execFileSync(python, [join(here, 'peers', 'export.py'), from.model, from.out, form], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        stdio: 'pipe',
      });
    } catch (error) {
      const said = String((error as { stderr?: string }).stderr ?? error)
        .trim()
        .split('\n');
      return { why: `not exported: ${said.at(-1)?.slice(0, 200) ?? ''}` };
    }
  }
  return readdirSync(path).length > 1 ? { path } : { why: 'not exported: the folder is empty' };
}
