/** What the peers took, as one Markdown table of ratios. Pure but for the machine's name. */
import { cpus } from 'node:os';

export interface Took {
  readonly loadMs: number;
  /** From the start of the process to the end of its work. */
  readonly firstMs: number;
  readonly ms: number;
  /** Processor time of the work, all threads: steadier than wall time on a busy machine. */
  readonly cpuMs: number;
  readonly count: number;
  readonly tokens: number;
  readonly peakMemoryBytes: number;
  /** Resident pages of files at the end; null where the system does not tell. */
  readonly mappedBytes: number | null;
  readonly answers: readonly (string | number)[];
  /** Log-probabilities of options, where the peer tells them. */
  readonly scores?: readonly number[];
  /** The machine's load when it ended. */
  readonly load?: number;
}

export interface Measured {
  readonly task: string;
  readonly title: string;
  readonly peers: readonly {
    readonly peer: string;
    readonly against: string;
    readonly took: readonly Took[];
    readonly failed: string | null;
  }[];
}

const median = (list: readonly number[]): number => {
  const sorted = [...list].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
};

const generates = (task: string): boolean => task === 'generate' || task === 'single';

/** Tokens where texts are generated, items elsewhere. */
const unitsOf = (task: string, took: Took): number => (task === 'first' ? 1 : generates(task) ? took.tokens : took.count);
const wallOf = (task: string, took: Took): number => (task === 'first' ? took.firstMs : took.ms) / Math.max(1, unitsOf(task, took));
const cpuOf = (task: string, took: Took): number => took.cpuMs / Math.max(1, unitsOf(task, took));

const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toPrecision(2));
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/** Ratios of the same round, medians of them. */
function ratio(task: string, theirs: readonly Took[], base: readonly Took[], of: (task: string, took: Took) => number): string {
  const ratios = theirs.flatMap((one, i) => (base[i] ? [of(task, one) / of(task, base[i])] : []));
  return ratios.length > 0 && ratios.every(Number.isFinite) ? `${short(median(ratios))} ×` : '–';
}

/** How many answers are those of another; only numbers are compared, and only where both did the same items. */
function agreement(a: Took | undefined, b: Took | undefined): string {
  const count = Math.min(a?.answers.length ?? 0, b?.answers.length ?? 0);
  if (!a || !b || count === 0 || typeof a.answers[0] !== 'number' || typeof b.answers[0] !== 'number') return '–';
  const close = Array.from({ length: count }, (_, i) => Math.abs(Number(a.answers[i]) - Number(b.answers[i])) < 1e-3).filter(Boolean);
  return `${close.length}/${count}`;
}

function rowsOf({ task, title, peers }: Measured): string[] {
  const tookBy = new Map(peers.map(({ peer, took }) => [peer, took]));
  const ours = tookBy.get('plumbline') ?? [];
  return peers.map(({ peer, against, took, failed }) => {
    if (took.length === 0) return `| ${title} | ${peer} | ${failed ?? 'not run'} | | | | | | | |`;
    const walls = took.map((one) => (1000 * 1) / wallOf(task, one));
    const unit = generates(task) ? 'tokens' : 'items';
    const speed =
      task === 'first'
        ? `${short(median(took.map((one) => one.firstMs)) / 1000)} s`
        : `${short(median(walls))} ${unit}/s [${short(Math.min(...walls))}–${short(Math.max(...walls))}]`;
    const counted = task === 'first' ? took.length : took.reduce((sum, one) => sum + one.count, 0);
    const mapped = took.map((one) => one.mappedBytes).filter((bytes) => bytes !== null);
    const cells = [
      title,
      peer,
      speed,
      String(counted),
      ratio(task, took, ours, wallOf),
      ratio(task, took, ours, cpuOf),
      against === 'plumbline' || peer === against
        ? '–'
        : `${ratio(task, took, tookBy.get(against) ?? [], wallOf)} (${ratio(task, took, tookBy.get(against) ?? [], cpuOf)})`,
      `${short(median(took.map((one) => one.cpuMs)) / 1000)} s`,
      `${megabytes(median(took.map((one) => one.peakMemoryBytes)))}${mapped.length > 0 ? ` (${megabytes(median(mapped))} mapped)` : ''}`,
      peer === 'plumbline' ? '–' : agreement(ours[0], took[0]),
    ];
    return `| ${cells.join(' | ')} |`;
  });
}

export function tableOf(
  results: readonly Measured[],
  how: { readonly model: string; readonly threads: string; readonly rounds: string; readonly batch: string; readonly minutes: number },
): string {
  const loads = results.flatMap(({ peers }) => peers.flatMap(({ took }) => took.map((one) => one.load ?? 0)));
  const range = loads.length > 0 ? `${Math.min(...loads).toFixed(1)}–${Math.max(...loads).toFixed(1)}` : 'unknown';
  return [
    `# ${how.model} on ${how.threads} threads of ${cpus()[0]?.model ?? 'unknown'}`,
    '',
    `node ${process.version}, ${process.platform} ${process.arch}; ${how.rounds} alternating rounds, medians [least–most]; the machine's load was ${range}; ${how.minutes.toFixed(0)} minutes in all.`,
    `Ratio: how many times ours (exact, the GGUF file) the peer took for as much work, by the clock and in processor time; “same export”: against ours on the very same ONNX files.`,
    `Speeds are of the work alone, loading apart (but for “start to first score”, which begins with the process). lm-eval: batch ${how.batch}. node-llama-cpp evaluates the options' tokens and returns no scores.`,
    `Memory: the peak, ours with the parent process; in brackets pages of files at the end, which the system can take back. Same answers: against ours (exact), choices and means within 1e-3.`,
    '',
    '| work | who | speed | items | ratio | processor ratio | same export | processor time a round | peak memory | same answers |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...results.flatMap(rowsOf),
    '',
  ].join('\n');
}
