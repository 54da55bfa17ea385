import { copyFileSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { plumbline } from '../support/cli.ts';
import { realModel } from '../support/real-models.ts';
import { writeFilled } from '../support/tiny-fixture.ts';

const from = fileURLToPath(new URL('../fixtures/real-adapter/smollm2', import.meta.url));
const model = realModel('smollm2');

/** Numbers of the real peft on the dequantised weights: test/reference/make-adapters.py. */
describe.skipIf(!model)('a PEFT adapter on a real GGUF, by the command line', () => {
  const adapter = mkdtempSync(join(tmpdir(), 'plumbline-adapter-'));
  mkdirSync(adapter, { recursive: true });
  copyFileSync(join(from, 'adapter_config.json'), join(adapter, 'adapter_config.json'));
  writeFilled(
    join(adapter, 'adapter_model.safetensors'),
    JSON.parse(readFileSync(join(from, 'tensors.json'), 'utf8')) as Record<string, number[]>,
  );
  const reference = JSON.parse(readFileSync(join(from, 'reference.json'), 'utf8')) as { input_ids: number[]; token_logprobs: number[] };
  const logprobs = async (...more: readonly string[]): Promise<number[]> => {
    const { code, out, err } = await plumbline([
      'trace',
      model ?? '',
      '--ids',
      reference.input_ids.join(','),
      '--json',
      '--device',
      'cpu',
      ...more,
    ]);
    expect(code, err).toBe(0);
    return (JSON.parse(out) as { logprobs: (number | null)[] }).logprobs.slice(1).map((each) => each ?? Number.NaN);
  };
  const furthest = (got: readonly number[]): number =>
    Math.max(...reference.token_logprobs.map((each, i) => Math.abs(each - (got[i] ?? Number.NaN))));

  test('every log-probability within 1e-3; without it far from that', async () => {
    expect(furthest(await logprobs('--adapter', adapter))).toBeLessThan(1e-3);
    expect(furthest(await logprobs())).toBeGreaterThan(0.5);
  });
});
