/** A social card of a scorecard: one SVG of 1200 × 630, text as text, nothing fetched. */
import { cut, printer } from '../src/kit/page.ts';
import { profileOf, runView } from '../src/kit/page-run.ts';
import { short, words } from '../src/kit/words.ts';
import type { Report, ReportOptions, Run } from '../src/types.ts';

const sheet = { template: 'card.hbs', partials: [], css: ['pages/card.css'], scripts: [] };
const pageSheet = { template: 'card-page.hbs', partials: ['pages/shell.hbs'], css: ['pages/page.css'], scripts: ['pages/card.js'] };
const axis = { from: 300, to: 800 };
const at = (value: number | null) => (value === null ? null : Math.round(axis.from + value * (axis.to - axis.from)));

export function cardOf(run: Run, options: ReportOptions): string {
  const w = words(options.lang);
  const view = runView(run, w);
  const profile = profileOf(run.manifest, run.results);
  const rows = profile.map((p, i) => {
    const dim = view.dims[i];
    return {
      y: 236 + i * 66,
      word: w[p.dimension],
      dot: at(p.grade),
      from: at(p.low),
      to: at(p.high),
      grade: short(p.grade),
      interval: dim?.interval ? `(${dim.interval})` : '',
      state: dim?.state ?? '',
      able: dim?.ableText ?? '',
    };
  });
  const banner = view.banners.map((b) => b.title).join(' · ');
  const title = cut(view.model, 44);
  const says = rows.map((r) => `${r.word}: ${r.state || `${r.grade} ${r.interval}`}`).join('. ');
  const text = printer(
    import.meta.url,
    sheet,
  )({
    lang: options.lang,
    title: view.model,
    description: says,
    view: {
      model: title.left > 0 ? `${title.text}…` : title.text,
      line: view.line.join(' · '),
      summary: view.summary.join(' · '),
      banner,
      rows,
      ticks: [0, 0.5, 1].map((t) => ({ x: at(t), text: t === 0.5 ? '.5' : String(t) })),
      hash: view.hash.slice(0, 12),
    },
  });
  return text.trim().concat('\n');
}

export default {
  id: 'card',
  title: 'Social card (SVG, 1200 × 630)',
  makes: 'card.svg and card.html (saves a PNG)',
  render: async (run, options) => {
    const svg = cardOf(run, options);
    const w = words(options.lang);
    const name = run.manifest.model.name;
    const page = printer(
      import.meta.url,
      pageSheet,
    )({
      lang: options.lang,
      title: `${name} · Plumbline`,
      description: w.trustProfile,
      view: { kind: 'card', name },
      data: { svg },
    });
    return [
      { path: 'card.svg', text: svg },
      { path: 'card.html', text: page },
    ];
  },
} satisfies Report;
