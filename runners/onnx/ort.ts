export type Ort = typeof import('onnxruntime-node');

/**
 * Loads onnxruntime, the only place that does. Its published binaries for Linux and macOS (since 1.29) tell their maker about every session: model
 * file, graph hashes, device. Nothing of ours is to leave the machine, so that is turned off before the library is loaded; it looks only once.
 */
export async function loadOrt(): Promise<Ort> {
  process.env.ORT_DISABLE_TELEMETRY = '1';
  const loaded = (await import('onnxruntime-node')) as Ort & { readonly default?: Ort };
  return loaded.default ?? loaded;
}
