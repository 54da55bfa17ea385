import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomOf } from '../../src/kit/random.ts';

/** Words and the spaces before them: this made-up model's tokens. */
const tokensOf = (text: string): string[] => text.match(/\s*\S+|\s+$/g) ?? [];

/** A log-probability that depends on the token and all before it, as a causal model's does. */
const logprobOf = (tokens: readonly string[], at: number): number => -0.1 - 6 * randomOf(tokens.slice(0, at + 1).join('|'))();

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const part of request) text += String(part);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

const words = ['Blue', ' is', ' a', ' colour', ' of', ' the', ' sky', ' and', ' of', ' the', ' sea', ' too', ' they', ' say'];

/** A text made from the prompt alone: the same prompt, the same words. */
function continuation(prompt: string, maxTokens: number, stops: readonly string[]): { text: string; tokens: number } {
  const random = randomOf(prompt);
  let text = '';
  let tokens = 0;
  for (; tokens < Math.min(maxTokens, 10); tokens++) {
    const next = text + (words[Math.floor(random() * words.length)] ?? '');
    const stop = stops.map((s) => next.indexOf(s)).filter((i) => i >= 0);
    if (stop.length > 0) return { text: next.slice(0, Math.min(...stop)), tokens: tokens + 1 };
    text = next;
  }
  return { text, tokens };
}

/** An OpenAI-compatible server with a made-up model: chat, completions, echo with log-probabilities. */
export async function answering(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  const send = (status: number, value: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  const maxTokens = Number(body.max_tokens ?? 16);
  const stops = (body.stop as string[] | undefined) ?? [];
  if (request.url === '/v1/chat/completions') {
    const { text, tokens } = continuation(JSON.stringify(body.messages), maxTokens, stops);
    return send(200, {
      system_fingerprint: 'fp1',
      choices: [{ message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: tokens },
    });
  }
  if (request.url !== '/v1/completions') return send(404, { error: { message: 'not found' } });
  const prompt = String(body.prompt);
  const { text, tokens } = continuation(prompt, maxTokens, stops);
  const shown = [...(body.echo ? tokensOf(prompt) : []), ...tokensOf(text)];
  const all = [...tokensOf(prompt), ...tokensOf(text)];
  const offset = all.length - shown.length;
  const top = Object.fromEntries(words.slice(0, Number(body.logprobs ?? 0)).map((word, i) => [word, -0.5 - i]));
  const logprobs =
    body.logprobs === undefined
      ? null
      : {
          tokens: shown,
          token_logprobs: shown.map((_, i) => (offset + i === 0 ? null : logprobOf(all, offset + i))),
          top_logprobs: shown.map(() => top),
        };
  send(200, {
    system_fingerprint: 'fp1',
    choices: [{ text: (body.echo ? prompt : '') + text, logprobs, finish_reason: 'length' }],
    usage: { prompt_tokens: 5, completion_tokens: tokens },
  });
}
