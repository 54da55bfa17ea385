/** Geometry of the house's figures as plain numbers; partials draw them. Lengths along the 0–1 line are percentages, so a figure fits any width. */
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';

const along = scaleLinear().domain([0, 1]).range([0, 100]).clamp(true);
/** Percent along the 0–1 line, to two decimals. */
export const percentOf = (value: number): number => Math.round(along(value) * 10) / 10;

export interface DotInput {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The control's own value and its chance level, both 0..1. */
  readonly control?: number | null;
  readonly chance?: number | null;
  /** What the figure says in words, for those who do not see it. */
  readonly says: string;
  /** The numbers stand beside it in text, so it is not read out again. */
  readonly quiet?: boolean;
  /** 'model' (blue) or 'other' (vermilion); 'grey' where the number must not be trusted. */
  readonly hue?: 'model' | 'other' | 'grey';
  readonly hollow?: boolean;
  /** Smaller dots under it: what it is the mean of. */
  readonly marks?: readonly number[];
}
export interface Dot {
  readonly says: string;
  readonly quiet: boolean;
  readonly hue: string;
  readonly hollow: boolean;
  readonly dot: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly width: number | null;
  readonly control: number | null;
  readonly chance: number | null;
  readonly marks: readonly number[];
  /** Nothing is drawn but the hatch. */
  readonly hatched: boolean;
}

const inLine = (value: number | null | undefined) =>
  value === null || value === undefined || !Number.isFinite(value) ? null : percentOf(value);

/** A dot with its interval on the 0–1 line; hatched where there is no value. */
export function dotOf(input: DotInput): Dot {
  const from = inLine(input.low);
  const to = inLine(input.high);
  return {
    says: input.says,
    quiet: input.quiet ?? false,
    hue: input.hue ?? 'model',
    hollow: input.hollow ?? false,
    dot: inLine(input.value),
    from,
    to,
    width: from === null || to === null ? null : Math.round((to - from) * 10) / 10,
    control: inLine(input.control),
    chance: inLine(input.chance),
    marks: (input.marks ?? []).map(percentOf),
    hatched: inLine(input.value) === null,
  };
}

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly low?: number | null;
  readonly high?: number | null;
  readonly label?: string;
  readonly n?: number;
  readonly hue?: string;
}
export interface Plane {
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    readonly y1: number | null;
    readonly y2: number | null;
    readonly label: string;
    /** How far the label stands above its point; labels of near points are stacked. */
    readonly lift: number;
    readonly hue: string;
    readonly left: boolean;
  }[];
  readonly path: string | null;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly says: string;
  readonly ticks: readonly { readonly at: number; readonly down: number; readonly text: string }[];
  readonly diagonal: boolean;
}
export interface PlaneInput {
  readonly points: readonly Point[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly says: string;
  /** Joins the points by a line in their order. */
  readonly joined?: boolean;
  /** Draws the line without its points. */
  readonly bare?: boolean;
  /** The line x = y (perfect calibration). */
  readonly diagonal?: boolean;
}

/** A square plane of 0–1 × 0–1 in a viewBox of 240 × 240 with its origin at (40, 200). */
export function planeOf(input: PlaneInput): Plane {
  const x = scaleLinear().domain([0, 1]).range([40, 230]).clamp(true);
  const y = scaleLinear().domain([0, 1]).range([200, 10]).clamp(true);
  const at = (value: number) => Math.round(value * 10) / 10;
  const joined = line<Point>()
    .x((p) => at(x(p.x)))
    .y((p) => at(y(p.y)))
    .digits(1);
  return {
    points: (input.bare ? [] : input.points).map((p, i, all) => ({
      x: at(x(p.x)),
      y: at(y(p.y)),
      y1: typeof p.low === 'number' ? at(y(p.low)) : null,
      y2: typeof p.high === 'number' ? at(y(p.high)) : null,
      label: p.label ?? '',
      lift: 3 - 12 * all.slice(0, i).filter((q) => Math.abs(q.x - p.x) < 0.5 && Math.abs(q.y - p.y) < 0.06).length,
      hue: p.hue ?? 'model',
      left: p.x > 0.6,
    })),
    path: input.joined && input.points.length > 1 ? joined(input.points) : null,
    xTitle: input.xTitle,
    yTitle: input.yTitle,
    says: input.says,
    ticks: [0, 0.5, 1].map((t) => ({ at: at(x(t)), down: at(y(t)), text: t === 0.5 ? '.5' : String(t) })),
    diagonal: input.diagonal ?? false,
  };
}

export interface Bar {
  readonly label: string;
  readonly count: number;
  readonly from: number;
  readonly width: number;
  readonly kind: string;
}
/** Parts of a whole as one bar: starts and widths in percent; empty parts are left out. */
export function barsOf(parts: readonly { readonly label: string; readonly count: number; readonly kind: string }[]): Bar[] {
  const total = parts.reduce((sum, part) => sum + part.count, 0);
  let before = 0;
  const bars: Bar[] = [];
  for (const part of parts) {
    if (part.count <= 0) continue;
    bars.push({ ...part, from: percentOf(before / total), width: percentOf(part.count / total) });
    before += part.count;
  }
  return bars;
}
