/** The scorecard: one HTML file that opens from a folder, with nothing fetched. */
import { printer } from '../src/kit/page.ts';
import { referenceOf } from '../src/kit/page-reference.ts';
import { factsOf, type RunView, runView } from '../src/kit/page-run.ts';
import { type SampleView, type Shown, sampleView, worstOf } from '../src/kit/page-sample.ts';
import { type DetectorView, resultIdOf, type SuiteView } from '../src/kit/page-suite.ts';
import { type Words, words } from '../src/kit/words.ts';
import type { Report, ReportOptions, Run } from '../src/types.ts';

export const partials = ['shell', 'run', 'suite', 'sample', 'texts', 'figures', 'dot', 'axis', 'bars', 'plane', 'facts'].map(
  (name) => `pages/${name}.hbs`,
);
const sheet = { template: 'scorecard.hbs', partials, css: ['pages/page.css'], scripts: ['pages/page.js'] };
const examples: Shown & { readonly items: number } = { characters: 700, exchanges: 4, items: 3 };

type Read = SuiteView & { readonly worst: readonly SampleView[] };

async function withSamples(run: Run, view: RunView, w: Words): Promise<Read[][]> {
  const read: Read[][] = [];
  for (const dim of view.dims) {
    const suites: Read[] = [];
    for (const suite of dim.suites) {
      const result = run.results.find((r) => resultIdOf(r) === suite.id);
      const samples = result ? await worstOf(run, suite.id, result.worst.slice(0, examples.items)) : [];
      suites.push({ ...suite, worst: result ? samples.map((s) => sampleView(s, result, suite.id, { ...examples, w })) : [] });
    }
    read.push(suites);
  }
  return read;
}

const detectorsOf = (suites: readonly SuiteView[]): DetectorView[] => [
  ...new Map(suites.flatMap((s) => s.detectors).map((d) => [`${d.id} ${d.hash}`, d])).values(),
];

const render = async (run: Run, options: ReportOptions) => {
  const w = words(options.lang);
  const view = runView(run, w);
  const read = await withSamples(run, view, w);
  const dims = view.dims.map((dim, i) => ({ ...dim, suites: read[i] ?? [] }));
  const hashes = Object.entries(run.manifest.suites).map(([id, s]) => ({ name: `${id} ${s.version}`, value: s.items.slice(0, 16) }));
  const text = printer(
    import.meta.url,
    sheet,
  )({
    lang: options.lang,
    title: `${run.manifest.model.name} · Plumbline`,
    description: `${w.trustProfile}: ${view.summary.join(', ')}`,
    view: {
      kind: 'scorecard',
      run: { ...view, dims },
      hash8: run.manifest.model.hash.slice(0, 12),
      detectors: detectorsOf(view.dims.flatMap((d) => d.suites)),
      identity: factsOf(run.manifest.model.identity),
      hashes: [{ name: w.identity, value: run.manifest.model.hash.slice(0, 32) }, ...hashes],
      reference: referenceOf(import.meta.url, run, w),
      version: run.manifest.plumbline,
      made: new Date(options.now).toISOString().slice(0, 10),
    },
  });
  return [{ path: 'scorecard.html', text }];
};

export default { id: 'scorecard', title: 'Scorecard for people', makes: 'scorecard.html', render } satisfies Report;
