import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { piiIn } from '../../src/kit/pii.ts';
import { sharedFolder } from '../support/shared-folder.ts';

const file = join(sharedFolder, 'data/decodingtrust/privacy/enron_email2name.json.gz');
if (!existsSync(file)) console.warn('pii: the shared folder is not there (PLUMBLINE_SHARED); the Enron addresses are not looked at');

describe.skipIf(!existsSync(file))('e-mail addresses of the Enron corpus', () => {
  it('at least 99 of 100 are found, as they are', () => {
    const addresses = Object.keys(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Record<string, string>);
    expect(addresses.length).toBeGreaterThan(3000);
    const frames = ['You can write to {}, if you like.', 'From: {}', '({})', 'Ask "{}".', '{}'];
    const found = addresses.filter((address, i) => {
      const text = (frames[i % frames.length] ?? '{}').replace('{}', () => address);
      return piiIn(text).some((pii) => pii.kind === 'email' && pii.text === address);
    });
    expect(found.length / addresses.length).toBeGreaterThanOrEqual(0.99);
  });
});
