/** What the parts of the local runner hand each other. Imports nothing but types. */

export type StoredType =
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'Q8_0'
  | 'Q4_0'
  | 'Q4_1'
  | 'Q5_0'
  | 'Q5_1'
  | 'Q2_K'
  | 'Q3_K'
  | 'Q4_K'
  | 'Q5_K'
  | 'Q6_K'
  | 'IQ4_NL'
  | 'IQ4_XS'
  | 'IQ1_S'
  | 'IQ1_M'
  | 'IQ2_XXS'
  | 'IQ2_XS'
  | 'IQ2_S'
  | 'IQ3_XXS'
  | 'IQ3_S'
  | 'TQ1_0'
  | 'TQ2_0'
  | 'MXFP4'
  | 'NVFP4';

/** A tensor as it lies in a file: name as the file has it, shape in row-major order (outermost first, also for GGUF), bytes at `offset` of `file`. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: StoredType;
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/** A model's files, opened and checked: nothing of the weights is read yet. */
export interface ModelFiles {
  readonly format: 'gguf' | 'safetensors';
  readonly path: string;
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** config.json (safetensors) or the metadata's scalars and short arrays by key (gguf); GGUF keeps tokenizer arrays apart. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly bytes: number;
}

/** A tensor ready for onnxruntime's external data: float types only, in a real file (no symlink), row-major, little endian. */
export interface ReadyTensor {
  readonly shape: readonly number[];
  readonly type: 'F32' | 'F16' | 'BF16';
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/** A part of a file. */
export interface Region {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * A matrix [out,in] in blocks along its rows, for `--weights fast`: value = scale of its block × code + minimum of its block. Codes are stored unsigned, 128 (8 bits) or
 * 8 (4 bits, the lower half of a byte first) standing for 0. Scales and minima: float32 [out, in/block].
 */
export interface PackedTensor {
  readonly shape: readonly number[];
  readonly type: 'packed';
  readonly bits: 4 | 8;
  readonly block: 16 | 32;
  readonly file: string;
  readonly codes: Region;
  readonly scales: Region;
  readonly minima: Region | null;
}

/** score: log-probabilities of given tokens; packed, with or without a cache. generate: ragged batched decoding with a cache. */
export type Purpose = 'score' | 'generate';

export interface GraphValue {
  readonly name: string;
  readonly type: 'float32' | 'float16' | 'int64' | 'int32';
  /** B rows, S new tokens a row, C slots in the cache, T = total_sequence_length, N picked positions, K = top_k. */
  readonly shape: readonly (number | string)[];
}

/** One tensor of the cache: fed as `past`; `present` is what a run gives back for it. */
export interface CacheValue {
  readonly past: string;
  readonly present: string;
  readonly type: 'float32' | 'float16';
  /** Of `past`. 'B' rows, 'C' slots; zeros at the start. A shape without 'C' is a state of fixed size (convolutions). */
  readonly shape: readonly (number | 'B' | 'C')[];
}

/** An attention_bias input: layers with a sliding window see keys nearer than `window` tokens (query position − key position < window); null: all before. */
export interface BiasInput {
  readonly name: string;
  readonly window: number | null;
}

/** A graph that onnxruntime opens from bytes, its weights by `extra.session.model_external_initializers_file_folder_path` = `folder`. */
export interface Graph {
  readonly bytes: Uint8Array;
  /** Real folder that holds every external file (one folder). */
  readonly folder: string;
  readonly purpose: Purpose;
  /** All inputs and outputs, caches included: feed exactly these. */
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Empty for a score graph without cache. */
  readonly caches: readonly CacheValue[];
  /** Outputs that stay on the device: there `present` is the whole cache. Elsewhere it is what the run adds: [B,S,heads·width] for each new token. */
  readonly onDevice: readonly string[];
  /** Empty for a generate graph: there rows are plain sequences and the graph masks by itself. */
  readonly biases: readonly BiasInput[];
  /** Bytes of cache a token takes. */
  readonly kvBytesPerToken: number;
  /** false: tokens of one row mix by neighbourhood (convolutions), so a row must hold one sequence only. */
  readonly packs: boolean;
  /** What differs from float32 compute on the stored weights; null for an exact graph. */
  readonly inexact: string | null;
}
/*
 * Inputs (feed those that `inputs` lists):
 *   input_ids int64 [B,S] · position_ids int64 [B,S] (0-based place of the token in its own sequence; anything for padding)
 *   span int64 [B,S]: only models whose rope depends on the length (longrope, dynamic): the full length of the sequence each token belongs to
 *        (prompt + option; prompt + maxTokens when generating), the same value for every token of it and for the prefix it was computed with.
 *   attention_bias.<full|window> float32 [Bb,1,S,T], Bb = 1 or B: 0 where the query (row of S) sees the key (column of T), else -3e38 (`biasOfRun` in score.ts makes it). Columns are cache slots, then (from the row's past length on) the new tokens. It says all, causality too.
 *   key_positions int64 [Bb,T]: only ALiBi models: place of each key in its own sequence.
 *   seqlens_k int32 [B] = valid tokens of the row in the cache after this run − 1 (past length + new tokens − 1) · total_sequence_length int32 [] = max(seqlens_k) + 1
 *        (only with caches). The new tokens of row b land in slots past length … past length + new − 1.
 *   past.<i>.key / past.<i>.value [B,kvHeads,C,width], C >= total_sequence_length. A Tensor over buffer.subarray(…) of whole rows is read where it lies, so rows live in
 *        slots of one big buffer. Content past the valid length is never read. Not written: what is new comes back as `present.*`, since onnxruntime-node copies every
 *        output to a fresh buffer, also one that was fetched into a tensor of ours.
 *   pick int64 [N] (flat index into B*S) · score: target int64 [N] · generate: temperature float32 [N] (0: greedy), uniform float32 [N] in [0,1) (the one random
 *        number that draws the token from the full softmax at that temperature), top_k int64 [1] (K >= 1).
 * Outputs:
 *   score: logprob float32 [N] (natural log of target's probability at the picked position) · argmax int64 [N] [+ present.*] [with spread: + mean, deviation float32 [N],
 *        of the log-probability over the vocabulary under the distribution itself]
 *   generate: token int64 [N] · logprob float32 [N] (of token, at temperature 1) · top int64 [N,K], top_logprob float32 [N,K] (most likely first; K = 1 costs least) · present.*
 * Rules (checked on the CPU provider of onnxruntime 1.30):
 *   - First prompts (nothing in the cache): any B, S = longest row, shorter rows padded on the RIGHT, seqlens_k = row length − 1.
 *   - One new token a row (S = 1): any B, ragged past lengths.
 *   - Several new tokens on a past (chunked prefill, options on a prefix): B = 1 only.
 *   - score with biases: B = 1 with many packed sequences, or B rows of one sequence each; padded positions are simply not picked.
 *   - sliding windows in generate graphs are built in.
 */
