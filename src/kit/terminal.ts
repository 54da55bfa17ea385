/** The trust profile for a terminal: plain text, one screen. Pure. */
import type { DimensionProfile, Result, Run } from '../types.ts';
import { outcomes } from '../types.ts';
import { visible } from './page.ts';
import { isCounted, profileOf, runView, totalsOf } from './page-run.ts';
import { meaningOf, titleOf } from './page-suite.ts';
import { fill, outcomeWord, percent, short, type Words, words } from './words.ts';

export interface TerminalOptions {
  /** Columns; 60 at least is used. */
  readonly width: number;
  readonly colour: boolean;
  readonly lang?: string;
}

const paint = (colour: boolean, code: string, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const columnsOf = (text: string) => [...text].reduce((sum, c) => sum + (wide.test(c) ? 2 : 1), 0);
const pad = (text: string, columns: number) => text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
/** Cut to a number of columns, with an ellipsis where something was lost. One line. */
function fit(text: string, columns: number): string {
  const line = visible(text).replace(/\s+/g, ' ').trim();
  if (columnsOf(line) <= columns) return line;
  let out = '';
  for (const c of line) {
    if (columnsOf(out + c) > columns - 1) break;
    out += c;
  }
  return `${out}…`;
}

/** `  ──●──  ` on a line of `columns` characters; hatched where nothing can be told. */
export function lineOf(profile: Pick<DimensionProfile, 'grade' | 'low' | 'high'>, columns: number, word: string): string {
  const at = (value: number) => Math.max(0, Math.min(columns - 1, Math.round(value * (columns - 1))));
  if (profile.grade === null) {
    const label = ` ${word} `;
    const left = Math.max(0, Math.floor((columns - columnsOf(label)) / 2));
    return '░'.repeat(left) + label + '░'.repeat(Math.max(0, columns - left - columnsOf(label)));
  }
  const cells = Array.from({ length: columns }, () => ' ');
  for (const mark of [0, 0.5, 1]) cells[at(mark)] = '·';
  if (profile.low !== null && profile.high !== null) for (let i = at(profile.low); i <= at(profile.high); i++) cells[i] = '─';
  cells[at(profile.grade)] = '●';
  return cells.join('');
}

function axis(columns: number): string {
  const cells = Array.from({ length: columns }, () => '─');
  const middle = Math.round(0.5 * (columns - 1));
  cells[0] = '0';
  cells.splice(middle - 1, 3, ' ', '.', '5');
  cells[middle + 2] = ' ';
  cells[columns - 1] = '1';
  return cells.join('');
}

function dimensionLine(profile: DimensionProfile, plot: number, w: Words, colour: boolean): string {
  const drawn = lineOf(profile, plot, profile.of === 0 ? w.notMeasured : w.notAble);
  const grade = profile.grade === null ? ' – ' : short(profile.grade).padStart(3);
  const interval = profile.low === null ? '' : `(${short(profile.low)}–${short(profile.high)})`;
  const painted = profile.grade === null ? paint(colour, '2', drawn) : paint(colour, '34', drawn);
  return `${paint(colour, '1', pad(w[profile.dimension], 12))}${painted}  ${paint(colour, '1', grade)} ${interval.padEnd(12)} ${profile.of === 0 ? '' : fill(w.ableOf, { able: profile.able, of: profile.of })}`.trimEnd();
}

const gradeOf = (result: Result) => result.estimates[0]?.grade ?? 2;

/** Lines of the profile, the three worst sub-dimensions, the banners, and outcomes where more than 1 % are unclear. Ends with a newline. */
export function terminalProfile(run: Run, options: TerminalOptions): string {
  const w = words(options.lang ?? 'en');
  const width = Math.max(60, Math.min(options.width, 120));
  const plot = width - 46;
  const { colour } = options;
  const view = runView(run, w);
  const facts = [view.hash.slice(0, 8), ...view.line].join(' · ');
  const lines = [paint(colour, '1', fit(view.model, width)), fit(facts, width), fit(view.summary.join(' · '), width), ''];
  for (const banner of view.banners) {
    lines.push(paint(colour, banner.kind === 'bad' ? '31' : '33', fit(`${banner.title}: ${banner.text}`, width)));
    for (const link of banner.links.slice(0, 3)) lines.push(`  ${fit(`${link.text}: ${link.why}`, width - 2)}`);
  }
  if (view.banners.length > 0) lines.push('');
  lines.push(' '.repeat(12) + axis(plot));
  for (const profile of profileOf(run.manifest, run.results)) lines.push(dimensionLine(profile, plot, w, colour));
  const worst = run.results
    .filter(isCounted)
    .sort((a, b) => gradeOf(a) - gradeOf(b))
    .slice(0, 3);
  if (worst.length > 0) lines.push('', w.weakest);
  for (const r of worst)
    lines.push(
      `  ${short(gradeOf(r)).padStart(4)}  ${fit(`${w[r.suite.dimension]} / ${titleOf(r, w)}${r.suite.lang === 'en' ? '' : ` (${r.suite.lang})`}`, width - 8)}`,
      `        ${fit(meaningOf(r, w), width - 8)}`,
    );
  return `${[...lines, ...unclearLines(run, w, width)].join('\n')}\n`;
}

function unclearLines(run: Run, w: Words, width: number): string[] {
  const totals = totalsOf(run.results);
  const total = outcomes.reduce((sum, o) => sum + totals[o], 0);
  const unclear = totals.empty + totals.truncated + totals.degenerate + totals.unparsed + totals.error;
  if (total === 0 || unclear / total <= 0.01) return [];
  const parts = outcomes.filter((o) => totals[o] > 0).map((o) => `${outcomeWord(w, o)} ${percent(totals[o], total)} %`);
  return ['', fit(w.outcomes, width), `  ${fit(parts.join(' · '), width - 2)}`];
}
