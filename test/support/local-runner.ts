import { openLocal } from '../../runners/onnx/index.ts';
import type { Prompt, Request, Response, Runner, RunnerOptions, Want } from '../../src/types.ts';

export interface Opened {
  readonly runner: Awaited<ReturnType<typeof openLocal>>;
  readonly said: string[];
}

/** Opens the local runner on the processor, in a cache of its own. */
export async function openRunner(path: string, options: Partial<RunnerOptions> & { cacheDir: string }): Promise<Opened> {
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const runner = await openLocal(path, { seed: 1, offline: true, env: {}, settings: {}, device: 'cpu', say, ...options });
  return { runner, said };
}

export const asks = (prompt: Prompt, want: Want): Request => ({ to: 'target', prompt, want });
export const text = (maxTokens: number, more: Partial<Extract<Want, { kind: 'text' }>> = {}): Want => ({
  kind: 'text',
  maxTokens,
  temperature: 0,
  seed: 1,
  ...more,
});

/** All answers, in the order of the requests. Fails on a second answer to one request. */
export async function answersOf(
  runner: Runner,
  requests: readonly Request[],
  signal: Parameters<Runner['answer']>[1] = new AbortController().signal,
): Promise<Response[]> {
  const answers: Response[] = [];
  for await (const [index, response] of runner.answer(requests, signal)) {
    if (answers[index]) throw new Error(`request ${index} was answered twice`);
    answers[index] = response;
  }
  return answers;
}

/** The answer, which must not be a failure. */
export function good(response: Response | undefined): Extract<Response, { ok: true }> {
  if (!response?.ok) throw new Error(response ? response.error : 'no answer');
  return response;
}
