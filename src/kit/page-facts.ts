/** What a model is and what a run cost, as names and texts. */
import type { Json } from '../types.ts';
import { scalarText, spaced } from './page-details.ts';
import { bytesText, count, manyText, short } from './words.ts';

export interface FactView {
  readonly name: string;
  readonly value: string;
  /** Short enough to stay on one line. */
  readonly brief: boolean;
  /** So long that it has a line of its own. */
  readonly wide: boolean;
}

export const factOf = (name: string, value: string): FactView => ({ name, value, brief: value.length <= 14, wide: value.length > 40 });

/** Figures by a number, as tokens a second by length. */
const isSeries = (record: { readonly [key: string]: Json }): boolean => {
  const entries = Object.entries(record);
  return entries.length > 0 && entries.every(([key, value]) => /^\d+$/.test(key) && typeof value === 'number');
};
const seriesText = (record: { readonly [key: string]: Json }): string =>
  Object.entries(record)
    .map(([key, value]) => `${key}: ${Number(Number(value).toPrecision(3))}`)
    .join(' · ');

function factText(key: string, value: Json): string {
  if (typeof value !== 'number') return Array.isArray(value) ? value.map((v) => scalarText(v as Json)).join(', ') : scalarText(value);
  if (/bytes|^forecast /i.test(key)) return bytesText(value);
  if (/(^|[^a-z])ms$|Ms\b|milliseconds/i.test(key))
    return value >= 1000 ? `${short(value / 1000, 1)} s` : `${Number(value.toPrecision(3))} ms`;
  if (/seconds$/i.test(key) && !/per/i.test(key)) return `${Number(value.toPrecision(3))} s`;
  if (/parameters/i.test(key)) return manyText(value);
  if (/perSecond|tokensPer|rate/i.test(key)) return `${Number(value.toPrecision(3))} tokens/s`;
  return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(4)));
}
/** Facts as names and texts; records inside are taken apart, lists of records and empty values left out. */
export function factsOf(facts: { readonly [key: string]: Json } | undefined, before = ''): FactView[] {
  return Object.entries(facts ?? {}).flatMap(([key, value]): FactView[] => {
    if (value === null || value === '' || value === false) return [];
    const name = `${before}${spaced(key)}`;
    if (typeof value === 'object' && !Array.isArray(value)) {
      const record = value as { [key: string]: Json };
      return isSeries(record) ? [factOf(name, seriesText(record))] : factsOf(record, `${name} `);
    }
    if (Array.isArray(value) && value.some((v) => typeof v === 'object')) return [];
    return [factOf(name.replace(/ (bytes|ms|tokens per second|per second)$/i, ''), factText(`${before}${key}`, value))];
  });
}
