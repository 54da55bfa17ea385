/** The scorecard's page, for the report of that name, for the sample browser (which links to it) and for a leaderboard's model pages. */

import type { ReportOptions, Run } from '../types.ts';
import { printer, sheetDigest } from './page.ts';
import { factsOf } from './page-facts.ts';
import { readReference, referenceView } from './page-reference.ts';
import { type RunView, runView } from './page-run.ts';
import { type SampleView, type Shown, sampleView, worstOf } from './page-sample.ts';
import type { DetectorView, SuiteView } from './page-suite.ts';
import { resultIdOf } from './result.ts';
import { type Words, words } from './words.ts';

const partials = ['shell', 'run', 'suite', 'sample', 'texts', 'figures', 'dot', 'mini', 'axis', 'bars', 'plane', 'facts'].map(
  (name) => `pages/${name}.hbs`,
);
const sheet = { template: 'scorecard.hbs', partials, css: ['pages/page.css'], scripts: ['pages/page.js'] };
const examples: Shown & { readonly items: number } = { characters: 700, exchanges: 4, items: 3 };

export interface Links {
  /** Address of the sample browser, where there is one. */
  readonly samples?: string;
  /** A page above this one. */
  readonly home?: { readonly href: string; readonly text: string };
  /** Other runs of the same model. */
  readonly history?: readonly { readonly href: string; readonly text: string; readonly here: boolean }[];
}

type Read = SuiteView & {
  readonly worst: readonly SampleView[];
  readonly browse: string;
  readonly noWorst: string;
  readonly readThese: string;
};

async function withSamples(run: Run, view: RunView, links: Links, w: Words): Promise<Read[][]> {
  const read: Read[][] = [];
  const results = new Map(run.results.map((r) => [resultIdOf(r), r]));
  for (const dim of view.dims) {
    const suites: Read[] = [];
    for (const suite of dim.suites) {
      const result = results.get(suite.id);
      const samples = result ? await worstOf(run, suite.id, result.worst.slice(0, examples.items), examples.items) : [];
      const worst = result ? samples.map((s) => sampleView(s, result, suite.id, { ...examples, w })) : [];
      const noWorst = result && result.worst.length > 0 ? w.noSamples : w.noWorst;
      suites.push({
        ...suite,
        worst,
        noWorst,
        readThese: result && result.worst.length > 0 ? w.readThese : w.readSome,
        browse: links.samples ? `${links.samples}#${encodeURIComponent(suite.id)}` : '',
      });
    }
    read.push(suites);
  }
  return read;
}

const detectorsOf = (suites: readonly SuiteView[]): DetectorView[] => [
  ...new Map(suites.flatMap((s) => s.detectors).map((d) => [`${d.id} ${d.hash}`, d])).values(),
];

/** Changes when the scorecard's templates, styles, scripts or reference figures change. */
export const scorecardDigest = (moduleUrl: string): string => sheetDigest(moduleUrl, sheet) + JSON.stringify(readReference(moduleUrl));

/** Reads the templates beside `moduleUrl` (the reports' folder) once; the function returned makes one scorecard a call. */
export function scorecardPrinter(moduleUrl: string): (run: Run, options: ReportOptions, links?: Links) => Promise<string> {
  const print = printer(moduleUrl, sheet);
  const reference = readReference(moduleUrl);
  return async (run, options, links = {}) => {
    const w = words(options.lang);
    const { manifest } = run;
    const view = runView(run, w);
    const read = await withSamples(run, view, links, w);
    const hashes = Object.entries(manifest.suites).map(([id, s]) => ({ name: `${id} ${s.version}`, value: s.items.slice(0, 16) }));
    return print({
      lang: options.lang,
      title: `${manifest.model.name} · Plumbline`,
      description: `${w.trustProfile}: ${view.summary.join(', ')}`,
      view: {
        kind: 'scorecard',
        run: { ...view, dims: view.dims.map((dim, i) => ({ ...dim, suites: read[i] ?? [] })) },
        hash8: manifest.model.hash.slice(0, 12),
        detectors: detectorsOf(view.dims.flatMap((d) => d.suites)),
        identity: factsOf(manifest.model.identity),
        hashes: [{ name: w.identity, value: manifest.model.hash.slice(0, 32) }, ...hashes],
        reference: referenceView(reference, run, w),
        browse: links.samples ?? '',
        home: links.home,
        history: links.history ?? [],
        version: manifest.plumbline,
        made: new Date(options.now).toISOString().slice(0, 10),
      },
    });
  };
}
