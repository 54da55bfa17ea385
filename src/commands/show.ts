import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { suggestion } from '../commands.ts';
import { visible } from '../kit/visible.ts';
import { openRun } from '../open-run.ts';
import { readingHere } from '../reading.ts';
import { type Prompt, type Request, type Response, type Sample, UserError } from '../types.ts';

const number = (value: number | null | undefined) => (value === null || value === undefined ? '–' : value.toFixed(3));

function promptLines(prompt: Prompt): string[] {
  if (typeof prompt === 'string') return [visible(prompt)];
  return prompt.map((message) => `[${message.role}] ${visible(message.content)}`);
}

function answerLines({ want }: Request, response: Response | null): string[] {
  if (!response) return ['(not answered)'];
  if (!response.ok) return [`(failed: ${visible(response.error)})`];
  if (want.kind === 'choice') return want.options.map((option, i) => `${number(response.logprobs?.[i])}  ${visible(option)}`);
  if (want.kind === 'trace') return [`${response.tokens} tokens, mean log-probability ${number(mean(response.logprobs))}`];
  if (want.kind === 'next') return (response.top ?? []).map((token, i) => `${number(response.logprobs?.[i])}  ${visible(token)}`);
  return [visible(response.text) || '(empty)', `(${response.tokens} tokens, stop: ${response.stop})`];
}

function mean(values: readonly (number | null)[] | undefined): number | null {
  const known = (values ?? []).filter((value) => value !== null);
  return known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : null;
}

function told(sample: Sample, id: string): string {
  const lines = [`${id} · ${sample.item.id}`];
  const { group, cluster, stratum } = sample.item;
  lines.push([group && `group ${group}`, cluster && `cluster ${cluster}`, stratum && `stratum ${stratum}`].filter(Boolean).join(' · '), '');
  for (const [r, { requests, responses }] of sample.rounds.entries())
    for (const [i, request] of requests.entries()) {
      lines.push(
        `— asked (${request.want.kind}${sample.rounds.length > 1 ? `, round ${r + 1}` : ''}${requests.length > 1 ? `, ${i + 1} of ${requests.length}` : ''})`,
      );
      lines.push(...promptLines(request.prompt), '— came back', ...answerLines(request, responses[i] ?? null), '');
    }
  const { row } = sample;
  lines.push('— scored');
  if (row.skip !== undefined) lines.push(`skipped: ${visible(row.skip)}`);
  for (const [name, value] of Object.entries(row.values)) lines.push(`${name}: ${number(value)}`);
  if (row.outcomes.length > 0) lines.push(`outcomes: ${row.outcomes.join(', ')}`);
  if (row.note) lines.push(`why: ${visible(row.note)}`);
  if (sample.grade !== null) lines.push(`grade of this item: ${number(sample.grade)}`);
  return `${lines.join('\n')}\n`;
}

const command: Command = {
  describe(parser) {
    parser
      .argument('<run>', 'a run folder')
      .argument('[item]', 'an item’s id, or <suite>#<item>; without it the lowest-scoring items are listed')
      .option('--json', 'print the sample as JSON')
      .addHelpText('after', '\nExample:\n  plumbline show runs/mine privacy/secrets#direct-3');
  },
  async run([folder, wanted], options, io) {
    const run = openRun(resolve(io.cwd, folder as string), io.cwd, readingHere(io));
    const ids = Object.keys(run.manifest.suites);
    if (wanted === undefined) {
      if (options.json) io.out(`${JSON.stringify(run.results.map((result) => ({ suite: result.suite.id, worst: result.worst })))}\n`);
      else
        for (const result of run.results)
          io.out(
            `${result.suite.id}\n${
              result.worst
                .slice(0, 5)
                .map((id) => `  ${id}\n`)
                .join('') || '  (nothing below a full grade)\n'
            }`,
          );
      return 0;
    }
    const text = wanted as string;
    const at = text.indexOf('#');
    const suite = at >= 0 ? text.slice(0, at) : null;
    const item = at >= 0 ? text.slice(at + 1) : text;
    const seen: string[] = [];
    for (const id of suite ? [suite] : ids)
      for await (const sample of run.samples(id)) {
        if (sample.item.id === item) {
          io.out(options.json ? `${JSON.stringify({ suite: id, ...sample })}\n` : told(sample, id));
          return 0;
        }
        seen.push(sample.item.id);
      }
    const near = suggestion(item, seen);
    if (suite && !ids.includes(suite)) throw new UserError(`the run has no suite '${suite}'`, `it has ${ids.join(', ')}`);
    throw new UserError(
      `no item '${item}' in ${folder as string}${near ? `; did you mean '${near}'?` : ''}`,
      `plumbline show ${folder as string} lists the lowest-scoring items`,
    );
  },
};

export default command;
