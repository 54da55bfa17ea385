import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plumbline, temporary } from './support/cli.ts';
import { answersIn, manifestIn, questions, resultIn } from './support/run-files.ts';

interface Asked {
  readonly messages?: readonly { readonly content: string }[];
  readonly max_tokens: number;
  readonly prompt?: string;
}

/** Thinks before every answer, in the way its model's name tells; every fourth question is thought about until the budget is used up. */
function thinker(model: string, asked: Asked) {
  const question = asked.messages?.at(-1)?.content ?? '';
  const long = Number(/\d+/.exec(question)?.[0] ?? 1) % 4 === 0;
  const thoughts = 'Blue? The sky is blue.';
  const message = {
    apart: { role: 'assistant', content: long ? null : 'Blue', reasoning_content: thoughts },
    inside: { role: 'assistant', content: long ? `<think>${thoughts}` : `<think>${thoughts}</think>\n\nBlue` },
    // The template wrote the opening tag.
    opened: { role: 'assistant', content: long ? thoughts : `${thoughts}</think>Blue` },
  }[model];
  return { choices: [{ message, finish_reason: long ? 'length' : 'stop' }], usage: { prompt_tokens: 5, completion_tokens: 9 } };
}

describe('models that think before they answer', () => {
  const place = temporary();
  const budgets: number[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const send = (status: number, value: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(value));
      };
      const body = text === '' ? { max_tokens: 0 } : (JSON.parse(text) as Asked & { model: string; stream?: boolean });
      if (!('model' in body) || body.stream) return send(404, { error: { message: 'not found' } });
      if (request.url === '/v1/completions') return send(200, { choices: [{ text: ' Blue', finish_reason: 'length' }] });
      if (request.url !== '/v1/chat/completions') return send(404, { error: { message: 'not found' } });
      if (body.max_tokens > 1) budgets.push(body.max_tokens);
      send(200, thinker(body.model, body));
    });
  });
  let base = '';
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    questions(join(place.path, 'q.jsonl'), 40);
  });
  afterAll(() => {
    server.close();
    place[Symbol.dispose]();
  });
  const run = (model: string, ...more: string[]) => {
    budgets.length = 0;
    return plumbline(['run', `openai:${model}@${base}`, '--suite', 'q.jsonl', '--preset', 'full', '-q', '-o', model, ...more], {
      cwd: place.path,
    });
  };

  it.each([
    ['apart', []],
    ['inside', []],
    ['opened', ['--protocol', 'reasoning']],
  ])('%s: the thinking is cut off and counted, what was cut in it is truncated', async (model, more) => {
    const { code, err } = await run(model, ...more, '--set', 'thinkingTokens=100');
    expect([code, err]).toEqual([0, expect.any(String)]);
    expect(manifestIn(join(place.path, model)).model.protocol).toBe('reasoning');
    const answers = answersIn(join(place.path, model)).map(({ response }) => response);
    expect([...new Set(answers.map(({ text }) => text))].sort()).toEqual(['', 'Blue']);
    expect(answers.every(({ thinking }) => thinking === 'Blue? The sky is blue.')).toBe(true);
    const result = resultIn(join(place.path, model));
    expect(result.thinking).toEqual({ answers: 40, cut: 10 });
    expect(result.outcomes.truncated).toBe(10);
    expect(Math.min(...budgets)).toBeGreaterThan(100);
    const page = await plumbline(['report', model, '--as', 'markdown'], { cwd: place.path });
    expect(readFileSync(page.out.trim(), 'utf8')).toContain('40 answers began with thinking, 10 of them were cut before an answer came');
  });

  it('--protocol base asks for continuations of a transcript, not for turns of a chat', async () => {
    expect((await run('inside', '--protocol', 'base', '-o', 'base')).code).toBe(0);
    expect(manifestIn(join(place.path, 'base')).model.protocol).toBe('base');
    expect(budgets).toEqual([]);
    expect(answersIn(join(place.path, 'base')).every(({ response }) => response.text === ' Blue')).toBe(true);
    expect(await run('inside', '--protocol', 'chat')).toMatchObject({ code: 2, err: expect.stringMatching(/protocol/) });
    expect(await run('inside', '--set', 'thinkingTokens=x')).toMatchObject({ code: 2, err: expect.stringMatching(/thinkingTokens=x/) });
  });
});
