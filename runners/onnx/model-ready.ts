import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { UserError } from '../../src/types.ts';
import type { Chosen } from './devices.ts';
import { forecastOf, freeMemory, refuseIfTooLarge } from './forecast.ts';
import type { Opening } from './ipc.ts';
import type { LocalModel } from './model.ts';
import { identityOf, limitsOf, openSpeech, physicalCores } from './model-parts.ts';
import { findReadyMade } from './ready-made.ts';
import { openReadyMade } from './ready-made-session.ts';
import { weightsModeOf } from './weights.ts';

/** Opens an ONNX export: it runs as it was made, one session for scoring and generating. */
export async function openReadyModel(opening: Opening, device: Chosen): Promise<LocalModel> {
  const mode = weightsModeOf(opening.settings);
  if (opening.settings.adapter !== undefined)
    throw new UserError('adapters are applied to safetensors and GGUF models, not to ONNX exports', 'give the original model');
  if (mode.compute === 'fast' || mode.bits !== null)
    throw new UserError('an ONNX export runs as it was made', 'leave --weights and --quantize out, or name the GGUF or safetensors form');
  const found = findReadyMade(opening.target);
  const limits = limitsOf(opening, device);
  const name = basename(found.folder);
  const sizes = {
    mapped: 0,
    idle: 0,
    held: found.bytes,
    laidOut: 0,
    graphs: 1,
    vocabulary: Number(found.config.vocab_size ?? 0),
    hidden: 1024,
    ffn: 4096,
    heads: 16,
    kvBytesPerToken: 0,
    tokens: limits.tokens,
    seen: limits.tokens,
    rows: limits.rows,
    kept: 0,
  } as const;
  const forecast = forecastOf(sizes);
  refuseIfTooLarge(name, forecast, freeMemory());
  const speech = await openSpeech(
    { format: 'safetensors', path: found.folder, folder: found.folder, config: found.config, arrays: new Map() },
    opening,
  );
  const threads = Number(opening.settings.threads ?? 0) || physicalCores();
  const opened = await openReadyMade(found, {
    executionProviders: [device.device.provider(device.index) as InferenceSession.ExecutionProviderConfig],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
  const dtype = opened.signature.caches[0]?.type ?? 'float32';
  const files = readdirSync(dirname(found.file))
    .filter((each) => each.startsWith(basename(found.file)))
    .map((each) => join(dirname(found.file), each));
  const { model_type: family = null, num_hidden_layers: layers = null } = found.config as {
    model_type?: string;
    num_hidden_layers?: number;
  };
  return {
    name,
    identity: await identityOf({ files: files.toSorted(), opening, device, speech, mode: 'as exported', dtype, adapter: null }),
    context: found.context,
    vocabulary: Number(found.config.vocab_size ?? speech.tokenizer?.size ?? 2 ** 31),
    rotatesBeyond: Number.POSITIVE_INFINITY,
    speech,
    spreads: false,
    scores: true,
    facts: { family, layers, context: found.context, fileBytes: found.bytes, weights: 'as exported' },
    device,
    session: async (purpose) => opened.session(purpose),
    loaded: () => [{ graph: 'export', ms: opened.session('score').loadMs, prepacked: true }],
    damage: () => null,
    bytes: found.bytes,
    forecast,
    roomy: false,
    limits,
    dispose: () => opened.release(),
  };
}
