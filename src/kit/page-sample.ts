/** What a page shows of one sample: the conversation, the answers, why it was scored so. Pure; texts are cut, not yet escaped. */
import type { Prompt, Request, Response, Result, Run, Sample } from '../types.ts';
import { cut, slugOf } from './page.ts';
import { fill, outcomeWord, short, type Words } from './words.ts';

export interface TextView {
  readonly role: string;
  readonly text: string;
  readonly more: string;
}
export interface ExchangeView {
  readonly turns: readonly TextView[];
  readonly answer: TextView | null;
  readonly options: readonly { readonly text: string; readonly logprob: string; readonly chosen: boolean }[];
  readonly failed: string;
}
export interface SampleView {
  readonly id: string;
  readonly anchor: string;
  readonly group: string;
  readonly grade: string;
  readonly outcomes: string;
  readonly note: string;
  readonly values: string;
  readonly covered: boolean;
  readonly exchanges: readonly ExchangeView[];
}

/** How many characters of a text a page shows. */
export interface Shown {
  readonly characters: number;
  readonly exchanges: number;
}

/** The samples of `result.worst`, worst first, or the first ones where no item has a grade of its own; reads the recording only until they are found. */
export async function worstOf(run: Run, resultId: string, worst: readonly string[], count: number): Promise<Sample[]> {
  if (worst.length === 0) return firstOf(run, resultId, count);
  const wanted = new Set(worst);
  const found = new Map<string, Sample>();
  for await (const sample of run.samples(resultId, wanted)) {
    found.set(sample.item.id, sample);
    if (found.size === wanted.size) break;
  }
  return worst.map((id) => found.get(id)).filter((sample) => sample !== undefined);
}

async function firstOf(run: Run, resultId: string, count: number): Promise<Sample[]> {
  const found: Sample[] = [];
  for await (const sample of run.samples(resultId)) if (found.push(sample) >= count) break;
  return found;
}

function textView(role: string, text: string, most: number, w: Words): TextView {
  if (text.trim() === '') return { role, text: w.emptyText, more: '' };
  const part = cut(text, most);
  return { role, text: part.text, more: part.left === 0 ? '' : fill(w.more, { n: part.left }) };
}

function turnsOf(prompt: Prompt, most: number, w: Words): TextView[] {
  if (typeof prompt === 'string') return [textView('', prompt, most, w)];
  return prompt.map((m) => textView(w[m.role], m.content, most, w));
}

function exchangeView(request: Request, response: Response | null, most: number, w: Words): ExchangeView {
  const turns = turnsOf(request.prompt, most, w);
  if (response === null) return { turns, answer: null, options: [], failed: w.noAnswer };
  if (!response.ok) return { turns, answer: null, options: [], failed: cut(response.error, 400).text };
  if (request.want.kind !== 'choice') {
    const answer = request.want.kind === 'text' ? textView(w.answeredBy, response.text, most, w) : null;
    return { turns, answer, options: [], failed: '' };
  }
  const scores = response.logprobs ?? [];
  const best = Math.max(...scores.map((s) => s ?? Number.NEGATIVE_INFINITY));
  const options = request.want.options.slice(0, 12).map((text, i) => ({
    text: cut(text, 200).text,
    logprob: short(scores[i] ?? null),
    chosen: scores[i] === best,
  }));
  return { turns, answer: null, options, failed: '' };
}

export function sampleView(sample: Sample, result: Result, resultId: string, shownOf: Shown & { readonly w: Words }): SampleView {
  const { w } = shownOf;
  const pairs = sample.rounds.flatMap((r) => r.requests.map((request, i) => ({ request, response: r.responses[i] ?? null })));
  return {
    id: sample.item.id,
    anchor: slugOf(`${resultId} ${sample.item.id}`),
    group: sample.row.group ?? '',
    grade: sample.grade === null ? '' : short(sample.grade),
    outcomes: [...new Set(sample.row.outcomes)].map((o) => outcomeWord(w, o)).join(', '),
    note: sample.row.note ?? sample.row.skip ?? '',
    values: Object.entries(sample.row.values)
      .map(([name, value]) => `${name} ${short(value)}`)
      .join(' · '),
    covered: result.suite.sensitive,
    exchanges: pairs.slice(0, shownOf.exchanges).map(({ request, response }) => exchangeView(request, response, shownOf.characters, w)),
  };
}
