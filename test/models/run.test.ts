import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { randomOf } from '../../src/kit/random.ts';
import { plumbline, start, temporary } from '../support/cli.ts';
import { realModel } from '../support/real-models.ts';

const model = realModel('smollm2');
const env = { PLUMBLINE_CACHE: process.env.PLUMBLINE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'plumbline') };

function resultsOf(run: string): Record<string, unknown> {
  const files: Record<string, unknown> = {};
  for (const entry of readdirSync(join(run, 'results'), { recursive: true, withFileTypes: true }))
    if (entry.isFile()) files[entry.name] = JSON.parse(readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  return files;
}

interface Rows {
  readonly estimates: readonly { readonly value: number | null }[];
  readonly outcomes: unknown;
}

describe.skipIf(!model)('a run on a real model', () => {
  it('killed at 20 random moments: no answer lost or doubled, the same results', async () => {
    using to = temporary();
    const args = (folder: string) => [
      'run',
      model ?? '',
      '--suite',
      'fairness/stereotypes',
      '--suite',
      'safety/harmful',
      '--preset',
      'demo',
      '--quiet',
      '-o',
      join(to.path, folder),
    ];
    expect((await plumbline(args('whole'), { env })).code).toBe(0);
    const random = randomOf('real kills');
    const path = join(to.path, 'killed/answers.jsonl');
    let kills = 0;
    let before: readonly string[] = [];
    for (let i = 0; i < 20; i++) {
      const child = start(args('killed'), { env });
      const gone = new Promise((done) => child.on('close', done));
      await Promise.race([gone, sleep(300 + random() * 3500)]);
      if (child.exitCode === null && child.kill('SIGKILL')) kills++;
      await gone;
      const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
      expect(lines.slice(0, before.length)).toEqual(before);
      const keys = lines.map((line) => line.slice(0, 40));
      expect(new Set(keys).size).toBe(keys.length);
      before = lines;
    }
    expect(kills).toBeGreaterThan(0);
    expect((await plumbline(args('killed'), { env })).code).toBe(0);
    const [whole, killed] = [resultsOf(join(to.path, 'whole')), resultsOf(join(to.path, 'killed'))];
    expect(Object.keys(killed)).toEqual(Object.keys(whole));
    for (const [name, result] of Object.entries(whole)) {
      const other = killed[name] as Rows;
      expect(other.outcomes).toEqual((result as Rows).outcomes);
      for (const [i, { value }] of (result as Rows).estimates.entries())
        expect(Math.abs((other.estimates[i]?.value ?? 0) - (value ?? 0))).toBeLessThan(1e-4);
    }
  });
});
