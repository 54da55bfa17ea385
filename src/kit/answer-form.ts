import type { Response } from '../types.ts';

const stops = new Set(['end', 'length', 'filter']);
const finite = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const listOf = (value: unknown, fits: (each: unknown) => boolean): boolean =>
  value === undefined || (Array.isArray(value) && value.every(fits));
const isText = (value: unknown): boolean => typeof value === 'string';

/** Whether a value read from a file is a response: what suites are handed is one, whoever wrote the recording. */
export function isResponse(value: unknown): value is Response {
  if (value === null || typeof value !== 'object') return false;
  const held = value as Record<string, unknown>;
  if (held.ok === false) return isText(held.error);
  return (
    held.ok === true &&
    isText(held.text) &&
    stops.has(held.stop as string) &&
    finite(held.tokens) &&
    finite(held.ms) &&
    (held.promptTokens === undefined || finite(held.promptTokens)) &&
    (held.thinking === undefined || isText(held.thinking)) &&
    listOf(held.logprobs, (each) => each === null || finite(each)) &&
    listOf(held.optionTokens, finite) &&
    listOf(held.ids, finite) &&
    listOf(held.top, isText)
  );
}
