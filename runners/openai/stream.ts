import { thoughtApart } from './body.ts';
import type { Body, Reply } from './http.ts';

/** The JSON values of a server-sent stream, as they come, up to a limit of bytes. `[DONE]` ends it. */
export async function* eventsIn(body: AsyncIterable<Uint8Array>, maxBytes: number, clean: (text: string) => string): AsyncGenerator<Body> {
  const decoder = new TextDecoder();
  let held = '';
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    held += decoder.decode(part, { stream: true });
    const lines = held.split(/\r\n|\n|\r/);
    held = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data:')) continue;
      const data = line.slice(5).trim();
      if (data === '[DONE]') return;
      if (data !== '') yield objectOf(JSON.parse(clean(data)));
    }
  }
  throw new Error('the stream broke off before its end');
}

function objectOf(value: unknown): Body {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('the stream holds a value that is no object');
  return value as Body;
}

/** A stream put together as the answer it would have been without streaming, with the time to its first token. */
export async function joined(events: AsyncIterable<Body>, started: number): Promise<Reply> {
  let [content, reasoning, text] = ['', '', ''];
  let finish: unknown;
  let firstMs: number | undefined;
  let rest: Body = {};
  for await (const event of events) {
    if (event.error !== undefined && event.error !== null)
      return { ok: false, status: 502, error: `the stream holds an error: ${JSON.stringify(event.error).slice(0, 300)}` };
    const { choices, ...others } = event;
    rest = { ...rest, ...Object.fromEntries(Object.entries(others).filter(([, value]) => value !== null)) };
    const choice = Object(Array.isArray(choices) ? choices[0] : undefined) as Body;
    const delta = Object(choice.delta) as Body;
    const said = [delta.content, thoughtApart(delta), choice.text].map((part) => (typeof part === 'string' ? part : ''));
    if (firstMs === undefined && said.some((part) => part !== '')) firstMs = performance.now() - started;
    content += said[0];
    reasoning += said[1];
    text += said[2];
    if (choice.finish_reason) finish = choice.finish_reason;
  }
  if (finish === undefined) return { ok: false, status: 502, error: 'the stream ended without saying why' };
  const message = { content, ...(reasoning !== '' && { reasoning_content: reasoning }) };
  return { ok: true, body: { ...rest, choices: [{ message, text, finish_reason: finish }] }, ...(firstMs !== undefined && { firstMs }) };
}
