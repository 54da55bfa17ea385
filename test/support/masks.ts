/**
 * Who sees whom when many sequences are packed into one row. Each token sits in a tree of shared prefixes: `node` is its place in a depth-first
 * numbering, `end` the first number after its node's descendants. A query sees the keys of its own node and of the nodes above it, up to its own position.
 */
export interface PackedTokens {
  /** 0-based place in the token's own sequence. */
  readonly positions: Int32Array;
  readonly nodes: Int32Array;
  readonly ends: Int32Array;
}

const hidden = -3e38;

/** attention_bias [1,1,S,T]: rows are the last `queries` of the tokens (the new ones), columns all of them. `window` null: no sliding window. */
export function biasOf(tokens: PackedTokens, queries: number, window: number | null): Float32Array {
  const { positions, nodes, ends } = tokens;
  const total = positions.length;
  const bias = new Float32Array(queries * total).fill(hidden);
  const reach = window ?? Number.POSITIVE_INFINITY;
  for (let row = 0; row < queries; row += 1) {
    const query = total - queries + row;
    const [place, node, at] = [positions[query] ?? 0, nodes[query] ?? 0, row * total];
    for (let key = 0; key <= query; key += 1) {
      const distance = place - (positions[key] ?? 0);
      if ((nodes[key] ?? 0) <= node && node < (ends[key] ?? 0) && distance >= 0 && distance < reach) bias[at + key] = 0;
    }
  }
  return bias;
}
