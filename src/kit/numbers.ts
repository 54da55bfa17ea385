/** Numbers as readers see them. Pure. */

/** `.58`, `1.00`, `−.14`: two decimals without the leading zero, a true minus sign. `–` for null. */
export function short(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const fixed = Math.abs(value).toFixed(digits);
  const text = fixed.startsWith('0.') ? fixed.slice(1) : fixed;
  return value < 0 && Number(text) !== 0 ? `\u2212${text}` : text;
}

const isShare = (unit: string) => unit === 'share' || unit === 'difference of shares';
const hundredths = (value: number) => String(Math.round(value * 100)).replace('-', '\u2212');

/** A metric's value in its own unit: shares as `31 of 100`, others with what precision they bear. */
export function inUnit(value: number | null, unit: string, ofHundred = '{n} of 100'): string {
  if (value === null) return '–';
  if (isShare(unit)) return ofHundred.replace('{n}', hundredths(value));
  return Math.abs(value) >= 100 ? count(Math.round(value)) : short(value, Math.abs(value) >= 10 ? 1 : 2);
}

/** `24–39` for shares (of 100), `.24–.39` for the rest; `−.20 … .10` where an end is negative. */
export function intervalText(low: number, high: number, unit: string): string {
  const [a, b] = isShare(unit) ? [hundredths(low), hundredths(high)] : [inUnit(low, unit), inUnit(high, unit)];
  return b.startsWith('\u2212') || a.startsWith('\u2212') ? `${a} … ${b}` : `${a}–${b}`;
}

/** 4812 → `4,812`. */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** A percentage that never rounds a little to nothing: `0.3`, `< 0.1`, `12`. */
export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0';
  const p = (part / whole) * 100;
  return p < 0.1 ? '< 0.1' : p < 10 ? p.toFixed(1) : String(Math.round(p));
}

/** 98123456 → `98 MB` (decimal units, as models are advertised). */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const at = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const scaled = bytes / 1000 ** at;
  return `${scaled >= 100 || at === 0 ? Math.round(scaled) : Number(scaled.toPrecision(2))} ${units[at]}`;
}

/** 134500000 → `134.5 M`. */
export function manyText(n: number): string {
  if (n >= 1e9) return `${Number((n / 1e9).toFixed(2))} B`;
  if (n >= 1e6) return `${Number((n / 1e6).toFixed(1))} M`;
  return count(Math.round(n));
}

/** The day of an ISO time, as it stands there. */
export const dayOf = (iso: string): string => (/^\d{4}-\d{2}-\d{2}/.test(iso) ? iso.slice(0, 10) : iso);
