import { randomOf } from '../../src/kit/random.ts';
import type { Facts } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';
import { generated } from './answer-generate.ts';
import { score } from './answer-score.ts';
import { bench } from './bench.ts';
import type { Meter } from './cost.ts';
import type { AnswerHooks } from './hooks.ts';
import type { About, Question, Replies } from './ipc.ts';
import type { LocalModel } from './model.ts';
import { promptIds, rendered } from './prompt-ids.ts';
import { tracePath } from './prompts.ts';

export interface Asking {
  readonly meter: Meter;
  readonly say: (message: string) => void;
  readonly system: string | undefined;
}

export function about(model: LocalModel): About {
  return {
    name: model.name,
    identity: model.identity,
    protocol: model.speech.protocol,
    wants: model.scores ? ['text', 'choice', 'trace', 'next'] : ['text'],
    device: model.device.name,
    hasTokenizer: model.speech.tokenizer !== null,
  };
}

/** Answers one question about an open model. */
export async function reply(model: LocalModel, question: Question, asking: Asking): Promise<Replies[Question['ask']]> {
  const hooks: AnswerHooks = { ...asking, stopped: () => false, busy: () => {} };
  switch (question.ask) {
    case 'render':
      return rendered(model, question.prompt, asking.system).text;
    case 'facts':
      return facts(model, asking.meter);
    case 'prompt':
      return { ids: promptIds(model, rendered(model, question.prompt, asking.system)) };
    case 'pieces':
      return question.ids.map((id) => model.speech.tokenizer?.decode([id], { skipSpecial: false, continuation: true }) ?? '');
    case 'trace':
      return trace(model, question.ids, hooks);
    case 'generate':
      return continued(model, question, hooks);
    case 'bench':
      return bench(model, question);
  }
}

function checkIds(model: LocalModel, ids: readonly number[]): void {
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= model.vocabulary);
  if (wrong !== undefined) throw new UserError(`token id ${wrong}: the vocabulary has ids 0 to ${model.vocabulary - 1}`, 'mend --ids');
  if (ids.length === 0) throw new UserError('no token ids', 'give some: --ids 1,2,3');
  if (ids.length > model.context)
    throw new UserError(`${ids.length} tokens, the model's context holds ${model.context}`, 'shorten the text');
}

async function trace(model: LocalModel, ids: readonly number[], hooks: AnswerHooks): Promise<Replies['trace']> {
  checkIds(model, ids);
  const logprobs: (number | null)[] = [null];
  const finish = (values: readonly number[]) => {
    logprobs.push(...values);
    return { ok: true, text: '', stop: 'end', tokens: values.length, ms: 0 } as const;
  };
  for await (const [, response] of score(model, [{ index: 0, paths: tracePath(ids, 0, 0), slots: ids.length - 1, finish }], hooks))
    if (!response.ok) throw new UserError(response.error, undefined, 3);
  return { ids: [...ids], logprobs };
}

async function continued(
  model: LocalModel,
  question: Extract<Question, { ask: 'generate' }>,
  hooks: AnswerHooks,
): Promise<Replies['generate']> {
  const { ids, temperature, seed } = question;
  checkIds(model, ids);
  const stops = new Set(model.speech.tokenizer?.stops ?? []);
  const maxTokens = Math.max(1, Math.min(question.maxTokens, model.context - ids.length + 1));
  const ends = (tokens: readonly number[]) => stops.has(tokens.at(-1) ?? -1);
  const job = { request: 0, ids, maxTokens, temperature, random: () => randomOf(seed), top: 0, ends };
  for await (const { tokens, ended, logprobs } of generated(model, [job], hooks)) {
    if (!logprobs.every((value) => Number.isFinite(value)))
      throw new UserError(
        model.damage() ?? 'the model gives numbers that are not finite',
        'the file is damaged: fetch or convert it again',
        3,
      );
    const text = model.speech.tokenizer?.decode(tokens, { continuation: true }) ?? '';
    return { ids: [...tokens], text, stop: ended ? 'end' : 'length' };
  }
  throw new Error('nothing was generated');
}

function facts(model: LocalModel, meter: Meter): Facts {
  const loads = Object.fromEntries(model.loaded().map(({ graph, ms, prepacked }) => [graph, { ms: Math.round(ms), prepacked }]));
  return {
    model: model.facts,
    cost: {
      fileBytes: model.facts.fileBytes ?? model.bytes,
      load: loads,
      forecast: Object.fromEntries(Object.entries(model.forecast).map(([part, bytes]) => [part, Math.round(bytes)])),
      ...meter.facts(model.device.device.name !== 'cpu'),
    },
    device: {
      name: model.device.name,
      title: model.device.device.title,
      passedOver: model.device.passedOver.map(({ device, why }) => ({ device, why })),
    },
  };
}
