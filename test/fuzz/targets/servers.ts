/** What servers answer. */
import { type Asking, ask } from '../../../runners/openai/ask.ts';
import type { Body, Reply } from '../../../runners/openai/http.ts';
import { probe } from '../../../runners/openai/probe.ts';
import { eventsIn, joined } from '../../../runners/openai/stream.ts';
import { answerLineSchema } from '../../../src/formats.ts';
import type { Request } from '../../../src/types.ts';
import type { Target } from '../target.ts';

const bodies: readonly unknown[] = [
  {
    model: 'm',
    system_fingerprint: 'f',
    choices: [{ message: { role: 'assistant', content: 'Hi <think>x</think>', reasoning_content: 'r' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 2 },
  },
  {
    choices: [
      {
        text: 'a b',
        finish_reason: 'length',
        logprobs: { tokens: ['a', ' b'], token_logprobs: [null, -1.5], text_offset: [0, 1], top_logprobs: [{ a: -0.1 }, { b: -2 }] },
      },
    ],
    usage: { completion_tokens: 2 },
  },
  { choices: [{ text: '', prompt_logprobs: [null, { 5: { logprob: -1, decoded_token: ' b' } }] }], tokens: [1, 2, 3], prompt: 'p' },
  {
    content: ' b',
    completion_probabilities: [
      { id: 2, token: ' b', logprob: -1, top_logprobs: [] },
      { id: 3, token: 'c', logprob: -2 },
    ],
    tokens: [1, 2],
    prompt: 'x',
    version: '0.1',
  },
];
const requests: readonly Request[] = [
  { to: 'target', prompt: [{ role: 'user', content: 'a' }], want: { kind: 'text', maxTokens: 8, temperature: 0, seed: 0, stop: ['x'] } },
  { to: 'target', prompt: 'a', want: { kind: 'text', maxTokens: 8, temperature: 0, seed: 0 } },
  { to: 'target', prompt: 'a', want: { kind: 'choice', options: [' b', ' c'] } },
  { to: 'target', prompt: 'a b', want: { kind: 'trace' } },
  { to: 'target', prompt: 'a', want: { kind: 'next', top: 3 } },
];
const never = new AbortController().signal;
const names = [
  'choices',
  'message',
  'content',
  'text',
  'logprobs',
  'tokens',
  'token_logprobs',
  'usage',
  'completion_tokens',
  'top_logprobs',
];

const answer: Target = {
  name: 'server-answer',
  form: 'json',
  words: [...names, 'prompt_logprobs', 'finish_reason', 'completion_probabilities', 'error', 'text_offset', 'decoded_token'],
  setUp() {
    let asked = 0;
    return {
      seeds: bodies.map((body) => Buffer.from(JSON.stringify(body))),
      async open(input) {
        let body: unknown = null;
        try {
          body = JSON.parse(input.toString('utf8'));
        } catch {
          // http.ts tells of what is not JSON.
        }
        if (body === null || typeof body !== 'object' || Array.isArray(body)) return;
        const post = async (): Promise<Reply> => ({ ok: true, body: body as Body, firstMs: 1 });
        const scoring = (['echo', 'prompt_logprobs', 'tokens', 'grammar'] as const)[++asked % 4] ?? 'echo';
        const abilities = {
          ...{ server: 's', chat: true, completions: true, scoring, next: true, renders: asked % 8 > 3, reasons: asked % 3 === 0 },
          ...{ streams: false, fingerprint: null, model: null },
        };
        const first = { wanted: () => false, took: () => {} };
        const asking: Asking = {
          model: 'm',
          system: undefined,
          abilities,
          thinkingTokens: asked % 3 === 0 ? 64 : 0,
          post,
          native: post,
          first,
        };
        for (const request of requests) {
          const response = await ask(request, asking, never);
          const line = answerLineSchema.safeParse({ key: '0'.repeat(32), response: JSON.parse(JSON.stringify(response)) });
          if (!line.success) throw new Error(`${request.want.kind} by ${scoring}: an answer that does not fit the format`);
        }
        if (asked % 16 === 0) await probe('m', 'http://x', { post, native: post }, never);
      },
    };
  },
};

const event = (value: unknown) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
const stream: Target = {
  name: 'server-stream',
  form: 'bytes',
  words: ['data:', '[DONE]', '\n\n', '\r', 'null', '{"error":1}', '"choices":[null]', '"choices":"x"', '"delta":null'],
  setUp() {
    const events = [
      { choices: [{ delta: { content: 'Hi' } }] },
      { choices: [{ delta: { content: ' you' }, finish_reason: 'stop' }] },
      { choices: [], usage: { completion_tokens: 2 } },
      '[DONE]',
    ];
    // The caller turns these into failed answers (http.ts).
    const told = (error: unknown) =>
      error instanceof SyntaxError ||
      /^the stream (broke off before its end|holds a value that is no object)$/.test((error as Error).message);
    return {
      seeds: [Buffer.from(events.map(event).join(''))],
      async open(input) {
        const cut = input.length === 0 ? 0 : 7919 % input.length;
        async function* parts() {
          yield input.subarray(0, cut);
          yield input.subarray(cut);
        }
        await joined(
          eventsIn(parts(), 1 << 20, (text) => text),
          0,
        ).catch((error: unknown) => {
          if (!told(error)) throw error;
        });
      },
    };
  },
};

export const serverTargets: readonly Target[] = [answer, stream];
