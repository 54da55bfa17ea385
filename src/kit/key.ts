import { hash } from 'node:crypto';
import type { Identity, Json, Request } from '../types.ts';

/** JSON with keys in code-unit order and no white space: equal values give equal texts. Undefined members are left out. */
export function canonical(value: unknown): string {
  if (typeof value === 'number') return Number.isFinite(value) ? `${value}` : 'null';
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  let text = '';
  for (const key of sortedKeys(value)) {
    const held = (value as Readonly<Record<string, unknown>>)[key];
    if (held !== undefined) text += `${text === '' ? '' : ','}${named(key)}${canonical(held)}`;
  }
  return `{${text}}`;
}

const named = (key: string): string => (/^\w+$/.test(key) ? `"${key}":` : `${JSON.stringify(key)}:`);

/** In code-unit order; most objects have few keys, and many have them in that order already. */
function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] as string) > (keys[i] as string)) return keys.sort();
  return keys;
}

/** sha256 of a text in hexadecimal digits. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Hash of a runner's identity. */
export function identityHash(identity: Identity): string {
  return sha256(canonical(identity as Json));
}

/** The recording's key: 128 bits of sha256 over the identity's hash and the request without its script. */
export function keyOf(identity: string, request: Request): string {
  const { prompt, want } = request;
  return sha256(`${identity}\n{"prompt":${canonical(prompt)},"want":${canonical(want)}}`).slice(0, 32);
}
