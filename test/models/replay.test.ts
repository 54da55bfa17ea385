import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plumbline, root } from '../support/cli.ts';

const shared = process.env.PLUMBLINE_SHARED ?? resolve(root, '../shared');
const cases = join(shared, 'replay/cases.json');
if (!existsSync(cases)) console.warn(`SKIPPED: ${cases} is not there; set PLUMBLINE_SHARED`);

describe.skipIf(!existsSync(cases))('recordings of published models give the published scores', () => {
  it('every case is within its tolerance', async () => {
    const { code, out, err } = await plumbline(['replay-check', cases, '--json']);
    expect(err).toBe('');
    const checked = JSON.parse(out) as { id: string; ok: boolean }[];
    expect(checked.length).toBeGreaterThanOrEqual(442);
    expect(checked.filter(({ ok }) => !ok)).toEqual([]);
    expect(code).toBe(0);
  });
});
