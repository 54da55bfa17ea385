import { readFileSync } from 'node:fs';
import { beside } from './kit/items.ts';

/** The package's version. */
export function version(): string {
  return (JSON.parse(readFileSync(beside(import.meta.url, '../package.json'), 'utf8')) as { version: string }).version;
}
