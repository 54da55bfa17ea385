/** A real model against variants of itself: runs, drift of next tokens, page; interrupted and gone on with. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/kit/comparison.ts';
import type { Manifest } from '../../src/types.ts';
import { plumbline, start, temporary } from '../support/cli.ts';
import { realModel } from '../support/real-models.ts';

const model = realModel('smollm2');
const env = { PLUMBLINE_CACHE: process.env.PLUMBLINE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'plumbline') };
const json = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

describe.skipIf(!model)('run --against-quantize on a real model', () => {
  it('int8 stays near, int4 of a 4-bit file does not; killed, the same command goes on', async () => {
    using to = temporary();
    const args = ['run', model ?? '', '--against-quantize', 'int8,int4', '-s', 'reliability/facts', '--limit', '6', '-q', '-o', to.path];
    const child = start(args, { env });
    const gone = new Promise((done) => child.on('close', done));
    await Promise.race([gone, sleep(4000)]);
    child.kill('SIGKILL');
    await gone;
    const { code, out } = await plumbline(args, { env });
    expect(code).toBe(0);
    expect(out).toMatch(/C .* \(int4\)/);
    expect(out.match(/Next-token distributions on a fixed text: KL/g)).toHaveLength(2);
    expect(existsSync(join(to.path, 'comparison/compare.html'))).toBe(true);
    const comparison = json<Comparison>(join(to.path, 'comparison/comparison.json'));
    const [int8, int4] = comparison.pairs.map(({ drift }) => drift);
    expect(int8?.kl).toBeLessThan(0.01);
    expect(int8?.agreement).toBeGreaterThan(0.9);
    expect(int4?.kl).toBeGreaterThan(0.05);
    expect(int4?.agreement).toBeLessThan(int8?.agreement ?? 0);
    expect(int8?.nats?.[0]).toBeCloseTo(int8?.nats?.[1] ?? 0, 1);
    const folder = comparison.runs[2]?.name.replace(/ \((int4)\)$/, '-$1') ?? '';
    const manifest = json<Manifest>(join(to.path, folder, 'run.json'));
    expect(manifest.command.join(' ')).toMatch(/--quantize int4$/);
    expect(manifest.command.join(' ')).not.toContain('against');
    // Nothing is asked any more: the same figures, speed and memory included.
    expect((await plumbline(args, { env })).code).toBe(0);
    expect(json<Manifest>(join(to.path, folder, 'run.json')).facts).toEqual(manifest.facts);
    expect(json<Comparison>(join(to.path, 'comparison/comparison.json')).pairs).toEqual(comparison.pairs);
  });
});
