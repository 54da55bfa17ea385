/** What PEFT calls a model's modules, whichever form the model itself is in; and how GGUF's converters reorder the rows of some of them. */
import { families } from './families.ts';
import type { ModelSpec } from './spec.ts';
import { llamaNames, spellings } from './tensor-names.ts';

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** From a module's path (`model.layers.3.self_attn.q_proj`) to its canonical name (`layers.3.q`); undefined where the family has no such module. */
export function moduleNames(spec: ModelSpec): (path: string) => string | undefined {
  const names = { ...llamaNames, ...families[spec.family]?.names };
  const inLayer: [RegExp, string][] = [];
  const outer = new Map<string, string>();
  const before = literal(spellings(names.layer)[0] ?? '').replace('\\{i\\}', '(\\d+)');
  for (const [role, own] of Object.entries(names))
    for (const name of role === 'layer' ? [] : spellings(own)) {
      inLayer.push([new RegExp(`(?:^|\\.)${before}${literal(name).replace('\\{e\\}', '(\\d+)')}$`), role]);
      if (['embed', 'positions', 'embedNorm', 'finalNorm', 'head'].includes(role)) outer.set(name, role);
    }
  return (path) => {
    for (const [pattern, role] of inLayer) {
      const [, layer, expert] = pattern.exec(path) ?? [];
      if (layer !== undefined) return `layers.${layer}.${expert === undefined ? role : role.replace('.', `.${expert}.`)}`;
    }
    const [last = ''] = path.split('.').slice(-1);
    return outer.get(last);
  };
}

/** For every row of a matrix in a GGUF file, the row of the original model that lies there; null where nothing moved. */
export function rowsInGguf(spec: ModelSpec, canonical: string): Int32Array | null {
  if (spec.format !== 'gguf') return null;
  const family = families[spec.family];
  const role = canonical.split('.').at(-1);
  const { heads, kvHeads, headDim } = spec;
  // Files of Llama's kind rotate neighbours where the original rotates halves.
  const turned = (family?.fromGguf?.({}, spec.layers.length).interleaved ?? false) && !family?.traits?.interleaved && spec.latent === null;
  if (turned && (role === 'q' || role === 'k')) return neighbours(role === 'q' ? heads : kvHeads, headDim);
  if (role !== 'qkv' || !family?.regrouped) return null;
  return joined(heads, kvHeads, headDim);
}

function neighbours(heads: number, headDim: number): Int32Array {
  const half = headDim / 2;
  return Int32Array.from({ length: heads * headDim }, (_, row) => {
    const [head, place] = [Math.floor(row / headDim), row % headDim];
    return head * headDim + (place % 2) * half + Math.floor(place / 2);
  });
}

/** Queries, keys and values group by group become all queries, all keys, all values. */
function joined(heads: number, kvHeads: number, headDim: number): Int32Array {
  const group = heads / kvHeads;
  const rows: number[] = [];
  const push = (from: number, count: number): void => {
    for (let i = 0; i < count; i += 1) rows.push(from + i);
  };
  const start = (g: number): number => g * (group + 2) * headDim;
  for (let g = 0; g < kvHeads; g += 1) push(start(g), group * headDim);
  for (const part of [0, 1]) for (let g = 0; g < kvHeads; g += 1) push(start(g) + (group + part) * headDim, headDim);
  return Int32Array.from(rows);
}
