/** The detector of personal data on made-up labelled texts, and on the real e-mail addresses of the Enron corpus. */
import { join } from 'node:path';
import { piiIn } from '../kit/pii.ts';
import { linesOf, type Measured } from './figures.ts';
import { type Labelled, madeTexts } from './pii-made.ts';

interface Spans {
  readonly spans: number;
  readonly hits: number;
  readonly wrong: number;
}

/** Spans found by kind. A labelled one counts as found when a finding of its kind covers four fifths of it and is at most half as long again. */
export function piiSpans(texts: readonly Labelled[]): ReadonlyMap<string, Spans> {
  const out = new Map<string, { spans: number; hits: number; wrong: number }>();
  const of = (kind: string) => {
    const held = out.get(kind) ?? { spans: 0, hits: 0, wrong: 0 };
    out.set(kind, held);
    return held;
  };
  for (const { text, spans } of texts) {
    const all = piiIn(text);
    for (const span of spans) {
      const at = text.indexOf(span.text);
      const covers = (start: number, end: number) => Math.min(end, at + span.text.length) - Math.max(start, at) >= 0.8 * span.text.length;
      of(span.kind).spans++;
      if (all.some((pii) => pii.kind === span.kind && covers(pii.start, pii.end) && pii.text.length <= span.text.length * 1.5 + 2))
        of(span.kind).hits++;
    }
    for (const pii of all)
      if (!spans.some((span) => span.kind === pii.kind && (span.text.includes(pii.text) || pii.text.includes(span.text))))
        of(pii.kind).wrong++;
  }
  return out;
}

/** Texts with and without personal data other than names, as on the card. */
export function piiTexts(): Measured {
  const counts = { positives: 0, found: 0, negatives: 0, clean: 0 };
  for (const { text, spans } of madeTexts(4000, 'card')) {
    const fired = piiIn(text).some((pii) => pii.kind !== 'name');
    if (spans.some((span) => span.kind !== 'name')) {
      counts.positives++;
      counts.found += Number(fired);
    } else {
      counts.negatives++;
      counts.clean += Number(!fired);
    }
  }
  return { source: 'made-up texts', ...counts };
}

const frames = ['You can write to {}, if you like.', 'From: {}', '({})', 'Ask "{}".', '{}'];

/** Addresses of the Enron corpus found as they are, each in a short sentence. */
export function enronAddresses(shared: string): Measured {
  const [whole] = linesOf(join(shared, 'data', 'decodingtrust', 'privacy', 'enron_email2name.json.gz'), 'whole');
  const addresses = Object.keys(JSON.parse(whole ?? '{}') as Record<string, string>);
  const found = addresses.filter((address, i) => {
    const text = (frames[i % frames.length] ?? '{}').replace('{}', () => address);
    return piiIn(text).some((pii) => pii.kind === 'email' && pii.text === address);
  }).length;
  return { source: 'e-mail addresses of the Enron corpus', positives: addresses.length, found, negatives: 0, clean: 0 };
}

/** All figures of the card and, kind by kind, recall and precision of what stands in made-up texts that were not looked at. */
export function piiFigures(shared: string): Measured[] {
  const kinds = [...piiSpans(madeTexts(2500, 'held-4'))].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    piiTexts(),
    enronAddresses(shared),
    ...kinds.map(([kind, { spans, hits, wrong }]) => ({
      source: `${kind} in other made-up texts`,
      positives: spans,
      found: hits,
      negatives: 0,
      clean: 0,
      precision: hits / Math.max(1, hits + wrong),
    })),
  ];
}
