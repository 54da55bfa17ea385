import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { sharedFolder } from '../support/shared-folder.ts';
import { tinyFolder, tinyModel } from '../support/tiny-fixture.ts';

const folder = join(sharedFolder, 'parity');
/** SwiftShader, as Debian's chromium brings it: a WebGPU device made of software. A machine's own device is taken where VK_DRIVER_FILES is set. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
const driver = process.env.VK_DRIVER_FILES ?? (existsSync(swiftShader) ? swiftShader : undefined);
const here = driver !== undefined && existsSync(folder);
if (!here) console.warn('SKIPPED: WebGPU parity: install chromium and libvulkan1 (SwiftShader) and set PLUMBLINE_SHARED');

const runnerChild = (model: string) => child('runner', model);

function child(...args: readonly string[]): { stdout: string; stderr: string } {
  const tsx = createRequire(import.meta.url).resolve('tsx/cli');
  const script = fileURLToPath(new URL('../support/webgpu-parity.ts', import.meta.url));
  const env = { ...process.env, VK_DRIVER_FILES: driver, XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? '/tmp' };
  return spawnSync(process.execPath, [tsx, script, ...args], { encoding: 'utf8', env, maxBuffer: 256 << 20 });
}

/** Operator types that onnxruntime's verbose log says were placed on the CPU. */
function onCpu(log: string): string[] {
  const found = new Set<string>();
  let cpu = false;
  for (const line of log.replace(/\u001b\[[0-9;]*m/g, '').split('\n')) {
    const place = /placed on \[(\w+)\]/.exec(line)?.[1];
    if (place !== undefined) cpu = place === 'CPUExecutionProvider';
    const [, type, name = ''] = /VerifyEachNodeIsAssignedToAnEp\]\s+(\w+) \(([^)]*)\)/.exec(line) ?? [];
    if (cpu && type !== undefined) found.add(name.startsWith('draw.') ? `draw.${type}` : type);
  }
  return [...found].toSorted();
}

describe.skipIf(!here)('WebGPU', () => {
  const names = here ? readdirSync(folder).filter((name) => !name.includes('.')) : [];
  test.each(names)('%s: log-probabilities within 1e-3, greedy tokens equal', (name) => {
    const { stdout, stderr } = child('parity', join(folder, name));
    expect(stdout, stderr.slice(-2000)).not.toBe('');
    const result = JSON.parse(stdout) as { worst: number; greedy: boolean };
    expect(result.worst).toBeLessThan(1e-3);
    expect(result.greedy).toBe(true);
  });

  test('the runner on WebGPU answers as on the processor, its cache on the device: rows of all lengths, shared beginnings, options', async () => {
    const { stdout, stderr } = runnerChild(join(folder, 'llama'));
    expect(stdout, stderr.slice(-2000)).not.toBe('');
    const { texts, worst, answers } = JSON.parse(stdout) as { texts: boolean; worst: number; answers: number };
    expect(answers).toBe(15);
    expect(texts).toBe(true);
    expect(worst).toBeLessThan(1e-3);
  });

  // Latent attention, a choice of experts by groups, short convolutions: kinds that the parity set lacks.
  test.each(['deepseek-v2-lite', 'deepseek-v3', 'granite-moe', 'lfm2-moe'])('%s of the tiny models: the same', (name) => {
    const made = tinyModel(name);
    copyFileSync(join(tinyFolder, name, 'reference.json'), join(made, 'reference.json'));
    const { stdout, stderr } = child('parity', made);
    expect(stdout, stderr.slice(-2000)).not.toBe('');
    const result = JSON.parse(stdout) as { worst: number; greedy: boolean };
    expect(result.worst).toBeLessThan(1e-3);
    expect(result.greedy).toBe(true);
  });

  // Positions and indices (int64), cos and sin of them, and the branch that draws a token: nothing of a layer.
  const allowed =
    'Add Cast Concat Cos Equal Expand Gather GatherElements Greater Identity If Less Max Min Or Range ReduceMax ReduceProd Reshape Shape Sin Slice Squeeze Sub Unsqueeze Where draw.Add draw.Min draw.Mul draw.Where'.split(
      ' ',
    );
  test.each(names)('%s: only sizes, places and the last choice of a token are computed on the CPU', (name) => {
    const { stderr, stdout } = child('placement', join(folder, name));
    const left = onCpu(stderr + stdout);
    expect(left).toContain('Shape');
    expect(left.filter((type) => !allowed.includes(type))).toEqual([]);
  });
});
