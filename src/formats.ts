import { z } from 'zod';
import { dimensions, outcomes, presets } from './types.ts';

/** The formats of a run folder's files, for reading what strangers wrote and for the JSON schemas in `schemas/` (`npm run schemas`). */
const number = z.number();
const maybe = number.nullable();
const hash = z.string().regex(/^[0-9a-f]{32,64}$/);
/** A value of parsed JSON is one; it is walked all the same, so that what is nested without end is refused here (z.json() is slower: it tries a union at every value). */
const walked = (value: unknown): boolean => typeof value !== 'object' || value === null || Object.values(value).every(walked);
const json = z.unknown().refine(walked);
const time = z.iso.datetime();
/** `<dimension>/<name>`: also the places of results and rows in the folder. */
const resultId = z.string().regex(/^[a-z]+\/(?!\.\.?$)[^/\\]+$/);
const protocol = z.enum(['base', 'instruct', 'reasoning']);
const outcome = z.enum(outcomes);

const card = z.object({
  id: z.string(),
  version: z.string(),
  hash: z.string(),
  title: z.string(),
  trainedOn: z.string(),
  measuredOn: z.string(),
  bySource: z.array(z.object({ source: z.string(), positives: number, found: number, negatives: number, clean: number })),
  note: z.string().optional(),
});

const estimate = z.object({
  metric: z.string(),
  title: z.string(),
  unit: z.string(),
  better: z.enum(['higher', 'lower']),
  group: z.string().optional(),
  value: maybe,
  interval: z.object({ low: number, high: number, method: z.string() }).nullable(),
  grade: maybe,
  gradeLow: maybe,
  gradeHigh: maybe,
  n: number,
  clusters: number,
  skipped: number,
  bounds: z.tuple([number, number]).optional(),
});

const contamination = z.object({
  order: z.object({ parts: number, orders: number, first: number, among: number, backwards: number, p: number }).nullable(),
  canaries: z.array(z.object({ canary: z.string(), p: number })),
  canariesAnswered: z.array(z.string()),
});

export const resultSchema = z
  .object({
    format: z.literal('plumbline-result/1'),
    suite: z.object({
      id: resultId,
      dimension: z.enum(dimensions),
      version: z.string(),
      title: z.string(),
      about: z.string(),
      limits: z.string(),
      source: z.string(),
      licence: z.string(),
      lang: z.string(),
      sensitive: z.boolean(),
      diagnostic: z.boolean().optional(),
      items: hash,
    }),
    model: z.object({ name: z.string(), identity: hash, protocol }),
    preset: z.enum(presets),
    partial: z.boolean(),
    complete: z.boolean(),
    missing: number,
    invalid: z.string().nullable(),
    floor: z.object({
      title: z.string(),
      state: z.enum(['met', 'not met', 'not applicable']),
      value: maybe,
      low: maybe,
      high: maybe,
      chance: maybe,
      n: number,
    }),
    estimates: z.array(estimate),
    outcomes: z.record(outcome, number),
    thinking: z.object({ answers: number, cut: number }).optional(),
    items: number,
    answers: number,
    worst: z.array(z.string()),
    detectors: z.array(card),
    details: z.record(z.string(), json),
    contamination: contamination.optional(),
    says: z.string().nullable(),
    formula: z.string().nullable(),
  })
  .describe('One suite on one model: results/<dimension>/<name>.json');

const facts = z.object({
  model: z.record(z.string(), json).optional(),
  cost: z.record(z.string(), json).optional(),
  device: z.record(z.string(), json).optional(),
});
const identified = z.object({ argument: z.string(), name: z.string(), identity: z.record(z.string(), json), hash });

export const manifestSchema = z
  .object({
    format: z.literal('plumbline-run/1'),
    plumbline: z.string(),
    created: time,
    finished: time.nullable(),
    command: z.array(z.string()),
    model: identified.extend({ protocol }),
    judge: identified.nullable(),
    toxicity: identified.extend({ card }).optional(),
    options: z.object({
      preset: z.enum(presets),
      suites: z.array(z.string()),
      languages: z.array(z.string()),
      seed: number,
      limit: maybe,
      only: z.array(z.string()),
      attacks: z.array(z.string()).optional(),
      system: z.string().nullable(),
      shard: z.string().nullable(),
    }),
    suites: z.record(resultId, z.object({ version: z.string(), items: hash, count: number })),
    environment: z.object({ node: z.string(), platform: z.string(), arch: z.string(), cpu: z.string(), cores: number, memory: number }),
    facts,
    complete: z.boolean(),
    failed: z.record(z.string(), z.string()).optional(),
    profile: z.array(z.object({ dimension: z.enum(dimensions), grade: maybe, low: maybe, high: maybe, able: number, of: number })),
  })
  .describe('A run: run.json');

export const rowSchema = z
  .object({
    id: z.string(),
    group: z.string().optional(),
    cluster: z.string().optional(),
    stratum: z.string().optional(),
    values: z.record(z.string(), maybe),
    outcomes: z.array(outcome),
    skip: z.string().optional(),
    note: z.string().optional(),
    weight: number.optional(),
  })
  .describe('One item after observation: a line of rows/<dimension>/<name>.jsonl');

const answer = z.object({
  ok: z.literal(true),
  text: z.string(),
  logprobs: z.array(maybe).optional(),
  optionTokens: z.array(number).optional(),
  spreads: z.array(z.tuple([number, number]).nullable()).optional(),
  ids: z.array(number).optional(),
  top: z.array(z.string()).optional(),
  stop: z.enum(['end', 'length', 'filter']),
  tokens: number,
  promptTokens: number.optional(),
  thinking: z.string().optional(),
  ms: number,
});
export const answerLineSchema = z
  .object({ key: z.string().regex(/^[0-9a-f]{32}$/), response: z.union([answer, z.object({ ok: z.literal(false), error: z.string() })]) })
  .describe('One recorded answer: a line of answers.jsonl');

/** JSON schemas by file name. */
export function jsonSchemas(): Readonly<Record<string, unknown>> {
  const all = {
    'run.schema.json': manifestSchema,
    'result.schema.json': resultSchema,
    'row.schema.json': rowSchema,
    'answer.schema.json': answerLineSchema,
  };
  return Object.fromEntries(Object.entries(all).map(([name, schema]) => [name, z.toJSONSchema(schema)]));
}
