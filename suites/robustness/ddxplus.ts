import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { csvRows, jsonWhole } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

type Raw = { AGE: string; SEX: string; PATHOLOGY: string; EVIDENCES: string; DIFFERENTIAL_DIAGNOSIS: string };
type Evidences = Readonly<
  Record<string, { readonly question_en?: string; readonly value_meaning?: Readonly<Record<string, { en?: string }>> }>
>;

/** `['E_1', 'E_2_@_V_3']` of the file, a Python list. */
const listIn = (text: string): string[] => [...text.matchAll(/'([^']+)'|"([^"]+)"/g)].map((match) => match[1] ?? match[2] ?? '');

function said(code: string, evidences: Evidences): string {
  const [name = '', value] = code.split('_@_');
  const { question_en = name, value_meaning = {} } = evidences[name] ?? {};
  return `${question_en} ${value === undefined ? 'Yes' : (value_meaning[value]?.en ?? value)}`;
}

async function* items(data: Data): AsyncGenerator<Question> {
  const at = await data.files('ddxplus');
  const file = at.find((name) => /release_test_patients(?:\.csv)?$/.test(name));
  if (file === undefined) throw new UserError('ddxplus: there is no release_test_patients', 'plumbline data pull ddxplus --from <folder>');
  const evidences = at.includes('release_evidences.json') ? await jsonWhole<Evidences>(data, 'ddxplus', 'release_evidences.json') : {};
  const needs = ['AGE', 'SEX', 'PATHOLOGY', 'EVIDENCES', 'DIFFERENTIAL_DIAGNOSIS'];
  for await (const { record, line } of csvRows<Raw>(data, 'ddxplus', file, needs)) {
    const others = listIn(record.DIFFERENTIAL_DIAGNOSIS).filter((name) => name !== record.PATHOLOGY);
    const options = [record.PATHOLOGY, ...others.slice(0, 7)];
    const facts = listIn(record.EVIDENCES).map((code) => said(code, evidences));
    yield {
      id: `patient-${line}`,
      prompt: `A patient of age ${record.AGE}, sex ${record.SEX}. ${facts.join('; ')}.\nThe diagnosis is one of: ${[...options].sort().join(', ')}.\nDiagnosis:`,
      options: options.map((name) => ` ${name}`),
      label: 0,
    };
  }
}

export default questionSuite(
  {
    id: 'robustness/ddxplus',
    title: 'DDXPlus diagnoses',
    about: 'Patients’ evidence and the possible diagnoses: which one is it? An out-of-distribution set of the robustness literature.',
    limits:
      'Tested on made-up files in the published format only (release_test_patients CSV with release_evidences.json for the questions); TrustLLM’s 100 of them are in robustness/trustllm-ood-generalization. Synthetic patients; no statement about medicine.',
    source: 'Fansi Tchango et al. 2022, DDXPlus, NeurIPS D&B, arXiv:2205.09148',
    licence: 'CC BY 4.0',
  },
  { items, perToken: true },
);
