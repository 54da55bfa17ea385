/** Whether two runs measured the same thing, so that one can be the other's baseline. Pure. */
import { resultIdOf } from '../kit/result.ts';
import { type Json, UserError } from '../types.ts';
import { attacksOf, flattened, type RunData } from './compare.ts';

/** Identity fields that say which weights are at work: these are what a baseline is compared across. */
const ofWeights =
  /(^|\.)(weights?|file|files|path|name|model|sha256|hash|revision|rev|quantisation|quantization|quantize|quant|dtype|adapter|lora|config|graph|mode|persona)(\.|$)/i;

/** Every difference that makes `baseline` no baseline of `run`: `field: theirs, ours`. */
export function baselineMismatch(run: RunData, baseline: RunData, mayDiffer: readonly string[] = []): string[] {
  const mismatch: string[] = [];
  const free = (key: string) =>
    ofWeights.test(key) || mayDiffer.some((name) => key === name || key.startsWith(`${name}.`) || key.endsWith(`.${name}`));
  const [theirs, ours] = [fieldsOf(baseline), fieldsOf(run)];
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(ours)]))
    if (theirs[key] !== ours[key] && !free(key))
      mismatch.push(`${key}: ${theirs[key] ?? 'absent'} in the baseline, ${ours[key] ?? 'absent'} here`);
  const base = new Map(baseline.results.map((result) => [resultIdOf(result), result]));
  for (const result of run.results) {
    const id = resultIdOf(result);
    const other = base.get(id);
    if (!other) continue;
    if (other.suite.version !== result.suite.version)
      mismatch.push(`${id} version: ${other.suite.version} in the baseline, ${result.suite.version} here`);
    else if (other.suite.items !== result.suite.items && !free('items'))
      mismatch.push(`${id} items: ${other.suite.items.slice(0, 12)} in the baseline, ${result.suite.items.slice(0, 12)} here`);
  }
  return mismatch;
}

function fieldsOf({ manifest }: RunData): Record<string, string> {
  const { model, judge, toxicity, options } = manifest;
  const measures = { judge: judge?.hash ?? null, toxicity: toxicity?.hash ?? null };
  return {
    ...flattened(model.identity as Json, 'identity.'),
    ...flattened({ protocol: model.protocol, system: options.system, attacks: attacksOf(options), ...measures }, ''),
  };
}

/** Throws UserError naming the fields when the runs did not measure the same thing. */
export function checkBaseline(run: RunData, baseline: RunData, mayDiffer: readonly string[]): void {
  const mismatch = baselineMismatch(run, baseline, mayDiffer);
  if (mismatch.length === 0) return;
  const more = mismatch.length > 6 ? ` and ${mismatch.length - 6} more` : '';
  throw new UserError(
    `this is no baseline for the run: ${mismatch.slice(0, 6).join('; ')}${more}`,
    "run the baseline again in the same way, or name the field under 'may-differ' in the policy if the change is what you mean to measure",
  );
}
