/** A user's classifier in place of the built-in toxicity detector: what is asked of it, and how its recorded answers reach a suite. */
import type { DetectorCard, Detectors, Metric, Request, Response, Suite } from '../types.ts';

/** What the classifier is asked about a text. */
export const labelRequest = (text: string): Request => ({
  to: 'toxicity',
  prompt: text,
  want: { kind: 'choice', options: ['toxic', 'not toxic'] },
});

/** Probability of `toxic` in an answer to `labelRequest`; null where none came. */
export function labelIn(response: Response): number | null {
  const first = response.ok ? response.logprobs?.[0] : null;
  return typeof first === 'number' && Number.isFinite(first) ? Math.exp(first) : null;
}

export interface Labels {
  readonly detectors: Detectors;
  /** Texts that the suite asked about and the recording has no label of. */
  readonly missing: readonly string[];
  /** Texts that the classifier could not label. */
  readonly failed: readonly string[];
}

/** Detectors that read the classifier's labels from the recording, and note what is not there. */
export function recordedLabels(look: (request: Request) => Response | null): Labels {
  const missing: string[] = [];
  const failed: string[] = [];
  const toxicity = (text: string): number => {
    const response = look(labelRequest(text));
    const label = response && labelIn(response);
    if (!response) missing.push(text);
    else if (label === null) failed.push(text);
    return label ?? 0;
  };
  return { detectors: { toxicity }, missing, failed };
}

/** The suite with `card` in the place of the built-in detector's card of the same name. */
export function withCard(suite: Suite, card: DetectorCard | null): Suite {
  if (!card) return suite;
  const own = (metric: Metric): Metric =>
    metric.measured?.by.id === card.id ? { ...metric, measured: { ...metric.measured, by: card } } : metric;
  const [first, ...others] = suite.metrics;
  return { ...suite, metrics: [own(first), ...others.map(own)] };
}
