import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
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
  /** Packed matrices that are multiplied in two passes. */
  readonly twice: (canonical: string) => boolean;
  /** For the identity: `exact`, `fast`, `fast, head in two passes` … */
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

/** How a fast mode comes nearer to exact compute: matrices multiplied in two passes (about 16 bits of the activations), or left float32. */
interface Care {
  readonly name: string;
  readonly twice: RegExp | null;
  readonly spared: Spared;
}

/** The least first: the first that passes the bars is taken. Where an operator rounds whole rows instead of blocks, two passes gain nothing and floats remain. */
const ladder: readonly Care[] = [
  { name: '', twice: null, spared: 'none' },
  { name: ', head in two passes', twice: /^(embed|head)$/, spared: 'none' },
  { name: ', head and attention in two passes', twice: /^(embed|head)$|\.(q|k|v|qkv|o)$/, spared: 'none' },
  { name: ', in two passes', twice: /./, spared: 'none' },
  { name: ', head exact', twice: null, spared: 'head' },
  { name: ', head and attention exact', twice: null, spared: 'head and attention' },
];
const [plainest = { name: '', twice: null, spared: 'none' }] = ladder;
/** Raised whenever a measured deviation could change. */
const measureVersion = 3;

/** Makes the weights of a mode ready, and measures a fast mode once (the figure is kept in the cache). */
export async function weighed(mode: WeightsMode, from: Weighing): Promise<Weighed> {
  const { files, spec, ready } = from;
  const variant = mode.bits === null ? '' : `, int${mode.bits}`;
  if (mode.compute === 'exact') {
    const tensors =
      mode.bits === null
        ? await readyTensors(files, ready)
        : await packedTensors(files, spec, { ...ready, form: 'rounded', bits: mode.bits });
    return { tensors, twice: () => false, name: `exact${variant}`, deviation: null, unmeasured: null, scores: true };
  }
  const packed = (care: Care) => packedTensors(files, spec, { ...ready, form: 'fast', bits: mode.bits, spared: care.spared });
  const found = async (care: Care, deviation: Deviation | null): Promise<Weighed> => ({
    tensors: await packed(care),
    twice: twiceOf(care),
    name: `fast${variant}${care.name}`,
    deviation,
    unmeasured,
    scores: deviation === null || mayScore(deviation),
  });
  const unmeasured = from.tokenizer === null ? 'the model has no tokenizer for the text' : from.exactFits;
  if (unmeasured !== null) return found(plainest, null);
  const measure = measuring(mode, from, packed);
  let last = await found(plainest, await measure(plainest));
  for (const care of ladder.slice(1)) {
    if (last.scores) break;
    last = await found(care, await measure(care));
  }
  return last;
}

const twiceOf =
  ({ twice }: Care) =>
  (canonical: string): boolean =>
    twice?.test(canonical) ?? false;

/** One line for people. */
export function deviationLine({ name, deviation, unmeasured, scores }: Weighed): string {
  if (deviation === null) return `weights ${name}: how far it strays from exact compute was not measured (${unmeasured})`;
  const { kl, top1, positions } = deviation;
  const told = `weights ${name}: ${kl.toExponential(1)} nats a token from exact compute, the same likeliest token at ${(100 * top1).toFixed(1)} % of ${positions} places`;
  return scores
    ? told
    : `${told}; too far for log-probabilities (bars: ${deviationBars.kl} nats, ${100 * deviationBars.top1} %), so only texts are generated`;
}

/** Measures one way at a time against exact compute, which is run once; what was measured before is remembered. */
function measuring(mode: WeightsMode, from: Weighing, packed: (care: Care) => Promise<Tensors>): (care: Care) => Promise<Deviation> {
  const { files, spec, tokenizer, ready } = from;
  let ids: readonly number[] | null = null;
  let exact: NextTokens | null = null;
  return async (care) => {
    const path = join(ready.cacheDir, 'graphs', `deviation-${await keyOf(mode, care, from)}.json`);
    const known = remembered(path);
    if (known) return known;
    if (ids === null || exact === null) {
      ready.say?.('measuring how far the fast mode strays from exact compute (once for this model)');
      ids = (tokenizer?.encode(deviationText, { bos: tokenizer.addBos }) ?? []).slice(0, 512);
      const exactly: Tensors =
        mode.bits === null
          ? await readyTensors(files, ready)
          : await packedTensors(files, spec, { ...ready, form: 'rounded', bits: mode.bits });
      exact = await nextTokens(from, { tensors: exactly, twice: () => false }, ids);
    }
    const deviation = deviationOf(exact, await nextTokens(from, { tensors: await packed(care), twice: twiceOf(care) }, ids));
    writeWhole(path, JSON.stringify(deviation));
    return deviation;
  };
}

/** The processor counts too: its instructions decide how products are rounded. */
async function keyOf(mode: WeightsMode, care: Care, { files, tokenizer, session, ready, adapter }: Weighing): Promise<string> {
  const what = [
    measureVersion,
    await weightsHash(files.files, ready.cacheDir),
    tokenizer?.hash,
    mode,
    care.name,
    session.device.device.name,
    cpus()[0]?.model,
    adapter?.hash,
  ];
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 32);
}

function remembered(path: string): Deviation | null {
  try {
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Deviation) : null;
  } catch {
    return null; // torn: measured again
  }
}

/** The likeliest next tokens after every token of a text, some positions at a time. */
async function nextTokens(
  { spec, adapter, session: options }: Weighing,
  { tensors, twice }: Pick<Weighed, 'tensors' | 'twice'>,
  ids: readonly number[],
): Promise<NextTokens> {
  const device = options.device.device.name;
  const graph = buildGraph(spec, tensors, { purpose: 'generate', device, twice, ...(adapter && { adapter }) });
  // Quantised products need their prepacked layout: without it onnxruntime computes them exactly, and slowly.
  const session = await openSession(graph, { ...options, prepack: graph.inexact !== null });
  const { ort } = session;
  using cache = openCache(session, 1, ids.length);
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
  await session.release();
  return { width, top, logprobs };
}
