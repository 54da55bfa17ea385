import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/types.ts';
import type { Adapter } from './adapter.ts';
import { weightsHash, writeWhole } from './cache.ts';
import { type ReadyOptions, readyTensors } from './convert.ts';
import { type Deviation, deviationBars, deviationOf, deviationText, deviationWidth, mayScore, type NextTokens } from './deviation.ts';
import { choosing, hasInput, lengths, only, pickedFrom, span } from './generate-feeds.ts';
import { buildGraph, type Tensors } from './graph.ts';
import { openCache } from './kv-cache.ts';
import type { OpenedModel } from './open-model.ts';
import { packedTensors, type Spared } from './packed-file.ts';
import { int64, openSession, type SessionOptions } from './session.ts';
import type { ModelSpec } from './spec.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Which weights a model is run with. */
export interface WeightsMode {
  /** exact: float32 compute. fast: quantised compute. */
  readonly compute: 'exact' | 'fast';
  /** A rounded variant of the model, to compare with the model itself; null: the file's own weights. */
  readonly bits: 4 | 8 | null;
}

/** Reads `--weights` and `--quantize`. */
export function weightsModeOf(settings: Readonly<Record<string, string | number | boolean>>): WeightsMode {
  const { weights = 'exact', quantize } = settings;
  if (weights !== 'exact' && weights !== 'fast') throw new UserError(`--weights ${weights}: expected exact or fast`);
  if (quantize !== undefined && quantize !== 'int8' && quantize !== 'int4')
    throw new UserError(`--quantize ${quantize}: expected int8 or int4`);
  return { compute: weights, bits: quantize === undefined ? null : quantize === 'int8' ? 8 : 4 };
}

/** Weights ready for a graph, and how far they stray from exact compute. */
export interface Weighed {
  readonly tensors: Tensors;
  /** For the identity: `exact`, `fast`, `fast, head exact` … */
  readonly name: string;
  /** null: exact compute, or it could not be measured (`unmeasured` says why). */
  readonly deviation: Deviation | null;
  readonly unmeasured: string | null;
  /** Whether it is near enough to exact compute for log-probabilities. */
  readonly scores: boolean;
}

export interface Weighing {
  readonly files: OpenedModel;
  readonly spec: ModelSpec;
  readonly tokenizer: Tokenizer | null;
  readonly adapter: Adapter | null;
  readonly session: SessionOptions;
  readonly ready: ReadyOptions;
  /** Whether the exact weights fit in memory and on disk, so that there is something to measure against; else why not. */
  readonly exactFits: string | null;
}

/** What is left exact in the fast mode, least first: the first that passes the bars is taken. */
const ladder: readonly Spared[] = ['none', 'head', 'head and attention'];
/** Raised whenever a measured deviation could change. */
const measureVersion = 2;

/** Makes the weights of a mode ready, and measures a fast mode once (the figure is kept in the cache). */
export async function weighed(mode: WeightsMode, from: Weighing): Promise<Weighed> {
  const { files, spec, ready } = from;
  const variant = mode.bits === null ? '' : `, int${mode.bits}`;
  if (mode.compute === 'exact') {
    const tensors =
      mode.bits === null
        ? await readyTensors(files, ready)
        : await packedTensors(files, spec, { ...ready, form: 'rounded', bits: mode.bits });
    return { tensors, name: `exact${variant}`, deviation: null, unmeasured: null, scores: true };
  }
  const packed = (spared: Spared) => packedTensors(files, spec, { ...ready, form: 'fast', bits: mode.bits, spared });
  const nameOf = (spared: Spared) => `fast${variant}${spared === 'none' ? '' : `, ${spared} exact`}`;
  const unmeasured = from.tokenizer === null ? 'the model has no tokenizer for the text' : from.exactFits;
  if (unmeasured !== null) return { tensors: await packed('none'), name: nameOf('none'), deviation: null, unmeasured, scores: true };
  let last: Weighed | null = null;
  for (const spared of ladder) {
    const deviation = await measured(mode, spared, { from, packed });
    last = { tensors: await packed(spared), name: nameOf(spared), deviation, unmeasured: null, scores: mayScore(deviation) };
    if (last.scores) break;
  }
  if (!last) throw new Error('no fast mode');
  return last;
}

/** One line for people. */
export function deviationLine({ name, deviation, unmeasured, scores }: Weighed): string {
  if (deviation === null) return `weights ${name}: how far it strays from exact compute was not measured (${unmeasured})`;
  const { kl, top1, positions } = deviation;
  const told = `weights ${name}: ${kl.toExponential(1)} nats a token from exact compute, the same likeliest token at ${(100 * top1).toFixed(1)} % of ${positions} places`;
  return scores
    ? told
    : `${told}; too far for log-probabilities (bars: ${deviationBars.kl} nats, ${100 * deviationBars.top1} %), so only texts are generated`;
}

type Packed = (spared: Spared) => Promise<Tensors>;

async function measured(mode: WeightsMode, spared: Spared, { from, packed }: { from: Weighing; packed: Packed }): Promise<Deviation> {
  const { files, spec, tokenizer, session, ready } = from;
  const hash = await weightsHash(files.files, ready.cacheDir);
  const device = session.device.device.name;
  const key = createHash('sha256')
    .update(
      JSON.stringify([
        measureVersion,
        hash,
        tokenizer?.hash,
        mode,
        spared,
        device,
        [...(from.adapter ?? [])].map(([name, { b }]) => [name, [...b.slice(0, 64)]]),
      ]),
    )
    .digest('hex');
  const path = join(ready.cacheDir, 'graphs', `deviation-${key.slice(0, 32)}.json`);
  const known = remembered(path);
  if (known) return known;
  ready.say?.('measuring how far the fast mode strays from exact compute (once for this model)');
  const ids = (tokenizer?.encode(deviationText, { bos: tokenizer.addBos }) ?? []).slice(0, 512);
  const exactly: Tensors =
    mode.bits === null
      ? await readyTensors(files, ready)
      : await packedTensors(files, spec, { ...ready, form: 'rounded', bits: mode.bits });
  const exact = await nextTokens(from, exactly, ids);
  const deviation = deviationOf(exact, await nextTokens(from, await packed(spared), ids));
  writeWhole(path, JSON.stringify(deviation));
  return deviation;
}

function remembered(path: string): Deviation | null {
  try {
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Deviation) : null;
  } catch {
    return null; // torn: measured again
  }
}

/** The likeliest next tokens after every token of a text, some positions at a time. */
async function nextTokens({ spec, adapter, session: options }: Weighing, tensors: Tensors, ids: readonly number[]): Promise<NextTokens> {
  const graph = buildGraph(spec, tensors, { purpose: 'generate', device: options.device.device.name, ...(adapter && { adapter }) });
  // Quantised products need their prepacked layout: without it onnxruntime computes them exactly, and slowly.
  const session = await openSession(graph, { ...options, prepack: graph.inexact !== null });
  const { ort } = session;
  const cache = openCache(session, 1, ids.length);
  const width = Math.min(deviationWidth, spec.vocabulary);
  const top: number[] = [];
  const logprobs: number[] = [];
  const step = hasInput(session, 'span') ? ids.length : 64;
  for (let at = 0; at < ids.length; at += step) {
    const some = ids.slice(at, at + step);
    const places = some.map((_, i) => i);
    const feeds = only(session, {
      input_ids: int64(ort, some, [1, some.length]),
      position_ids: int64(
        ort,
        places.map((i) => at + i),
        [1, some.length],
      ),
      ...lengths(session, [at + some.length]),
      ...span(session, [ids.length], some.length),
      ...choosing(
        session,
        places.map(() => ({ temperature: 0, uniform: 0, top: width })),
        places,
      ),
      ...(await cache.past(0, 1)),
    });
    const out = await session.run(feeds, { top: null, top_logprob: null, ...cache.wanted });
    cache.keep(out, 0, [{ start: at, count: some.length }]);
    const picked = pickedFrom(out);
    top.push(...picked.top);
    logprobs.push(...Array.from(picked.topLogprobs));
  }
  cache.dispose();
  await session.release();
  return { width, top, logprobs };
}
