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
  | 'IQ4_XS';

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

/** A graph that onnxruntime opens from bytes, its weights by `extra.session.model_external_initializers_file_folder_path`. */
export interface Graph {
  readonly bytes: Uint8Array;
  /** Real folder that holds every external file (one folder). */
  readonly folder: string;
  readonly layers: number;
  readonly kvHeads: number;
  /** Width of a key (and of a value) per head; MLA families may differ. */
  readonly keyWidth: number;
  readonly valueWidth: number;
}
/*
 * The graph's inputs and outputs (int64 unless said otherwise). B rows, S new tokens, P tokens in the cache, T = P + S, N picked positions, V vocabulary.
 * purpose 'score': packed scoring, B = 1 allowed to hold many segments, no KV outputs unless keep = true.
 *   in:  input_ids [B,S] · position_ids [B,S] · attention_bias float [B or 1,1,S,T] (0 or -inf-like: who sees whom; sliding windows are the caller's, by
 *        token distance, see Graph's spec) [+ past.<i>.key/.value [B,kvHeads,P,width]] · pick [N] (flat index into B*S) · target [N]
 *   out: logprob float [N] (natural log of target's probability at each picked position) · argmax [N] [+ present.<i>.key/.value]
 * purpose 'generate': ragged batched decoding with a cache.
 *   in:  input_ids [B,S] · position_ids [B,S] · attention mask in whatever form the builder documents · past.* · pick [N]
 *   out: logits float [N,V] · argmax [N] · present.*
 */
