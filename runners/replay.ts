import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { identityHash, keyOf } from '../src/kit/key.ts';
import { type Manifest, type Response, type RunnerModule, UserError } from '../src/types.ts';

/** The answers of a run folder by key. A torn last line is dropped. */
async function answersOf(path: string): Promise<Map<string, Response>> {
  const answers = new Map<string, Response>();
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    try {
      const { key, response } = JSON.parse(line) as { key: string; response: Response };
      if (!answers.get(key)?.ok) answers.set(key, response);
    } catch {
      // A torn line: the run was killed while writing it, and its answer counts as missing.
    }
  }
  return answers;
}

export default {
  scheme: 'replay',
  title: 'The answers of an earlier run, without its model',
  usage: 'replay:<run folder>',
  async open(folder) {
    if (!existsSync(join(folder, 'run.json')))
      throw new UserError(`replay:${folder}: there is no run.json`, 'name a run folder that plumbline wrote');
    const manifest = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Manifest;
    const answers = await answersOf(join(folder, 'answers.jsonl'));
    const hash = identityHash(manifest.model.identity);
    const judge = manifest.judge?.hash;
    return {
      name: manifest.model.name,
      identity: manifest.model.identity,
      protocol: manifest.model.protocol,
      wants: ['text', 'choice', 'trace', 'next'],
      async *answer(requests, signal) {
        for (const [index, request] of requests.entries()) {
          if (signal.aborted) return;
          const key = keyOf(request.to === 'judge' && judge ? judge : hash, request);
          yield [index, answers.get(key) ?? { ok: false, error: 'not in the recording' }];
        }
      },
      facts: async () => manifest.facts,
      async [Symbol.asyncDispose]() {},
    };
  },
} satisfies RunnerModule;
