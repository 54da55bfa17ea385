import type { Plan } from './engine/plan.ts';
import type { Recording } from './engine/recording.ts';
import { sampleOf } from './engine/score.ts';
import { contextOf } from './evaluate.ts';
import { identityHash } from './kit/key.ts';
import { randomOf, shuffled } from './kit/random.ts';
import { type Manifest, type Request, type Response, type Runner, UserError } from './types.ts';

export interface Agreement {
  readonly items: number;
  readonly requests: number;
  /** Requests whose text, or whose best option, is the recorded one. */
  readonly equal: number;
  /** Largest difference of a log-probability. */
  readonly worst: number;
  readonly agrees: boolean;
  readonly what: string;
}

/** How far a log-probability may be from the recorded one: the promise for one device, with room for another machine. */
const tolerance = 1e-3;
/** Share of answers that may differ in words: near-ties flip between machines and batches. */
const flips = 0.05;

interface Replaying {
  readonly manifest: Manifest;
  readonly plans: readonly Plan[];
  readonly recording: Recording;
  readonly runner: Runner;
  readonly count: number;
  readonly signal: AbortSignal;
}

/** Asks k items of a run again on this machine. The model must be the one of the run (device and engine may differ). */
export async function replayed({ manifest, plans, recording, runner, count, signal }: Replaying): Promise<Agreement> {
  const strip = (identity: Runner['identity']) =>
    identityHash(Object.fromEntries(Object.entries(identity).filter(([key]) => !/^(device|engine|onnxruntime|dtype)/.test(key))));
  if (strip(runner.identity) !== strip(manifest.model.identity))
    throw new UserError(`${runner.name} is not the model of this run`, 'name the same file with --model');
  const context = contextOf(manifest, (key) => recording.get(key));
  const all = plans.flatMap((plan) => Array.from(plan.items, (item) => [plan, item] as const));
  const chosen = shuffled(all, randomOf(`replay ${Date.now()}`)).slice(0, count);
  const asked: { readonly request: Request; readonly recorded: Response }[] = [];
  for (const [plan, item] of chosen)
    for (const { requests, responses } of sampleOf(plan, item, context).rounds)
      for (const [i, request] of requests.entries()) {
        const recorded = responses[i];
        if (recorded && request.to === 'target') asked.push({ request, recorded });
      }
  const again: (Response | undefined)[] = [];
  for await (const [index, response] of runner.answer(
    asked.map(({ request }) => request),
    signal,
  ))
    again[index] = response;
  const seen = asked.map(({ recorded }, i) => compared(recorded, again[i]));
  const equal = seen.filter((one) => one.equal).length;
  const worst = Math.max(0, ...seen.map((one) => one.worst));
  const agrees = asked.length > 0 && 1 - equal / asked.length <= flips && worst <= tolerance;
  const what = `${equal} of ${asked.length} answers of ${chosen.length} items came back equal, log-probabilities within ${worst.toExponential(1)}`;
  return { items: chosen.length, requests: asked.length, equal, worst, agrees, what };
}

function compared(recorded: Response, again: Response | undefined): { readonly equal: boolean; readonly worst: number } {
  if (!recorded.ok || !again?.ok) return { equal: recorded.ok === again?.ok, worst: 0 };
  const [a, b] = [recorded.logprobs ?? [], again.logprobs ?? []];
  const scored = recorded.text === '' && a.length > 0;
  const worst = scored
    ? Math.max(0, ...a.map((value, i) => (value === null || b[i] === null || b[i] === undefined ? 0 : Math.abs(value - b[i]))))
    : 0;
  return { equal: recorded.text === again.text && a.length === b.length, worst };
}
