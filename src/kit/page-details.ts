/** Figures a suite computed for the pages (`Result.details`), recognised by their shape, so that a new suite's details are shown without code. */
import type { Json } from '../types.ts';
import { type Dot, dotOf, type Plane, type Point, planeOf } from './figure.ts';
import { short, type Words } from './words.ts';

type Record_ = { readonly [key: string]: Json };
export interface FigureView {
  readonly title: string;
  readonly plane: Plane | null;
  /** Rows of name, dot on the 0–1 line and number. */
  readonly dots: readonly { readonly name: string; readonly value: string; readonly plot: Dot }[];
  readonly table: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } | null;
  readonly pairs: readonly { readonly name: string; readonly value: string }[];
  readonly text: string;
}

/** `attackFamilies` → `attack families`. */
export const spaced = (key: string): string =>
  key
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
    .replace(/[_-]+/g, ' ')
    .trim();

const isObject = (value: Json | undefined): value is Record_ => typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: Json | undefined): value is null | boolean | number | string =>
  value === null || ['boolean', 'number', 'string'].includes(typeof value);
const numberIn = (record: Record_, ...names: readonly string[]): number | null => {
  for (const name of names) if (typeof record[name] === 'number') return record[name];
  return null;
};

export function scalarText(value: Json): string {
  if (value === null) return '–';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : short(value, Math.abs(value) < 0.1 ? 3 : 2);
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '✓' : '✗';
  if (Array.isArray(value)) return (value as readonly Json[]).map((v) => scalarText(v)).join(' ');
  return JSON.stringify(value);
}

const blank = (title: string): FigureView => ({ title, plane: null, dots: [], table: null, pairs: [], text: '' });

/** One figure a key, in the order of the keys. */
export function figuresOf(details: Record_, w: Words): FigureView[] {
  const scalars = Object.entries(details).filter(([, value]) => isScalar(value));
  const figures = Object.entries(details)
    .filter(([, value]) => !isScalar(value))
    .flatMap(([key, value]) => figureOf(spaced(key), value, w));
  if (scalars.length === 0) return figures;
  return [{ ...blank(''), pairs: scalars.map(([key, value]) => ({ name: spaced(key), value: scalarText(value) })) }, ...figures];
}

function figureOf(title: string, value: Json, w: Words): FigureView[] {
  if (Array.isArray(value)) return listFigure(title, value as readonly Json[], w);
  if (!isObject(value)) return [];
  const entries = Object.entries(value);
  if (entries.length === 0) return [];
  const inner = entries.map(([name, v]) =>
    isObject(v) ? ([name, v] as const) : typeof v === 'number' ? ([name, { value: v }] as const) : null,
  );
  if (inner.every((e) => e !== null))
    return [
      dotsOf(title, inner) ??
        tableOf(
          title,
          inner.map(([name, r]) => ({ '': name, ...r })),
        ),
    ];
  // A mixture: its lists and records are figures of their own, the rest stands beside them.
  const pairs = entries.filter(([, v]) => isScalar(v)).map(([name, v]) => ({ name: spaced(name), value: scalarText(v) }));
  const rest = entries.filter(([, v]) => !isScalar(v)).flatMap(([name, v]) => figureOf(`${title}: ${spaced(name)}`, v, w));
  return pairs.length === 0 ? rest : [{ ...blank(title), pairs }, ...rest];
}

function listFigure(title: string, value: readonly Json[], w: Words): FigureView[] {
  const records = value.filter(isObject);
  if (value.length === 0) return [];
  if (records.length !== value.length) return [{ ...blank(title), text: value.map((v) => scalarText(v)).join(' · ') }];
  return [
    curveOf(title, records, w) ??
      riskOf(title, records) ??
      dotsOf(
        title,
        records.map((r) => [nameIn(r), r] as const),
      ) ??
      tableOf(title, records),
  ];
}

const nameIn = (record: Record_): string => {
  const named = Object.values(record).find((v) => typeof v === 'string');
  return typeof named === 'string' ? named : '';
};

/** Bins with a confidence and an accuracy: the calibration curve. */
function curveOf(title: string, records: readonly Record_[], w: Words): FigureView | null {
  const points: Point[] = [];
  for (const record of records) {
    const x = numberIn(record, 'confidence', 'meanConfidence', 'predicted');
    const y = numberIn(record, 'accuracy', 'observed', 'right', 'correct');
    if (x === null || y === null || x < 0 || x > 1 || y < 0 || y > 1) return null;
    points.push({ x, y, low: numberIn(record, 'low'), high: numberIn(record, 'high') });
  }
  if (points.length < 2) return null;
  points.sort((a, b) => a.x - b.x);
  const says = points.map((p) => `${short(p.x)} → ${short(p.y)}`).join(', ');
  const plane = planeOf({
    points,
    xTitle: w.confidence,
    yTitle: w.rightness,
    says: `${w.calibration}. ${says}`,
    joined: true,
    diagonal: true,
  });
  return { ...blank(`${title} · ${w.calibration}`), plane };
}

/** Risk against coverage: how often it is wrong when only its surest answers count. */
function riskOf(title: string, records: readonly Record_[]): FigureView | null {
  const points: Point[] = [];
  for (const record of records) {
    const [x, y] = [numberIn(record, 'coverage'), numberIn(record, 'risk')];
    if (x === null || y === null) return null;
    points.push({ x, y });
  }
  if (points.length < 2) return null;
  const ends = [points[0], points.at(-1)].map((p) => `${short(p?.x)} → ${short(p?.y)}`).join(', ');
  const plane = planeOf({ points, xTitle: 'coverage', yTitle: 'risk', says: `${title}. ${ends}`, joined: true, bare: true });
  return { ...blank(title), plane };
}

/** The one number of a record that a dot can stand for. */
function valueIn(record: Record_): number | null {
  const named = numberIn(record, 'value', 'rate', 'share', 'accuracy', 'success', 'mean', 'asr');
  if (named !== null) return named;
  const others = Object.entries(record).filter(
    ([key, v]) => typeof v === 'number' && !['n', 'low', 'high', 'count', 'items'].includes(key),
  );
  return others.length === 1 ? (others[0]?.[1] as number) : null;
}

/** Named values between 0 and 1, with an interval where they bring one. */
function dotsOf(title: string, entries: readonly (readonly [string, Record_])[]): FigureView | null {
  const dots: { name: string; value: string; plot: Dot }[] = [];
  for (const [name, record] of entries) {
    const value = valueIn(record);
    if (value === null || value < 0 || value > 1 || name === '') return null;
    const n = numberIn(record, 'n', 'count', 'items');
    const text = `${short(value)}${n === null ? '' : `  n ${n}`}`;
    const interval = isObject(record.interval) ? record.interval : record;
    const plot = dotOf({ value, low: numberIn(interval, 'low'), high: numberIn(interval, 'high'), quiet: true, says: '' });
    dots.push({ name, value: text, plot });
  }
  return dots.length === 0 ? null : { ...blank(title), dots: dots.slice(0, 24) };
}

function tableOf(title: string, records: readonly Record_[]): FigureView {
  const head = [...new Set(records.flatMap((r) => Object.keys(r)))].slice(0, 10);
  const rows = records.slice(0, 24).map((record) => head.map((key) => (key in record ? scalarText(record[key] as Json) : '')));
  return { ...blank(title), table: { head: head.map(spaced), rows } };
}
