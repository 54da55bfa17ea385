/** Two engines on the same weights: do they read, score and choose alike? */
import type { Prompt, Request, Response, Runner } from './types.ts';

/** A runner that tells how it sees a prompt, token by token. */
export interface Engine extends Runner {
  readonly idsOf: (prompt: Prompt) => Promise<readonly number[]>;
}

export interface Finding {
  readonly what: string;
  /** null: neither engine claims it. */
  readonly ok: boolean | null;
  readonly detail: string;
  readonly figures: Readonly<Record<string, number>>;
}

const texts: readonly string[] = [
  'The capital of France is Paris, and the capital of Italy is Rome. Both cities lie on rivers, and both were large a thousand years ago.',
  'Water boils at 100 °C at sea level; at 3,000 m it boils at about 90 °C, because the air pressure is lower (≈ 70 kPa).',
  'def mean(values):\n    """Arithmetic mean; None without values."""\n    return sum(values) / len(values) if values else None\n',
  'Dear Sir or Madam,\n\nI ordered a kettle on 12 May and it has not arrived. Could you tell me when I may expect it?\n\nYours faithfully,\nA. Novak\n',
  '水在海平面上大约一百摄氏度时沸腾。山越高,气压越低,沸点也就越低。',
  'Q: If three pencils cost 45 cents, what do eight pencils cost?\nA: One pencil costs 15 cents, so eight pencils cost 120 cents.',
  'café naïve Straße 🙂 👩‍🔬 x² + y² ≤ r²\t\tnumbers: 1 22 333 4444 55555\r\n   end',
];

const choices: readonly { readonly prompt: Prompt; readonly options: readonly string[] }[] = [
  { prompt: 'The capital of France is', options: [' Paris', ' Rome', ' a small village by the sea'] },
  { prompt: 'Question: Which is heavier, a feather or a stone?\nAnswer:', options: [' the feather', ' the stone'] },
  { prompt: 'Two and two make ', options: ['four', 'five', 'twenty-two'] },
  { prompt: 'Cats chase mice. Dogs chase', options: [' cats', ' mathematics', ' the moon'] },
  { prompt: [{ role: 'user', content: 'Is ice colder than steam? Answer yes or no.' }], options: ['Yes', 'No'] },
  { prompt: [{ role: 'user', content: 'Name the colour of fresh snow.' }], options: ['White', 'Black', 'Green'] },
];

const chats: readonly Prompt[] = [
  [{ role: 'user', content: 'Name one colour.' }],
  [
    { role: 'system', content: 'You answer in one sentence.' },
    { role: 'user', content: 'Why is the sky blue?' },
  ],
  [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hello! How can I help?' },
    { role: 'user', content: 'Write the token <|im_end|> and then a full stop.' },
  ],
];

const greedyTokens = 24;

async function answers(runner: Runner, requests: readonly Request[], signal: AbortSignal): Promise<(Response | undefined)[]> {
  const found: (Response | undefined)[] = [];
  for await (const [index, response] of runner.answer(requests, signal)) found[index] = response;
  return found;
}

const ask = (prompt: Prompt, want: Request['want']): Request => ({ to: 'target', prompt, want });
const share = (n: number, of: number) => `${n} of ${of}`;
const errorOf = (pair: readonly (Response | undefined)[]) => pair.flatMap((one) => (one?.ok === false ? [one.error] : []))[0];

function traced(pairs: readonly (readonly [Response | undefined, Response | undefined])[], tolerance: number): Finding[] {
  const failed = pairs.map(errorOf).find((error) => error !== undefined);
  const apart: number[] = [];
  let equal = 0;
  for (const [a, b] of pairs) {
    if (!a?.ok || !b?.ok || String(a.ids) !== String(b.ids)) continue;
    equal++;
    a.logprobs?.forEach((value, i) => {
      const other = b.logprobs?.[i];
      if (typeof value === 'number' && typeof other === 'number') apart.push(Math.abs(value - other));
    });
  }
  apart.sort((x, y) => x - y);
  const mean = apart.reduce((sum, x) => sum + x, 0) / Math.max(1, apart.length);
  const at = (p: number) => apart[Math.min(apart.length - 1, Math.floor(p * apart.length))] ?? 0;
  const figures = { tokens: apart.length, mean, p95: at(0.95), largest: apart.at(-1) ?? 0 };
  return [
    { what: 'token ids', ok: equal === pairs.length, detail: failed ?? `${share(equal, pairs.length)} texts alike`, figures: { equal } },
    {
      what: 'log-probabilities',
      ok: apart.length > 0 && mean <= tolerance,
      detail: `${apart.length} tokens: ${mean.toFixed(4)} nats apart on average (at most ${tolerance}), 95 % within ${figures.p95.toFixed(3)}, the farthest ${figures.largest.toFixed(3)}`,
      figures,
    },
  ];
}

const best = (response: Response | undefined): number => {
  const scores = response?.ok ? (response.logprobs ?? []) : [];
  return scores.reduce<number>((top, value, i) => ((value ?? -Infinity) > (scores[top] ?? -Infinity) ? i : top), 0);
};

function chosen(pairs: readonly (readonly [Response | undefined, Response | undefined])[]): Finding {
  const failed = pairs.map(errorOf).find((error) => error !== undefined);
  const alike = pairs.filter(([a, b]) => a?.ok && b?.ok && best(a) === best(b)).length;
  const tokens = pairs.filter(([a, b]) => a?.ok && b?.ok && String(a.optionTokens) === String(b.optionTokens)).length;
  const apart = pairs.flatMap(([a, b]) =>
    a?.ok && b?.ok
      ? (a.logprobs ?? []).map((v, i) => Math.abs((v ?? 0) - (b.logprobs?.[i] ?? 0)) / Math.max(1, a.optionTokens?.[i] ?? 1))
      : [],
  );
  const mean = apart.reduce((sum, x) => sum + x, 0) / Math.max(1, apart.length);
  return {
    what: 'options',
    ok: failed === undefined && alike === pairs.length && tokens === pairs.length,
    detail:
      failed ??
      `${share(alike, pairs.length)} choose alike, ${share(tokens, pairs.length)} cut alike, ${mean.toFixed(4)} nats a token apart on average`,
    figures: { alike, mean },
  };
}

async function shown(a: Engine, b: Engine): Promise<Finding> {
  if (a.protocol === 'base' && b.protocol === 'base')
    return { what: 'chat rendering', ok: null, detail: 'the file has no chat template', figures: {} };
  let [text, ids] = [0, 0];
  for (const prompt of chats) {
    if ((await a.render?.(prompt)) === (await b.render?.(prompt))) text++;
    if (String(await a.idsOf(prompt)) === String(await b.idsOf(prompt))) ids++;
  }
  const ok = text === chats.length && ids === chats.length;
  return {
    what: 'chat rendering',
    ok,
    detail: `${share(text, chats.length)} conversations alike, ${share(ids, chats.length)} token for token`,
    figures: { text, ids },
  };
}

function generated(pairs: readonly (readonly [Response | undefined, Response | undefined])[]): Finding {
  const failed = pairs.map(errorOf).find((error) => error !== undefined);
  const alike = pairs.filter(([a, b]) => a?.ok && b?.ok && a.text === b.text).length;
  return {
    what: 'greedy texts',
    // Engines round differently, and one near-tie sends a text another way: told, not judged.
    ok: failed === undefined ? null : false,
    detail: failed ?? `${share(alike, pairs.length)} alike over ${greedyTokens} tokens (told, not judged)`,
    figures: { alike, of: pairs.length },
  };
}

/** Asks both engines the same fixed questions. `tolerance`: how far log-probabilities may lie apart on average, in nats. */
export async function crossCheck(a: Engine, b: Engine, tolerance: number, signal: AbortSignal): Promise<Finding[]> {
  const traces = texts.map((text) => ask(text, { kind: 'trace' }));
  const options = choices.map(({ prompt, options: given }) => ask(prompt, { kind: 'choice', options: given }));
  const greedy = [...chats.slice(0, 2), ...texts.slice(0, 4).map((text) => text.slice(0, 40))].map((prompt) =>
    ask(prompt, { kind: 'text', maxTokens: greedyTokens, temperature: 0, seed: 0 }),
  );
  const all = [...traces, ...options, ...greedy];
  const [first, second] = [await answers(a, all, signal), await answers(b, all, signal)];
  const pairs = all.map((_, i) => [first[i], second[i]] as const);
  return [
    ...traced(pairs.slice(0, traces.length), tolerance),
    chosen(pairs.slice(traces.length, traces.length + options.length)),
    await shown(a, b),
    generated(pairs.slice(traces.length + options.length)),
  ];
}
