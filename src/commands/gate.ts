import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Command, Io } from '../command.ts';
import { checkBaseline } from '../decide/baseline.ts';
import type { RunData } from '../decide/compare.ts';
import { gate } from '../decide/gate.ts';
import { type Policy, parsePolicy, wantsBaseline } from '../decide/policy.ts';
import { openRunData, suitesFor } from '../decide/run-data.ts';
import { writeWhole } from '../engine/run-folder.ts';
import { importedSuite } from '../import/imported.ts';
import { exitCodeOf, type Verdict } from '../kit/verdict.ts';
import { verdictAnnotations, verdictMarkdown, verdictTerminal } from '../kit/verdict-text.ts';
import { loadReport } from '../load.ts';
import { trustedBy } from '../reading.ts';
import { UserError } from '../types.ts';

const outputs = ['junit', 'sarif', 'badge'] as const;

const command: Command = {
  describe(parser) {
    parser
      .argument('<run>', 'a finished run folder')
      .option('--policy <file>', 'the policy (YAML)', 'plumbline.yaml')
      .option('--baseline <run>', 'the run that max-drop and non-inferior compare with')
      .option('--allow-incomplete', 'decide on a run that is not complete')
      .option('--exit-zero', 'always exit 0; what was decided is only printed')
      .option('--json', 'print the verdict as JSON to stdout and nothing else')
      .option('--verdict <file>', 'also write the verdict as JSON')
      .option('--junit <file>', 'also write JUnit XML')
      .option('--sarif <file>', 'also write SARIF 2.1.0')
      .option('--badge <file>', 'also write a shields.io badge')
      .option('--markdown <file>', 'also write Markdown (in GitHub Actions, the step summary and annotations come by themselves)')
      .addHelpText(
        'after',
        '\nExit codes: 0 pass, 1 fail, 2 wrong policy or use, 3 the run is incomplete, 4 undecided.\n\nExample:\n  plumbline gate runs/int4 --policy plumbline.yaml --baseline runs/base',
      );
  },
  async run([name], options, io) {
    const folder = resolve(io.cwd, name as string);
    const policy = readPolicy(String(options.policy), io.cwd);
    const incomplete = options.allowIncomplete === true;
    const run = openRunData(folder, { incomplete });
    const baseline = options.baseline === undefined ? null : openRunData(resolve(io.cwd, String(options.baseline)), { incomplete });
    if (wantsBaseline(policy) && !baseline)
      throw new UserError(
        'the policy compares with a baseline, and none was given',
        'plumbline gate <run> --baseline <run of the base model>',
      );
    if (baseline) checkBaseline(run, baseline, policy['may-differ']);
    const verdict = gate(run, policy, await gateOptions(run, baseline, { policy, io }));
    await writeOutputs({ run, verdict, options, io });
    io.out(options.json === true ? `${JSON.stringify(verdict)}\n` : `${verdictTerminal(verdict, { colour: io.colour })}\n`);
    return options.exitZero === true ? 0 : exitCodeOf(verdict);
  },
};

export function readPolicy(named: string, cwd: string): Policy {
  const path = resolve(cwd, named);
  if (!existsSync(path)) throw new UserError(`--policy ${named}: there is no such file`, `plumbline init <run> -o ${named} writes one`);
  return parsePolicy(readFileSync(path, 'utf8'), relative(cwd, path) || named);
}

async function gateOptions(run: RunData, baseline: RunData | null, { policy, io }: { readonly policy: Policy; readonly io: Io }) {
  if (!baseline) return { suiteOf: () => null };
  const ids = run.results
    .filter(({ suite }) => policy.rules.some((rule) => rule.dimension === suite.dimension || rule.suite?.split('@')[0] === suite.id))
    .map(({ suite }) => suite.id);
  const suites = await suitesFor(ids, run.manifest, { cwd: io.cwd, trusted: trustedBy(io) });
  return {
    baseline,
    suiteOf: (id: string) =>
      suites.get(id) ??
      importedSuite(
        run.results.find((result) => result.suite.id === id),
        run.manifest,
      ),
    seed: run.manifest.options.seed,
  };
}

interface Writing {
  readonly run: RunData;
  readonly verdict: Verdict;
  readonly options: Readonly<Record<string, unknown>>;
  readonly io: Io;
}

async function writeOutputs({ run, verdict, options, io }: Writing): Promise<void> {
  if (options.verdict !== undefined) writeWhole(resolve(io.cwd, String(options.verdict)), `${JSON.stringify(verdict, null, 1)}\n`);
  const judged = { manifest: run.manifest, results: run.results, samples: () => nothing(), verdict };
  for (const name of outputs) {
    if (options[name] === undefined) continue;
    const report = await loadReport(name, io.cwd);
    for await (const { text } of await report.render(judged, { lang: 'en', now: 0 }))
      writeWhole(resolve(io.cwd, String(options[name])), text);
  }
  if (options.markdown !== undefined) writeWhole(resolve(io.cwd, String(options.markdown)), verdictMarkdown(verdict));
  if (io.env.GITHUB_STEP_SUMMARY) appendFileSync(io.env.GITHUB_STEP_SUMMARY, verdictMarkdown(verdict));
  if (io.env.GITHUB_ACTIONS === 'true') io.err(verdictAnnotations(verdict));
}

async function* nothing(): AsyncGenerator<never> {}

export default command;
