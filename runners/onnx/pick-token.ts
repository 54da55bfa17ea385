/** Choosing tokens from one row of logits, in JavaScript: for models whose graph does not do it. */

/** Log of the summed exponentials, in double precision. */
export function logSumOf(logits: Float32Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const each of logits) if (each > largest) largest = each;
  let sum = 0;
  for (const each of logits) sum += Math.exp(each - largest);
  return largest + Math.log(sum);
}

/** Indices of the `k` largest, largest first; the lower index of equals first. */
export function topOf(logits: Float32Array, k: number): number[] {
  if (k === 1) {
    let best = 0;
    for (let i = 1; i < logits.length; i += 1) if ((logits[i] ?? 0) > (logits[best] ?? 0)) best = i;
    return [best];
  }
  return [...logits.keys()].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b).slice(0, k);
}

/** The token at which the cumulated softmax at this temperature passes `chance` of [0,1). */
export function drawToken(logits: Float32Array, temperature: number, chance: number): number {
  const warm = logits.map((each) => each / temperature);
  const sum = logSumOf(warm);
  let passed = 0;
  for (let i = 0; i < warm.length; i += 1) {
    passed += Math.exp((warm[i] ?? 0) - sum);
    if (passed > chance) return i;
  }
  return logits.length - 1;
}
