import { writeFileSync } from 'node:fs';
import { createServer, request as forward, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plumbline, temporary } from './support/cli.ts';
import { answering } from './support/openai-server.ts';
import { answersIn, costOf, filesWith, manifestIn, questions } from './support/run-files.ts';

const listening = (server: Server) =>
  new Promise<number>((done) => server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)));
describe('budgets, proxies and first tokens', () => {
  const place = temporary();
  let seen: { url: string; max: number; streamed: boolean }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const body = text === '' ? {} : (JSON.parse(text) as { max_tokens?: number; stream?: boolean; messages?: unknown });
      if (body.max_tokens !== 1 && request.url === '/v1/chat/completions')
        seen.push({ url: request.url ?? '', max: body.max_tokens ?? 0, streamed: body.stream === true });
      if (body.stream && body.messages) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: {"model":"m","choices":[{"delta":{"role":"assistant","content":""}}]}\n\n');
        setTimeout(() => response.write('data: {"choices":[{"delta":{"content":"Bl"}}]}\r\n\r\ndata: {"choices":[{"del'), 30);
        setTimeout(
          () =>
            response.end(
              'ta":{"content":"ue"},"finish_reason":"stop"}]}\n\ndata: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\ndata: [DONE]\n\n',
            ),
          60,
        );
        return;
      }
      const again = Object.assign(
        (async function* () {
          yield text;
        })(),
        { url: request.url },
      );
      void answering(again as never, response);
    });
  });
  let base = '';
  beforeAll(async () => {
    base = `http://127.0.0.1:${await listening(server)}/v1`;
    questions(join(place.path, 'q.jsonl'), 60);
    writeFileSync(join(place.path, 'prices.json'), '{"m": {"input": 1, "output": 2}}');
  });
  afterAll(() => {
    server.close();
    place[Symbol.dispose]();
  });
  const run = (name: string, more: readonly string[], env: Record<string, string> = {}) => {
    seen = [];
    return plumbline(['run', `openai:m@${base}`, '--suite', 'q.jsonl', '--preset', 'full', '-q', '-o', name, ...more], {
      cwd: place.path,
      env,
    });
  };

  it('--max-requests stops exactly there, keeps what was answered, and the same command goes on', async () => {
    const first = await run('a', ['--max-requests', '20']);
    expect(first.code).toBe(3);
    expect(first.err).toMatch(/the budget of 20 requests is used up; what was answered is kept/);
    expect(seen).toHaveLength(20);
    expect(answersIn(join(place.path, 'a'))).toHaveLength(20);
    expect((await run('a', [])).code).toBe(0);
    expect(seen).toHaveLength(40);
    expect(answersIn(join(place.path, 'a'))).toHaveLength(60);
  });

  it('--max-tokens and --max-cost are never overstepped', async () => {
    const tokens = await run('b', ['--max-tokens', '600']);
    expect(tokens.code).toBe(3);
    const spent = costOf(join(place.path, 'b'));
    expect((spent['prompt tokens'] ?? 0) + (spent['generated tokens'] ?? 0)).toBeLessThanOrEqual(600);
    expect(spent['generated tokens']).toBeGreaterThan(100);
    const money = await run('c', ['--max-cost', '0.001', '--prices', 'prices.json']);
    expect(money.code).toBe(3);
    expect(money.err).toMatch(/the budget of 0\.001 is used up/);
    expect(costOf(join(place.path, 'c')).money).toBeLessThanOrEqual(0.001);
    expect(await run('d', ['--max-cost', '1'])).toMatchObject({ code: 2, err: expect.stringMatching(/--max-cost needs prices/) });
    writeFileSync(join(place.path, 'other.json'), '{"n": {}}');
    expect(await run('d', ['--max-cost', '1', '--prices', 'other.json'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no price for 'm'/),
    });
    expect(await run('d', ['--max-tokens', '-1'])).toMatchObject({ code: 2, err: expect.stringMatching(/--max-tokens/) });
  });

  it('streams one answer in sixteen, or all, for the time to the first token; the answers are whole', async () => {
    expect((await run('e', ['--set', 'stream=all', '--limit', '12'])).code).toBe(0);
    expect(seen.every(({ streamed }) => streamed)).toBe(true);
    const cost = costOf(join(place.path, 'e'));
    expect(cost['streamed answers']).toBe(12);
    expect(cost['ms to first token (median)']).toBeGreaterThanOrEqual(25);
    expect(answersIn(join(place.path, 'e')).every(({ response }) => response.text === 'Blue')).toBe(true);
    expect(cost).toMatchObject({ 'prompt tokens': 60, 'generated tokens': 24 });
    await run('f', []);
    expect(seen.filter(({ streamed }) => streamed)).toHaveLength(4);
  });

  it('goes through a proxy where the environment names one, and past it where it says so', async () => {
    let through = 0;
    const proxy = createServer((request, response) => {
      through++;
      const onward = forward(String(request.url), { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    proxy.on('connect', (request, socket) => {
      through++;
      const [host, port] = String(request.url).split(':');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket);
        socket.pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    const address = `http://127.0.0.1:${await listening(proxy)}`;
    expect((await run('g', ['--limit', '5'], { HTTP_PROXY: address })).code).toBe(0);
    expect(through).toBeGreaterThan(0);
    through = 0;
    expect((await run('h', ['--limit', '5'], { HTTP_PROXY: address, NO_PROXY: '127.0.0.1' })).code).toBe(0);
    expect(through).toBe(0);
    proxy.closeAllConnections();
    proxy.close();
  });

  it('a key comes from the environment alone', async () => {
    const url = base.replace('http://', 'http://me:secret@');
    for (const [args, said] of [
      [['run', `openai:m@${url}`, '-o', 'i'], /holds a user, a password or a query/],
      [['run', `openai:m@${base}`, '--set', 'apiKey=secret', '-o', 'i'], /keys are read from the environment only/],
    ] as const) {
      const ran = await plumbline(args, { cwd: place.path });
      expect(ran).toMatchObject({ code: 2, err: expect.stringMatching(said) });
    }
    expect(filesWith(place.path, 'secret')).toEqual([]);
  });

  it('a suite that the server cannot answer is refused before the first request, with what would make it possible', async () => {
    const poor = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        const chat = request.url === '/v1/chat/completions';
        response.writeHead(chat ? 200 : 404, { 'content-type': 'application/json' });
        response.end(chat ? '{"choices":[{"message":{"content":"yes"},"finish_reason":"stop"}]}' : '{}');
      });
    });
    const at = `http://127.0.0.1:${await listening(poor)}/v1`;
    const ran = await plumbline(['run', `openai:m@${at}`, '--suite', 'fairness/stereotypes', '-o', 'j'], { cwd: place.path });
    expect(ran).toMatchObject({
      code: 2,
      err: expect.stringMatching(/asks for choice, which m cannot answer\n.*vllm serve.*llama-server/),
    });
    const gone = await plumbline(['run', 'ollama:m', '--suite', 'fairness/stereotypes', '-o', 'k'], {
      cwd: place.path,
      env: { OLLAMA_HOST: '127.0.0.1:9' },
    });
    expect(gone).toMatchObject({
      code: 3,
      err: expect.stringMatching(/127\.0\.0\.1:9\/v1 does not answer for the model 'm'.*\n.*is the server running/),
    });
    const judged = await plumbline(
      ['run', 'scripted:perfect', '--suite', 'q.jsonl', '--limit', '2', '--judge', `openai:judge@${base}`, '-q', '-o', 'l'],
      { cwd: place.path },
    );
    expect(judged.code).toBe(0);
    expect(manifestIn(join(place.path, 'l')).judge).toMatchObject({ name: 'judge', identity: { runner: 'openai', model: 'judge' } });
    poor.close();
  });
});
