/** A suite's own page, written from the suite object: what it asks, how it is scored, what its number means and what it cannot tell. */
import { type Plan, plansOf, requestsOf } from './engine/plan.ts';
import { markdownCell, markdownText } from './kit/markdown.ts';
import { type Data, type Floor, type Item, type Metric, presets, type Request, type Suite, type Want } from './types.ts';

const languages: Readonly<Record<string, string>> = { en: 'English', zh: 'Chinese' };
const named = (lang: string): string => languages[lang] ?? lang;

/** Text as an indented block: nothing in it is markup. */
const block = (text: string): string =>
  text
    .split('\n')
    .map((line) => `    ${line}`.trimEnd())
    .join('\n');
const longest = 900;
const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)} …` : text);

function askedFor(want: Want): string {
  if (want.kind === 'text')
    return `an answer of at most ${want.maxTokens} tokens${want.temperature > 0 ? `, sampled at temperature ${want.temperature}` : ', greedy'}`;
  if (want.kind === 'choice') return `the log-probability of each of ${want.options.map((option) => JSON.stringify(option)).join(', ')}`;
  return want.kind === 'trace' ? 'the log-probability of every token of this text' : `the ${want.top} most likely next tokens`;
}

function requestText({ to, prompt, want }: Request): string {
  const said = typeof prompt === 'string' ? prompt : prompt.map(({ role, content }) => `${role}: ${content}`).join('\n');
  return `${block(cut(said))}\n\n→ ${to === 'judge' ? 'the judge gives ' : ''}${markdownText(askedFor(want))}`;
}

function exampleOf(plan: Plan): string[] {
  const [item] = plan.items;
  if (!item) return [];
  const requests = requestsOf(plan, item, 0, { replies: [], judge: true });
  const shown = requests.slice(0, 2).map(requestText);
  const more = requests.length > 2 ? [`… and ${requests.length - 2} more requests of the same item.`] : [];
  const rounds = plan.suite.rounds.length;
  const later = rounds > 1 ? [`Then ${rounds - 1} more round${rounds > 2 ? 's' : ''}, which depend on the answers.`] : [];
  return [`Item \`${item.id}\`${plan.lang === 'en' ? '' : ` (${named(plan.lang)})`}:`, ...shown, ...more, ...later];
}

function examples(suite: Suite, plans: readonly Plan[]): string[] {
  if (suite.sensitive)
    return [
      'Not shown: items of this suite are harmful or offensive on purpose. `plumbline show <run> <item>` shows one of a run of yours.',
    ];
  return plans.flatMap(exampleOf);
}

function metricText(metric: Metric, headline: boolean): string {
  const head = `**${markdownText(metric.title)}**${headline ? ' (headline)' : ''}, ${metric.better} is better, unit: ${markdownText(metric.unit)}.`;
  const formula = metric.formula ? ` ${markdownText(metric.formula)}.` : '';
  const detector = metric.measured ? ` Corrected for the measured error of the ${metric.measured.by.id} detector.` : '';
  return `- ${head}${formula.replace(/\.\.$/, '.')}${detector}`;
}

function floorText(floor: Floor): string {
  if ('none' in floor) return `No control: ${markdownText(floor.none)}.`;
  return `The score counts only for a model that ${markdownText(floor.title)}: the control’s lower bound must be above ${Number(floor.chance.toFixed(3))}. Below it the score is “not able”.`;
}

const clustersOf = (items: readonly Item[]): number => new Set(items.map((item) => item.cluster ?? item.id)).size;
const distinct = (values: readonly (string | undefined)[]): string[] => [...new Set(values.filter((value) => value !== undefined))];

async function sizes(suite: Suite, data?: Data): Promise<string[]> {
  const plans = await Promise.all(
    presets.map((preset) => plansOf(suite, { preset, languages: ['all'], limit: null, only: [], shard: null, ...(data && { data }) })),
  );
  const rows = plans[3]?.map((full, i) => {
    const cells = plans.map((at) => {
      const items = [...(at[i]?.items ?? [])];
      const clusters = clustersOf(items);
      return clusters < items.length ? `${items.length} in ${clusters} clusters` : String(items.length);
    });
    return `| ${named(full.lang)} | ${cells.join(' | ')} |`;
  });
  const all = plans[3]?.flatMap(({ items }) => [...items]) ?? [];
  const parts = (title: string, values: readonly string[]) =>
    values.length > 1 ? [`${title}: ${values.map((value) => markdownCell(value)).join(', ')}.`] : [];
  return [
    [`| items | ${presets.join(' | ')} |`, `| --- |${' --- |'.repeat(presets.length)}`, ...(rows ?? [])].join('\n'),
    ...parts('Groups', distinct(all.map(({ group }) => group))),
    ...parts('Kinds, kept in proportion', distinct(all.map(({ stratum }) => stratum))),
  ];
}

/** Detectors that a suite's numbers rest on. */
const detectorsOf = (suite: Suite): string[] => distinct(suite.metrics.map((metric) => metric.measured?.by.id));

/** The page in Markdown. Reads the items; a benchmark's come through `data`. */
export async function suitePage(suite: Suite, data?: Data): Promise<string> {
  const choice = { preset: 'full', languages: ['all'], limit: null, only: [], shard: null, ...(data && { data }) } as const;
  const plans = await plansOf(suite, choice);
  const cards = detectorsOf(suite);
  const lines = [
    `# ${markdownText(suite.title)}`,
    `\`${suite.id}\` · version ${suite.version} · ${suite.languages.map(named).join(', ')}${suite.diagnostic ? ' · a diagnostic: shown, never in a mean' : ''}${suite.judge ? ' · needs a judge (`--judge`)' : ''}`,
    '## What it asks',
    markdownText(suite.about),
    '### Example',
    ...examples(suite, plans),
    '## How it is scored',
    suite.metrics.map((metric, i) => metricText(metric, i === 0)).join('\n'),
    floorText(suite.floor),
    ...(suite.means
      ? ['## What the number means', `**Good:** ${markdownText(suite.means.good)}`, `**Bad:** ${markdownText(suite.means.bad)}`]
      : []),
    '## What it cannot tell',
    markdownText(suite.limits),
    '## Size',
    ...(await sizes(suite, data)),
    '## Source',
    `${markdownText(suite.source)} Licence: ${markdownText(suite.licence)}.`,
    ...(cards.length > 0
      ? [`Detectors: ${cards.join(', ')}; their cards: \`plumbline detectors\`, [how they work](../../detectors.md).`]
      : []),
  ];
  return `${lines.join('\n\n')}\n`;
}
