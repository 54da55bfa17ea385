/** Trust against cost: one panel a dimension, size on a logarithmic axis, the frontier of models that nothing both smaller and better beats. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { curveStepAfter, line } from 'd3-shape';
import { bytesText, short } from './words.ts';

export interface Costed {
  readonly name: string;
  readonly href: string;
  readonly bytes: number;
  readonly grade: number;
  readonly low: number | null;
  readonly high: number | null;
}
export interface Frontier {
  readonly title: string;
  readonly says: string;
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    readonly y1: number | null;
    readonly y2: number | null;
    readonly name: string;
    readonly href: string;
    readonly best: boolean;
    readonly label: boolean;
    readonly end: boolean;
  }[];
  /** Paths of the points and intervals that have no name of their own: all but the frontier, where there are very many. */
  readonly cloud: { readonly dots: string; readonly intervals: string } | null;
  readonly path: string | null;
  readonly xTicks: readonly { readonly x: number; readonly text: string }[];
  readonly yTicks: readonly { readonly y: number; readonly text: string }[];
}

const round = (value: number) => Math.round(value * 10) / 10;
/** With more models than these a browser spends longer on points than a reader does. */
const named = 200;

/** In a viewBox of 300 × 220, the plot from (36, 12) to (290, 186). */
export function frontierOf(title: string, models: readonly Costed[]): Frontier | null {
  if (models.length < 2) return null;
  const bytes = models.map((m) => m.bytes);
  const [least, most] = [Math.min(...bytes), Math.max(...bytes)];
  const x = scaleLog()
    .domain([least / 1.3, most * 1.3])
    .range([36, 290]);
  const y = scaleLinear().domain([0, 1]).range([186, 12]).clamp(true);
  const sorted = [...models].sort((a, b) => a.bytes - b.bytes || b.grade - a.grade);
  const best: Costed[] = [];
  for (const m of sorted) if (m.grade > (best.at(-1)?.grade ?? -1)) best.push(m);
  const step = line<readonly [number, number]>()
    .x(([b]) => round(x(b)))
    .y(([, g]) => round(y(g)))
    .curve(curveStepAfter)
    .digits(1);
  const last = best.at(-1);
  const edge: (readonly [number, number])[] = [
    ...best.map((m) => [m.bytes, m.grade] as const),
    ...(last ? [[most * 1.3, last.grade] as const] : []),
  ];
  const few = models.length <= 12;
  const points = models.map((m) => ({
    x: round(x(m.bytes)),
    y: round(y(m.grade)),
    y1: m.low === null ? null : round(y(m.low)),
    y2: m.high === null ? null : round(y(m.high)),
    name: m.name.length > 28 ? `${m.name.slice(0, 27)}…` : m.name,
    href: m.href,
    best: best.includes(m),
    label: few && best.includes(m),
    end: x(m.bytes) > 180,
  }));
  const crowd = models.length > named ? points.filter((p) => !p.best) : [];
  return {
    title,
    says: `${title}. ${best.map((m) => `${m.name}: ${bytesText(m.bytes)}, ${short(m.grade)}`).join('; ')}`,
    points: models.length > named ? points.filter((p) => p.best) : points,
    cloud: crowd.length === 0 ? null : cloudOf(crowd),
    path: step(edge),
    xTicks: ticksOf(least, most).map((t) => ({ x: round(x(t)), text: bytesText(t) })),
    yTicks: [0, 0.5, 1].map((t) => ({ y: round(y(t)), text: t === 0.5 ? '.5' : String(t) })),
  };
}

function cloudOf(points: readonly { readonly x: number; readonly y: number; readonly y1: number | null; readonly y2: number | null }[]) {
  return {
    dots: points.map((p) => `M${p.x} ${p.y}h0`).join(''),
    intervals: points.map((p) => (p.y1 === null || p.y2 === null ? '' : `M${p.x} ${p.y1}V${p.y2}`)).join(''),
  };
}

/** 1, 2 and 5 times powers of ten between the ends; at most five. */
function ticksOf(least: number, most: number): number[] {
  const all: number[] = [];
  for (let p = Math.floor(Math.log10(least)); p <= Math.ceil(Math.log10(most)); p++) for (const m of [1, 2, 5]) all.push(m * 10 ** p);
  const inside = all.filter((t) => t >= least / 1.3 && t <= most * 1.3);
  const tens = inside.filter((t) => Number.isInteger(Math.log10(t)));
  return inside.length <= 5 ? inside : tens.length >= 2 ? tens.slice(0, 5) : inside.slice(0, 5);
}
