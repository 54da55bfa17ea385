import { basename, dirname, join, resolve } from 'node:path';
import type { Command, Io } from '../command.ts';
import { dataIn } from '../data.ts';
import { evaluate } from '../evaluate.ts';
import { finish } from '../finish.ts';
import { codeAmong, loadSuites } from '../load.ts';
import { progressLine } from '../progress.ts';
import { namedSuites, openHelpers, openModel, optionsOf, plansFor } from '../run-model.ts';
import { askPart, dryRun, type Part, partOf } from '../run-part.ts';
import { cacheDirOf, pairOption, type Settings, settingsOf } from '../settings.ts';
import { trust } from '../trusted.ts';
import { type Manifest, type Runner, type Suite, UserError } from '../types.ts';

const many = (value: string, before: string[] | undefined) => [...(before ?? []), ...value.split(',').map((part) => part.trim())];
const command: Command = {
  describe(parser) {
    parser
      .argument('[model...]', 'a GGUF file, a model folder, hf:org/repo, demo, scripted:perfect, replay:<run> …')
      .option('-s, --suite <id>', 'a suite, a dimension, a file of your own (.csv, .jsonl, .js); repeatable', many)
      .option('-p, --preset <name>', 'demo, quick, standard or full (default quick)')
      .option('--limit <n>', 'at most n items a suite; the result is marked partial')
      .option('--only <item>', 'only this item; repeatable', many)
      .option('--attacks <list>', 'only these kinds of attack: role-play, encoding, many-shot …; repeatable', many)
      .option('--lang <list>', 'languages: en, zh, all (default en)', many)
      .option('--seed <n>', 'seed of everything random (default 1)')
      .option('--device <name>', 'auto, cpu, cuda, webgpu, dml, coreml (default auto)')
      .option('--batch-size <n>', 'auto or a number of requests (default auto)')
      .option('--system <text>', 'a system prompt; part of what is measured')
      .option('--judge <model>', 'a second model, for suites that need a judge')
      .option('--toxicity <folder>', 'your own classifier (ONNX) in place of the built-in toxicity detector')
      .option('--weights <mode>', 'exact (default) or fast: quantised compute, with its measured deviation')
      .option('--quantize <kind>', 'int8 or int4: measure this variant of the model')
      .option('--adapter <folder>', 'a LoRA adapter (PEFT folder, or GGUF) put on the model')
      .option('--protocol <name>', 'base, instruct or reasoning, where the file does not tell')
      .option('--shard <i/n>', 'only the i-th of n parts; merge them afterwards')
      .option('--retry-errors', 'ask failed answers again')
      .option('--max-requests <n>', 'servers: at most n requests, beside the start-up probe')
      .option('--max-tokens <n>', 'servers: at most n tokens, read and written')
      .option('--max-cost <n>', 'servers: at most this much money, by --prices')
      .option('--prices <file>', 'JSON: {"<model>": {"input": 0.15, "output": 0.6}}, per million tokens')
      .option('--offline', 'never open a network connection')
      .option('--set <name=value>', 'a setting of the runner; repeatable', pairOption)
      .option('-c, --config <file>', 'settings from a YAML file (default plumbline.yaml here, where there is one)')
      .option('-o, --output <folder>', 'the run folder (default runs/<model>); with several models, one folder in it for each')
      .option('--budget <share>', 'ask this share of the items (10% or 0.1), fairly drawn, and estimate the whole')
      .option('--fleet <run>', 'earlier runs of other models on these suites, for --budget to draw and predict by; repeatable', many)
      .option('--until-decided', 'stop as soon as every rule of --policy is decided; exits as gate does')
      .option('--policy <file>', 'the policy of --until-decided')
      .option('--baseline <run>', 'the baseline of --until-decided')
      .option('--against <model>', 'run this model as well and compare the two')
      .option('--against-quantize <kind>', 'run the int8 or int4 variant of the same model as well and compare; several: int8,int4', many)
      .option('--dry-run', 'only say what would be asked and what it could show')
      .option('--json', 'print the manifest as JSON to stdout and nothing else')
      .option('-q, --quiet', 'no progress')
      .addHelpText(
        'after',
        '\nExample:\n  plumbline run model.gguf --preset quick -o runs/mine\n\nThe same command again goes on where it stopped.',
      );
  },
  async run([models], options, io) {
    const { policy: _policy, ...line } = options;
    const settings = await settingsOf(line, io.env, io.cwd);
    const first = (models as readonly string[]).length > 0 ? (models as readonly string[]) : (settings.model ?? []);
    const named = [...first, ...(typeof options.against === 'string' ? [options.against] : [])].map((argument): Named => ({ argument }));
    for (const quantize of variantsOf(options, first)) named.push({ argument: first[0] as string, quantize });
    const part = await partOf(options, io);
    if (named.length === 0) throw new UserError('no model named', 'plumbline run model.gguf, or plumbline run demo');
    const suites = await loadSuites(namedSuites(settings, io), io.cwd);
    trust(cacheDirOf(io.env), codeAmong(namedSuites(settings, io)));
    const done: Done[] = [];
    for (const { argument, quantize } of named) {
      if (io.signal.aborted) break;
      const own = quantize ? { ...settings, quantize } : settings;
      done.push(await runOne(argument, { settings: own, suites, io, several: named.length > 1, json: options.json === true, part }));
    }
    const manifests = done.flatMap(({ manifest }) => manifest ?? []);
    if (options.json && !part.dry) io.out(`${JSON.stringify(manifests.length === 1 ? manifests[0] : manifests)}\n`);
    if (io.signal.aborted) return 130;
    if (part.dry) return 0;
    if (options.against !== undefined || options.againstQuantize !== undefined) await compareFolders(done, settings, io);
    const codes = done.map(({ code }) => code);
    return manifests.every((manifest) => manifest.complete) ? (codes.find((code) => code !== 0) ?? 0) : 3;
  },
};

interface Named {
  readonly argument: string;
  /** A variant made of the model; absent: as it is, or as --quantize says. */
  readonly quantize?: NonNullable<Settings['quantize']>;
}

function variantsOf(options: Readonly<Record<string, unknown>>, models: readonly string[]): NonNullable<Settings['quantize']>[] {
  const kinds = (options.againstQuantize ?? []) as readonly string[];
  const wrong = kinds.find((kind) => kind !== 'int8' && kind !== 'int4');
  if (wrong !== undefined) throw new UserError(`--against-quantize ${wrong}: expected int8 or int4`, '--against-quantize int8,int4');
  if (kinds.length > 0 && models.length !== 1)
    throw new UserError('--against-quantize makes variants of one model', 'plumbline run model.gguf --against-quantize int4');
  if (kinds.length > 0 && options.quantize !== undefined)
    throw new UserError('--quantize and --against-quantize: the model itself is compared with its variants', 'take --quantize away');
  return kinds as NonNullable<Settings['quantize']>[];
}

interface Done {
  readonly folder: string;
  /** Null after a dry run. */
  readonly manifest: Manifest | null;
  readonly code: number;
}

async function compareFolders(done: readonly Done[], settings: Settings, io: Io): Promise<void> {
  const { default: compare } = await import('./compare.ts');
  const folders = done.map(({ folder }) => folder);
  const local = done.every(({ manifest }) => manifest?.model.identity.runner === 'onnx');
  const output = join(dirname(folders[0] ?? '.'), 'comparison');
  const options = { margin: '0.03', seed: '1', device: settings.device, offline: settings.offline, drift: local, as: 'terminal', output };
  await compare.run([folders], options, io);
}

interface One {
  readonly settings: Settings;
  readonly suites: readonly Suite[];
  readonly io: Io;
  readonly several: boolean;
  readonly json: boolean;
  readonly part: Part;
}

async function runOne(argument: string, { settings, suites, io, several, json, part }: One): Promise<Done> {
  const say = (message: string) => io.err(`${message}\n`);
  const line = await progressLine(io, settings.quiet);
  line.show(`opening ${argument}`);
  await using opened = await openModel(argument, settings, io, line.show);
  await using helpers = await openHelpers(settings, io, line.show);
  const data = dataIn(cacheDirOf(io.env));
  const folder = resolve(io.cwd, folderOf(settings, opened.runner, several));
  const plans = await plansFor(opened.runner, { settings, suites, say, data });
  if (part.dry) {
    line.show('measuring the speed');
    const lines = await dryRun(plans, { folder, runner: opened.runner, signal: io.signal });
    line.end();
    io.out(`${lines.join('\n')}\n`);
    return { folder, manifest: null, code: 0 };
  }
  const ask = async (only: readonly string[] | undefined) => {
    const chosen = only ? { ...settings, only: [...only] } : settings;
    return evaluate({
      folder,
      model: { argument, runner: opened.runner },
      judge: helpers.judge,
      toxicity: helpers.toxicity ?? null,
      plans: only ? await plansFor(opened.runner, { settings: chosen, suites, say: () => {}, data }) : plans,
      options: optionsOf(chosen, namedSuites(settings, io)),
      command: ['plumbline', ...commandOf(process.argv.slice(2), settings)],
      signal: io.signal,
      now: () => new Date(io.env.SOURCE_DATE_EPOCH ? Number(io.env.SOURCE_DATE_EPOCH) * 1000 : Date.now()),
      say: line.say,
      progress: line.progress,
      retryErrors: settings.retryErrors,
    });
  };
  const { evaluated, notes, code } = await askPart(part, { plans, folder, seed: settings.seed, ask, io, say: line.show }).finally(() =>
    line.end(),
  );
  const { manifest, results } = evaluated;
  const { run, page } = await finish(folder, { cwd: io.cwd, env: io.env, data, plans: evaluated.plans });
  if (!json) {
    const { terminalProfile } = await import('../kit/terminal.ts');
    io.out(`${terminalProfile({ ...run, results }, { width: io.columns, colour: io.colour })}\n`);
    for (const note of notes) io.out(`${note}\n`);
    io.out(`${page}\n`);
  }
  if (!manifest.complete) say(`the run is not complete; the same command goes on where it stopped`);
  return { folder, manifest, code };
}

/** What was typed; of a variant that was made for a comparison, what would make it alone. */
function commandOf(typed: readonly string[], { quantize }: Settings): string[] {
  const at = typed.findIndex((word) => word.startsWith('--against-quantize'));
  if (at < 0 || quantize === undefined) return [...typed];
  const alone = typed.filter((_, i) => i !== at && (i !== at + 1 || typed[at]?.includes('=')));
  return [...alone, '--quantize', quantize];
}

function folderOf(settings: Settings, runner: Runner, several: boolean): string {
  const name = [basename(runner.name).replace(/[^\w.@+-]+/g, '-'), ...(settings.quantize ? [settings.quantize] : [])].join('-');
  if (settings.output === undefined) return join('runs', settings.shard ? `${name}-shard-${settings.shard.replace('/', '-of-')}` : name);
  return several ? join(settings.output, name) : settings.output;
}

export default command;
