import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomOf } from '../../src/kit/random.ts';

const kinds = ['drop', '429', 'half', 'slow', 'wrong json', 'html', 'html 502', 'huge', 'key in error', 'list'] as const;
type Fault = (typeof kinds)[number] | 'good';

export interface FaultyServer {
  readonly server: Server;
  readonly base: string;
  /** HTTP requests of the run, by what was done to them; the probe's are not counted. */
  readonly counts: Record<string, number>;
  /** Most requests under way at once. */
  readonly widest: () => number;
}

export interface Faults {
  /** Share of first attempts that go wrong. */
  readonly share: number;
  /** Prompts that go wrong at every attempt. */
  readonly hopeless: (prompt: string) => boolean;
  readonly key: string;
}

async function bodyOf(request: IncomingMessage): Promise<{ messages?: { content: string }[]; max_tokens?: number }> {
  let text = '';
  for await (const part of request) text += String(part);
  return text === '' ? {} : (JSON.parse(text) as Record<string, never>);
}

const huge = Buffer.alloc(1 << 20, 'x');

function goWrong(fault: Fault, response: ServerResponse, key: string): void {
  const say = (status: number, type: string, text: string, more = {}) => {
    response.writeHead(status, { 'content-type': type, ...more });
    response.end(text);
  };
  if (fault === 'drop') response.destroy();
  else if (fault === '429') say(429, 'application/json', '{"error":{"message":"slow down"}}', { 'retry-after': '0.25' });
  else if (fault === 'half') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
    response.write('{"choices":[{"message":{"content":"half');
    setTimeout(() => response.destroy(), 5);
  } else if (fault === 'slow') {
    response.writeHead(200, { 'content-type': 'application/json' });
    const drip = setInterval(() => response.write(' '), 100);
    response.on('close', () => clearInterval(drip));
  } else if (fault === 'wrong json') say(200, 'application/json', '{"choices": [{"message": ');
  else if (fault === 'list') say(200, 'application/json', '[]');
  else if (fault === 'html') say(200, 'text/html', '<html><body><h1>Welcome</h1></body></html>');
  else if (fault === 'html 502') say(502, 'text/html', '<html><h1>Bad Gateway</h1></html>');
  else if (fault === 'key in error') say(500, 'application/json', `{"error":{"message":"Bearer ${key} is over its limit"}}`);
  else {
    response.writeHead(200, { 'content-type': 'application/json' });
    let left = 11;
    const more = (): void => {
      if (left-- === 0) response.end();
      else if (!response.destroyed) response.write(huge, more as never);
    };
    more();
  }
}

/** A server that answers with its prompt's own words, after going wrong in every way there is. */
export async function faultyServer({ share, hopeless, key }: Faults): Promise<FaultyServer> {
  const counts: Record<string, number> = {};
  const tries = new Map<string, number>();
  let [under, most, answered, read, stormUntil] = [0, 0, 0, 0, 0];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const prompt = body.messages?.at(-1)?.content;
      if (prompt === undefined) return void response.writeHead(404).end('<html>nothing here</html>');
      const probing = body.max_tokens === 1;
      under++;
      most = Math.max(most, under);
      response.on('close', () => {
        under--;
      });
      if (!probing && ++read % 2500 === 0) stormUntil = Date.now() + 200;
      if (!probing && Date.now() < stormUntil) {
        counts['429'] = (counts['429'] ?? 0) + 1;
        return goWrong('429', response, key);
      }
      const attempt = tries.get(prompt) ?? 0;
      tries.set(prompt, attempt + 1);
      const random = randomOf(`${prompt}/${attempt}`);
      const bad = !probing && (hopeless(prompt) || (attempt < 3 && random() < share));
      const fault: Fault = bad ? (hopeless(prompt) ? 'html 502' : (kinds[Math.floor(random() * kinds.length)] ?? 'drop')) : 'good';
      if (!probing) counts[fault] = (counts[fault] ?? 0) + 1;
      if (fault !== 'good') return goWrong(fault, response, key);
      response.writeHead(200, { 'content-type': 'application/json' });
      const model = ++answered > 500 ? 'another-model' : 'a-model';
      const content = prompt.endsWith('key?') ? `Your key is ${key}.` : `answer: ${prompt}`;
      const usage = { prompt_tokens: 10, completion_tokens: 5 };
      response.end(
        JSON.stringify({ model, system_fingerprint: `fp-${model}`, choices: [{ message: { content }, finish_reason: 'stop' }], usage }),
      );
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, counts, widest: () => most };
}
