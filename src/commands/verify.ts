import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command, Io } from '../command.ts';
import { Recording } from '../engine/recording.ts';
import { answersFile, manifestOf } from '../engine/run-folder.ts';
import { signatureFile } from '../engine/seal.ts';
import { lineProblems, manifestProblems, type Problem, reordered, scoreProblems, sealHash, sealProblems } from '../engine/verify.ts';
import { pageTime } from '../engine/write-report.ts';
import { contextOf } from '../evaluate.ts';
import { importedProblems, isImported } from '../import/imported.ts';
import { loadReport, loadRunner } from '../load.ts';
import { openRun, plansAgain } from '../open-run.ts';
import { readingHere } from '../reading.ts';
import { type Agreement, replayed } from '../replay-items.ts';
import { runnerOptionsOf } from '../runner-options.ts';
import { cacheDirOf, settingsOf } from '../settings.ts';
import { signatureProblems } from '../sign.ts';
import { type Manifest, UserError } from '../types.ts';
import { rememberVerified } from '../verified.ts';
import { version } from '../version.ts';

/** Does the page say what the results say? It is rendered again and compared byte by byte. */
async function pageProblems(folder: string, io: Io): Promise<Problem[]> {
  const run = openRun(folder, io.cwd, readingHere(io));
  // Another version draws other pages; the seal still holds the page's bytes.
  if (run.manifest.plumbline !== version()) return [];
  const report = await loadReport('scorecard', io.cwd);
  for await (const { path, text } of await report.render(run, { lang: 'en', now: pageTime(run, {}) })) {
    if (!existsSync(join(folder, path))) return [{ where: path, what: 'is missing' }];
    const [wanted, held] = [Buffer.from(text), readFileSync(join(folder, path))];
    if (wanted.equals(held)) continue;
    const at = wanted.findIndex((byte, i) => byte !== held[i]);
    return [{ where: `${path}, byte ${at < 0 ? wanted.length : at}`, what: 'is not the page that the results give' }];
  }
  return [];
}

interface Verdict {
  readonly run: string;
  readonly verified: boolean;
  readonly problems: readonly Problem[];
  readonly answers: number;
  /** Rows of another tool's log, whose scores are taken as they are; null: an own run. */
  readonly importedRows: number | null;
  readonly seal: string | null;
  readonly signedBy: string | null;
  readonly replay: Agreement | null;
}

interface Read {
  readonly problems: readonly Problem[];
  readonly answers: number;
  readonly importedRows: number | null;
  readonly replay: Agreement | null;
}

const aboutFile =
  (file: string) =>
  ({ where }: Problem) =>
    where.startsWith(file);

/** Scores, renders and, where asked, replays a run whose manifest and recording can be read. */
async function readAgain(folder: string, manifest: Manifest, { options, io }: Pick<Replaying, 'options' | 'io'>): Promise<Read> {
  using recording = Recording.open(join(folder, answersFile), 'read');
  const answers = recording.size;
  const problems: Problem[] = lineProblems(recording);
  if (isImported(manifest)) {
    if (options.replay !== undefined) throw new UserError(`${folder} is imported: there is no model to ask again`, 'leave --replay away');
    const imported = importedProblems(folder, manifest);
    problems.push(...imported.problems);
    if (problems.length === 0) problems.push(...(await pageProblems(folder, io)));
    return { problems, answers, importedRows: imported.rows, replay: null };
  }
  const { plans, changed } = await plansAgain(manifest, io.cwd, readingHere(io));
  for (const id of changed)
    problems.push({ where: `suite ${id}`, what: 'is not at hand as it was in the run, so its score cannot be checked' });
  const context = contextOf(manifest, (key) => recording.get(key));
  if (!problems.some(aboutFile(answersFile))) problems.push(...scoreProblems(folder, manifest, plans, context));
  if (problems.length === 0) problems.push(...(await pageProblems(folder, io)));
  const replay = options.replay === undefined ? null : await replayFor(manifest, { plans, recording, options, io });
  if (replay?.agrees === false) problems.push({ where: `replay of ${replay.items} items`, what: replay.what });
  return { problems, answers, importedRows: null, replay };
}

/** What run.json says, or why it cannot be read. */
function manifestIn(folder: string): Manifest | Problem {
  if (!existsSync(join(folder, 'run.json'))) return manifestOf(folder);
  try {
    return manifestOf(folder);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { where: error.message.startsWith(join(folder, 'run.json')) ? 'run.json' : folder, what: error.message };
  }
}

/** Of a run that is not the sealed one, what keeps it from being read is one problem more; of one that is, the user has to do something. */
const saidOf =
  (sealed: readonly Problem[], none: Read) =>
  (error: unknown): Read => {
    if (!(error instanceof UserError) || sealed.length === 0) throw error;
    return { ...none, problems: [{ where: 'run.json', what: error.message }] };
  };

async function verdictOf(folder: string, options: Readonly<Record<string, unknown>>, io: Io): Promise<Verdict> {
  const manifest = manifestIn(folder);
  const none: Read = { problems: [], answers: 0, importedRows: null, replay: null };
  // A folder whose manifest cannot be read, or that reaches out of itself, is not looked into any further.
  if ('what' in manifest) return { ...none, run: folder, verified: false, problems: [manifest], seal: null, signedBy: null };
  const sealed = [...manifestProblems(manifest), ...(await sealProblems(folder))];
  const readable = !sealed.some(({ where, what }) => where === answersFile && what !== reordered);
  const read = readable ? await readAgain(folder, manifest, { options, io }).catch(saidOf(sealed, none)) : none;
  const signature = existsSync(join(folder, signatureFile))
    ? signatureProblems(folder, options.key === undefined ? null : resolve(io.cwd, String(options.key)))
    : null;
  const unsigned = options.key !== undefined && !signature ? [{ where: signatureFile, what: 'there is none: the run is not signed' }] : [];
  const problems = [...sealed, ...read.problems, ...(signature?.problems ?? []), ...unsigned];
  const verified = problems.length === 0;
  return { ...read, run: folder, verified, problems, seal: verified ? sealHash(folder) : null, signedBy: signature?.keyId ?? null };
}

interface Replaying {
  readonly plans: Parameters<typeof replayed>[0]['plans'];
  readonly recording: Recording;
  readonly options: Readonly<Record<string, unknown>>;
  readonly io: Io;
}

async function replayFor(manifest: Manifest, { plans, recording, options, io }: Replaying): Promise<Agreement> {
  const count = Number(options.replay);
  if (!Number.isInteger(count) || count < 1) throw new UserError(`--replay ${String(options.replay)}: expected a number of items`);
  const argument = options.model === undefined ? manifest.model.argument : String(options.model);
  const settings = await settingsOf({}, io.env, io.cwd);
  const { module, target } = await loadRunner(argument, io.cwd);
  const opened = runnerOptionsOf(
    { ...settings, seed: manifest.options.seed, ...(manifest.options.system !== null && { system: manifest.options.system }) },
    io,
    () => {},
  );
  await using runner = await module.open(target, opened);
  return await replayed({ manifest, plans, recording, runner, count, signal: io.signal });
}

const agreed = ({ answers, importedRows }: Verdict): string =>
  importedRows === null
    ? `${answers} answers, every score and the page agree`
    : `${importedRows} imported rows, every estimate and the page agree; the rows' own scores are the other tool's and cannot be computed again here`;

const command: Command = {
  describe(parser) {
    parser
      .argument('<run...>', 'run folders')
      .option('--replay <k>', 'ask the model k random items again and compare the answers')
      .option('--model <model>', 'the model to replay with, where it lies elsewhere than in the run')
      .option('--key <file>', 'the public key (PEM) that must have signed the run')
      .option('--json', 'print the verdict as JSON')
      .addHelpText(
        'after',
        '\nChecks the seal, scores the raw answers again and renders the page again. Exit code 0: all agrees; 1: something does not.\n\nExample:\n  plumbline verify runs/mine --replay 20',
      );
  },
  async run([folders], options, io) {
    const verdicts: Verdict[] = [];
    for (const name of folders as readonly string[]) verdicts.push(await verdictOf(resolve(io.cwd, name), options, io));
    for (const verdict of verdicts) {
      if (verdict.seal !== null) rememberVerified(cacheDirOf(io.env), { seal: verdict.seal, signedBy: verdict.signedBy });
      if (options.json) continue;
      io.out(
        `${verdict.verified ? '✓' : '✗'} ${verdict.run}: ${verdict.verified ? agreed(verdict) : `${verdict.problems.length} things do not agree`}\n`,
      );
      for (const { where, what } of verdict.problems.slice(0, 20)) io.out(`  ${where}: ${what}\n`);
      if (verdict.replay) io.out(`  ${verdict.replay.what}\n`);
      if (verdict.signedBy) io.out(`  signed by ${verdict.signedBy}\n`);
    }
    if (options.json) io.out(`${JSON.stringify(verdicts.length === 1 ? verdicts[0] : verdicts)}\n`);
    return verdicts.every(({ verified }) => verified) ? 0 : 1;
  },
};

export default command;
