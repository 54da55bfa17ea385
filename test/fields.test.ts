import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModel } from '../runners/onnx/open-model.ts';
import { specOf } from '../runners/onnx/spec.ts';
import { UserError } from '../src/types.ts';
import { tinyModel } from './support/tiny-fixture.ts';

const odd: readonly unknown[] = [0, -1, 3, 1.5, 1e9, 2 ** 53, 1e300, -1e300, 1e-30, 'x', '', null, [], {}, true, [1, 2]];

/** Every field of a configuration with every odd value: a UserError with its hint, or a model; never anything else, and at once. */
describe.each(['granite', 'lfm2-moe'])('the configuration of %s, damaged', (name) => {
  test('field by field', () => {
    const folder = tinyModel(name);
    const path = join(folder, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    let refused = 0;
    for (const key of Object.keys(config))
      for (const value of odd) {
        writeFileSync(path, JSON.stringify({ ...config, [key]: value }));
        try {
          specOf(openModel(folder));
        } catch (error) {
          expect(error, `${key} = ${JSON.stringify(value)}`).toBeInstanceOf(UserError);
          expect((error as UserError).hint).toBeTruthy();
          refused += 1;
        }
      }
    expect(refused).toBeGreaterThan(100);
  });

  test('tensor by tensor: one that is lost or has another shape is refused', () => {
    const files = openModel(tinyModel(name));
    for (const [key, tensor] of files.tensors) {
      const rest = new Map(files.tensors);
      rest.delete(key);
      // A bias that only chooses experts may be absent.
      if (!key.endsWith('expert_bias')) expect(() => specOf({ ...files, tensors: rest }), key).toThrow(UserError);
      const wrong = new Map(files.tensors).set(key, { ...tensor, shape: [...tensor.shape, 2] });
      expect(() => specOf({ ...files, tensors: wrong }), key).toThrow(UserError);
    }
  });
});
