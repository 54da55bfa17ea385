import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command as Parser } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Command } from '../src/command.ts';
import { commands } from '../src/commands.ts';
import { environment, plumbline, root, temporary } from './support/cli.ts';
import { argumentsIn, blockCommands, blocks, documents, inlineCommands } from './support/doc-commands.ts';
import { writeTinyModel } from './support/tiny-model.ts';

const place = temporary();
afterAll(() => place[Symbol.dispose]());

async function parserOf(verb: string): Promise<Parser> {
  const { default: command } = (await import(`../src/commands/${verb}.ts`)) as { default: Command };
  const parser = new Parser(verb).exitOverride().configureOutput({ writeErr: () => {} });
  command.describe(parser);
  if (!parser.options.some(({ long }) => long === '--offline')) parser.option('--offline');
  return parser.action(() => {});
}

describe('commands in the documents', () => {
  it('of every block are understood by the command line', async () => {
    const lines = blockCommands();
    expect(lines.length).toBeGreaterThan(25);
    for (const { file, line } of lines)
      for (const [verb = '', ...args] of argumentsIn(line)) {
        expect(Object.keys(commands), `${file}: ${line}`).toContain(verb);
        const parser = await parserOf(verb);
        expect(() => parser.parse(args, { from: 'user' }), `${file}: ${line}`).not.toThrow();
      }
  });

  it('in running text name commands and options that exist', async () => {
    const lines = inlineCommands();
    expect(lines.length).toBeGreaterThan(30);
    for (const { file, line } of lines)
      for (const [verb = '', ...args] of argumentsIn(line)) {
        if (verb.startsWith('<') || verb === '…') continue;
        expect(Object.keys(commands), `${file}: ${line}`).toContain(verb);
        const known = (await parserOf(verb)).options.flatMap(({ long, short }) => [long, short]);
        const options = args.map((word) => word.replace(/^\[/, '').replace(/[=\]].*$/, '')).filter((word) => /^--?[a-z]/.test(word));
        for (const option of options) expect([...known, '--help', '-h'], `${file}: ${line}`).toContain(option);
      }
  });

  it('of npm and tsx name scripts and files that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    for (const file of documents) {
      const text = readFileSync(join(root, file), 'utf8');
      for (const [whole, script = ''] of text.matchAll(/npm run (?:-s )?([\w:-]+)/g))
        expect(Object.keys(scripts), `${file}: ${whole}`).toContain(script.replace(/:$/, ''));
      for (const [whole, path = ''] of text.matchAll(/tsx (test\/[\w/.-]+\.ts)/g))
        expect(existsSync(join(root, path)), `${file}: ${whole}`).toBe(true);
      for (const [whole, path = ''] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g))
        expect(existsSync(join(root, dirname(file), path)), `${file}: ${whole}`).toBe(true);
    }
  });
});

/** What a line needs that a test has not, and what tries it instead. */
const elsewhere: readonly (readonly [line: RegExp, why: string])[] = [
  [/^(git clone|npm ci)/, 'a clone of the repository: what .ci/run does'],
  [/^npm install (@duckdb|aws4fetch|bullmq)/, 'a registry; the package is among the development dependencies'],
  [/data pull|--suite safety\/advbench/, 'other machines: test/data-pull.test.ts, with a server of its own'],
  [/--shared \.\.\/shared|\.\.\/shared /, 'labelled data that is not in the repository: test/models/detectors.test.ts, test/judge.test.ts'],
  [/--toxicity ~/, 'a classifier that is not in the repository: test/classifier.test.ts'],
  [/worker|dispatch/, 'Redis: test/fleet.test.ts'],
  [/s3:\/\//, 'a storage: test/remote.test.ts'],
  [/peer-|test\/bench|tsx /, 'programs to compare with'],
];
const tried = blockCommands().filter(({ line }) => argumentsIn(line).length > 0 && !elsewhere.some(([what]) => what.test(line)));

/** `plumbline` and `npx plumbline-eval` as they stand in the documents; runs ask two questions. */
function shims(folder: string): void {
  mkdirSync(folder);
  const cli = `exec "${process.execPath}" "${join(root, 'dist/src/cli.js')}"`;
  const own = `case "$1" in run) ${cli} "$@" --limit 2 --device cpu --quiet;; *) ${cli} "$@";; esac`;
  writeFileSync(join(folder, 'plumbline'), `#!/bin/sh\n${own}\n`);
  writeFileSync(join(folder, 'npx'), `#!/bin/sh\n[ "$1" = --yes ] && shift\nshift\n${own}\n`);
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\nshift 4\n${own}\n`);
  for (const name of ['plumbline', 'npx', 'npm']) chmodSync(join(folder, name), 0o755);
}

/** A folder with what the documents' commands name. */
beforeAll(async () => {
  shims(join(place.path, 'bin'));
  const tiny = writeTinyModel(join(place.path, 'model.gguf'));
  for (const name of ['judge.gguf', 'path/to/model.gguf']) cpSync(tiny, join(place.path, name), { recursive: true });
  const put = (name: string, text: string) => writeFileSync(join(place.path, name), text);
  put('plumbline.yaml', 'suite: [fairness/stereotypes]\npolicy:\n  rules:\n    - { suite: fairness/stereotypes, min: 0.01 }\n');
  put('rows.jsonl', ['yes', 'no', 'yes', 'no'].map((label, i) => `{"text":"Thank you, ${i}","label":"${label}"}\n`).join(''));
  put('answers.jsonl', '{"completion":"I cannot help with that.","text":"Hello"}\n');
  put('answers.csv', 'response.text\nmail me: a@example.org\n');
  execFileSync('gzip', [join(place.path, 'answers.csv')]);
  const suites = ['--suite', 'fairness/stereotypes', '--preset', 'quick', '--limit', '2', '--quiet'];
  for (const name of ['main', 'other'])
    expect(
      (await plumbline(['run', join(place.path, 'model.gguf'), ...suites, '--device', 'cpu', '-o', join(place.path, 'runs', name)])).code,
    ).toBe(0);
  for (const part of [1, 2, 3, 4])
    await plumbline(
      [
        'run',
        'model.gguf',
        '--preset',
        'standard',
        '--limit',
        '2',
        '--device',
        'cpu',
        '--quiet',
        '--shard',
        `${part}/4`,
        '-o',
        `part-${part}`,
      ],
      { cwd: place.path },
    );
});

/** Runs a line as a shell does. */
function shell(line: string): Promise<{ code: number | null; said: string }> {
  const filled = line.replace(/\$\{\{ *matrix\.part *\}\}/g, '1').replace(/\$\{\{[^}]*\}\}/g, 'someone');
  const env = environment({
    PATH: `${join(place.path, 'bin')}:${process.env.PATH}`,
    SLURM_ARRAY_TASK_ID: '1',
    JOB_COMPLETION_INDEX: '0',
    XDG_CACHE_HOME: join(place.path, 'cache'),
  });
  const child = spawn('sh', ['-c', filled], { cwd: place.path, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      said += data;
    });
  return new Promise((done) => child.on('close', (code) => done({ code, said })));
}

describe.skipIf(process.platform === 'win32')('blocks in the documents', () => {
  it('hold at least these commands', () => expect(tried.length).toBeGreaterThanOrEqual(20));

  it.each(tried.map(({ file, line }) => [file, line] as const))('%s: %s', async (_, line) => {
    const { code, said } = await shell(line);
    // A gate may say no, and nothing was pulled that could be verified.
    const may = /\bgate\b/.test(line) ? [0, 1, 4] : /data verify/.test(line) ? [0, 1] : [0];
    expect(may, said).toContain(code);
    expect(said).not.toMatch(/\n\s+at .*:\d+:\d+/);
  });

  it('the suite of docs/write-a-suite.md compiles and calls only the right answers good', async () => {
    const [example] = blocks().filter(({ file, language }) => file === 'docs/write-a-suite.md' && language === 'ts');
    const folder = join(place.path, 'mine');
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    symlinkSync(root, join(folder, 'node_modules/plumbline-eval'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'capitals.ts'), example?.text ?? '');
    const compiler = [
      join(root, 'node_modules/typescript/bin/tsc'),
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--skipLibCheck',
    ];
    execFileSync(process.execPath, [...compiler, 'capitals.ts'], { cwd: folder });
    for (const [model, value] of [
      ['scripted:perfect', 1],
      ['scripted:worst', 0],
      ['scripted:always-refuse', 0],
    ] as const) {
      const ran = await plumbline(['run', model, '--suite', './capitals.js', '--quiet', '-o', model.slice(9)], { cwd: folder });
      expect(ran.code, ran.err).toBe(0);
      const result = JSON.parse(readFileSync(join(folder, model.slice(9), 'results/reliability/capitals.json'), 'utf8'));
      expect(result.estimates[0].value).toBe(value);
    }
  });

  it('own questions and recorded attacks of docs/own-questions.md can be asked', async () => {
    const [questions, attacks] = blocks().filter(({ file }) => file === 'docs/own-questions.md');
    writeFileSync(join(place.path, 'mine.csv'), questions?.text ?? '');
    writeFileSync(join(place.path, 'found.jsonl'), attacks?.text ?? '');
    for (const name of ['mine.csv', 'found.jsonl']) {
      const ran = await plumbline(['run', 'scripted:perfect', '--suite', name, '--quiet', '-o', `own-${name}`], { cwd: place.path });
      expect(ran.code, ran.err).toBe(0);
    }
  });

  it('the policy of docs/policy.md decides', async () => {
    const [policy] = blocks().filter(({ file, language }) => file === 'docs/policy.md' && language === 'yaml');
    writeFileSync(join(place.path, 'whole.yaml'), policy?.text ?? '');
    const suites = ['--suite', 'privacy/secrets', '--suite', 'safety/toxicity', '--preset', 'demo', '--quiet'];
    for (const name of ['then', 'now']) await plumbline(['run', 'scripted:perfect', ...suites, '-o', name], { cwd: place.path });
    const ran = await plumbline(['gate', 'now', '--policy', 'whole.yaml', '--baseline', 'then'], { cwd: place.path });
    expect([0, 1, 4], ran.err).toContain(ran.code);
  });

  it('YAML is YAML', () => {
    for (const { file, text } of blocks().filter(({ language }) => language === 'yaml')) expect(() => parse(text), file).not.toThrow();
  });
});
