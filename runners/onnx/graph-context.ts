/** What every part of the graph's builder shares. */
import type { Draft } from './draft.ts';
import type { RunLengths } from './graph-convolution.ts';
import type { Places } from './graph-plain-attention.ts';
import type { Weights } from './graph-weights.ts';
import type { ModelSpec } from './spec.ts';

export interface Context {
  readonly draft: Draft;
  readonly spec: ModelSpec;
  readonly weights: Weights;
  /** Head width as the attention operator takes it. */
  readonly width: number;
  /** The graph has past and present. */
  readonly cached: boolean;
  /** What a run returns of the cache is all of it, with the new tokens in their slots; else the new tokens alone. */
  readonly whole: boolean;
  /** Only operators every provider has: nothing fused for the CPU. */
  readonly plain: boolean;
  /** cos and sin [B,S,width/2] of each of the model's ropes; for `plain` graphs [B·S,width/2], read by `rows` [B,S]. */
  readonly rotations: readonly { readonly cos: string; readonly sin: string }[];
  readonly rows: string;
  readonly masks: {
    readonly seqlens: string;
    readonly total: string;
    /** The bias for layers with this window; '' where the operator masks by itself. */
    readonly bias: (window: number | null) => string;
    /** The bias already knows the layer's window. */
    readonly windowed: boolean;
  };
  /** For `plain` graphs. */
  readonly places: Places;
  /** For layers with a convolution. */
  readonly now: RunLengths;
  /** Names what the layer gives back for its cache (from 1 on). */
  readonly keep: (layer: number, outputs: readonly string[]) => void;
}
