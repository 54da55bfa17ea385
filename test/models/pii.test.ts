import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { enronAddresses } from '../../src/measure/pii-figures.ts';
import { sharedFolder } from '../support/shared-folder.ts';

const there = existsSync(join(sharedFolder, 'data/decodingtrust/privacy/enron_email2name.json.gz'));
if (!there) console.warn('pii: the shared folder is not there (PLUMBLINE_SHARED); the Enron addresses are not looked at');

describe.skipIf(!there)('e-mail addresses of the Enron corpus', () => {
  it('at least 99 of 100 are found, as they are', () => {
    const { positives, found } = enronAddresses(sharedFolder);
    expect(positives).toBeGreaterThan(3000);
    expect(found / positives).toBeGreaterThanOrEqual(0.99);
  });
});
