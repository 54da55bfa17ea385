/** GLUE tasks as questions with few answers (wording after PromptBench and lm-evaluation-harness). */
import { UserError } from '../../types.ts';

export interface GlueRecord {
  readonly idx: number;
  readonly label: number;
  readonly sentence?: string;
  readonly sentence1?: string;
  readonly sentence2?: string;
  readonly question?: string;
  readonly question1?: string;
  readonly question2?: string;
  readonly premise?: string;
  readonly hypothesis?: string;
}

interface Task {
  readonly fields: readonly (keyof GlueRecord)[];
  readonly ask: (texts: readonly string[]) => string;
  /** In the order of the task's labels. */
  readonly options: readonly string[];
}

const inference: Task = {
  fields: ['premise', 'hypothesis'],
  ask: ([premise, hypothesis]) => `${premise}\nQuestion: ${hypothesis} True, False, or Neither?\nAnswer:`,
  options: [' True', ' Neither', ' False'],
};

const tasks: Readonly<Record<string, Task>> = {
  sst2: {
    fields: ['sentence'],
    ask: ([text]) => `${text}\nQuestion: Is this sentence positive or negative?\nAnswer:`,
    options: [' negative', ' positive'],
  },
  qqp: {
    fields: ['question1', 'question2'],
    ask: ([one, two]) => `Question 1: ${one}\nQuestion 2: ${two}\nQuestion: Do both questions ask the same thing? Yes or No?\nAnswer:`,
    options: [' No', ' Yes'],
  },
  mnli: inference,
  'mnli-mm': inference,
  qnli: {
    fields: ['question', 'sentence'],
    ask: ([question, sentence]) => `${question}\n${sentence}\nQuestion: Does this response answer the question? Yes or No?\nAnswer:`,
    options: [' Yes', ' No'],
  },
  rte: {
    fields: ['sentence1', 'sentence2'],
    ask: ([one, two]) => `${one}\nQuestion: ${two} True or False?\nAnswer:`,
    options: [' True', ' False'],
  },
};

/** Prompt, options and label of one record. `where` names it in errors. */
export function glueQuestion(
  task: string,
  record: GlueRecord,
  where: string,
): { prompt: string; options: readonly string[]; label: number } {
  const known = tasks[task];
  if (!known) throw new UserError(`${where}: there is no task '${task}'`, `expected ${Object.keys(tasks).join(', ')}`);
  const missing = known.fields.find((field) => typeof record[field] !== 'string');
  if (missing !== undefined) throw new UserError(`${where}: '${missing}' is missing`, `expected ${known.fields.join(', ')}`);
  if (known.options[record.label] === undefined) throw new UserError(`${where}: the label ${record.label} is none of the task's`);
  return { prompt: known.ask(known.fields.map((field) => String(record[field]))), options: known.options, label: record.label };
}
