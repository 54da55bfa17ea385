import { sha256 } from '../src/kit/key.ts';
import { type JudgedRun, type RuleVerdict, type Verdict, verdictOf } from '../src/kit/verdict.ts';
import { inOrderOfState, reasonText } from '../src/kit/verdict-text.ts';
import type { Report } from '../src/types.ts';

const uri = (path: string): string => encodeURI(path.replaceAll('\\', '/'));

function resultOf(rule: RuleVerdict, index: number, verdict: Verdict): object {
  const location = {
    physicalLocation: {
      artifactLocation: { uri: uri(verdict.policy ?? 'run.json') },
      region: { startLine: rule.line ?? 1 },
    },
  };
  return {
    ruleId: rule.id,
    ruleIndex: index,
    level: rule.state === 'fail' ? 'error' : 'warning',
    message: { text: `${rule.state}: ${rule.about}: ${rule.asks}: ${reasonText(rule)}` },
    locations: [location],
    partialFingerprints: { 'plumblineRule/v1': sha256(`${verdict.model.hash}\n${rule.id}`).slice(0, 32) },
    properties: {
      state: rule.state,
      value: rule.value,
      low: rule.low,
      high: rule.high,
      limit: rule.limit,
      items: rule.n,
      needs: rule.needs,
    },
  };
}

/**
 * SARIF 2.1.0: one rule for each condition; a result of level error for each that failed and of level warning for each undecided one. Rules that
 * hold have no result: code scanning shows every result as an alert.
 */
export function sarifOf(verdict: Verdict, version: string): object {
  const rules = inOrderOfState(verdict.rules);
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'plumbline',
            semanticVersion: version,
            informationUri: 'https://www.npmjs.com/package/plumbline-eval',
            rules: rules.map((rule) => ({
              id: rule.id,
              shortDescription: { text: `${rule.about}: ${rule.asks}` },
              defaultConfiguration: { level: 'error' },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: rules.flatMap((rule, index) => (rule.state === 'pass' ? [] : [resultOf(rule, index, verdict)])),
        properties: { model: verdict.model.name, modelHash: verdict.model.hash, state: verdict.state },
      },
    ],
  };
}

export default {
  id: 'sarif',
  title: 'A gate’s verdict (or the run’s own checks) as SARIF 2.1.0',
  makes: 'plumbline.sarif',
  render: async (run: JudgedRun) => [
    { path: 'plumbline.sarif', text: `${JSON.stringify(sarifOf(verdictOf(run), run.manifest.plumbline), null, 1)}\n` },
  ],
} satisfies Report;
