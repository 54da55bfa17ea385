import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plumbline, temporary } from '../support/cli.ts';
import { faultyServer } from '../support/faulty-server.ts';
import { answersIn, costOf, filesWith, questions } from '../support/run-files.ts';

const key = 'sk-a-key-that-nobody-may-see-0123456789';

describe('a server that goes wrong in every way', () => {
  const count = 10_000;
  it(`${count} requests: nothing lost, nothing doubled, memory bounded, the key nowhere`, { timeout: 180_000 }, async () => {
    using to = temporary();
    const hopeless = (prompt: string) => /^Question \d*999$/.test(prompt);
    const { server, base, counts, widest } = await faultyServer({ share: 0.06, hopeless, key });
    questions(join(to.path, 'q.jsonl'), count);
    const peak = `--import=data:text/javascript,${encodeURIComponent("process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS+'\\n'))")}`;
    const ran = await plumbline(
      [
        'run',
        `openai:a-model@${base}`,
        '--suite',
        'q.jsonl',
        '--preset',
        'full',
        '-o',
        'r',
        '--set',
        'timeout=1',
        '--set',
        'retries=4',
        '--set',
        'concurrency=128',
      ],
      { cwd: to.path, env: { OPENAI_API_KEY: key, NODE_OPTIONS: peak } },
    );
    server.closeAllConnections();
    server.close();
    expect(ran.code).toBe(0);
    const answers = answersIn(join(to.path, 'r'));
    expect(answers).toHaveLength(count);
    expect(new Set(answers.map((answer) => answer.key)).size).toBe(count);
    const failed = answers.filter(({ response }) => !response.ok);
    expect(failed).toHaveLength(10);
    expect(failed.every(({ response }) => response.error === '502: Bad Gateway')).toBe(true);
    const said = new Set(answers.map(({ response }) => response.text ?? ''));
    expect(said.size).toBe(count - 10 - 99 + 1);
    expect(said).toContain('Your key is [key].');
    expect(Object.keys(counts).sort()).toEqual([
      '429',
      'drop',
      'good',
      'half',
      'html',
      'html 502',
      'huge',
      'key in error',
      'list',
      'slow',
      'wrong json',
    ]);
    const { requests = 0, retried = 0, failed: given } = costOf(join(to.path, 'r'));
    expect(given).toBe(10);
    expect(requests - retried).toBe(count);
    // A few are lost with a connection that closes under them, on the way there or back.
    const read = Object.values(counts).reduce((a, b) => a + b, 0);
    expect(Math.abs(requests - read)).toBeLessThan(0.1 * read);
    expect(counts.good).toBeGreaterThanOrEqual(count - 10);
    expect(widest()).toBeLessThanOrEqual(128);
    expect(ran.err).toMatch(/warning: the model that the server names changed from a-model to another-model/);
    expect(ran.err).toMatch(/warning: the server's fingerprint changed from fp-a-model to fp-another-model/);
    expect(filesWith(to.path, key)).toEqual([]);
    expect(ran.out + ran.err).not.toContain(key);
    expect(Number(/peak (\d+)/.exec(ran.err)?.[1]) / 1024).toBeLessThan(400);
  });
});
