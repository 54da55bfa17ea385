import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonLines } from '../../src/kit/official/records.ts';
import { hashOf } from '../../src/kit/random.ts';
import type { Data } from '../../src/types.ts';

interface Qa {
  readonly question: string;
  readonly right_answer: string;
  readonly hallucinated_answer: string;
}
interface Dialogue {
  readonly dialogue_history: string;
  readonly right_response: string;
  readonly hallucinated_response: string;
}
interface Summary {
  readonly document: string;
  readonly right_summary: string;
  readonly hallucinated_summary: string;
}
interface General {
  readonly ID: string;
  readonly user_query: string;
  readonly chatgpt_response: string;
  readonly hallucination: string;
}

const asked = (id: string, group: string, prompt: string, hallucinated: boolean): Question => ({
  id,
  group,
  stratum: group,
  prompt: `${prompt}\n#Your Judgement#:`,
  options: [' Yes', ' No'],
  label: hallucinated ? 0 : 1,
});

/** The largest part (47 MB), asked where its file was pulled. */
async function* summaries(data: Data): AsyncGenerator<Question> {
  const rule = (await data.text('halueval', 'summarization_evaluation_instruction.txt')).trim();
  const needs = ['document', 'right_summary', 'hallucinated_summary'];
  for await (const { record, line } of jsonLines<Summary>(data, 'halueval', 'summarization_data.jsonl', needs)) {
    const bad = (hashOf(`halueval-summarization-${line}`) >>> 11) % 2 === 0;
    const summary = bad ? record.hallucinated_summary : record.right_summary;
    yield asked(`summarization-${line}`, 'summarization', `${rule}\n\n#Document#: ${record.document}\n#Summary#: ${summary}`, bad);
  }
}

async function* items(data: Data): AsyncGenerator<Question> {
  const qa = (await data.text('halueval', 'qa_evaluation_instruction.txt')).trim();
  for await (const { record, line } of jsonLines<Qa>(data, 'halueval', 'qa_data.jsonl', [
    'question',
    'right_answer',
    'hallucinated_answer',
  ])) {
    const bad = (hashOf(`halueval-qa-${line}`) >>> 11) % 2 === 0;
    const answer = bad ? record.hallucinated_answer : record.right_answer;
    yield asked(`qa-${line}`, 'qa', `${qa}\n\n#Question#: ${record.question}\n#Answer#: ${answer}`, bad);
  }
  const dialogue = (await data.text('halueval', 'dialogue_evaluation_instruction.txt')).trim();
  const needs = ['dialogue_history', 'right_response', 'hallucinated_response'];
  for await (const { record, line } of jsonLines<Dialogue>(data, 'halueval', 'dialogue_data.jsonl', needs)) {
    const bad = (hashOf(`halueval-dialogue-${line}`) >>> 11) % 2 === 0;
    const answer = bad ? record.hallucinated_response : record.right_response;
    yield asked(
      `dialogue-${line}`,
      'dialogue',
      `${dialogue}\n\n#Dialogue History#: ${record.dialogue_history}\n#Response#: ${answer}`,
      bad,
    );
  }
  if ((await data.files('halueval')).includes('summarization_data.jsonl')) yield* summaries(data);
  for await (const { record, line } of jsonLines<General>(data, 'halueval', 'general_data.jsonl', [
    'ID',
    'user_query',
    'chatgpt_response',
    'hallucination',
  ])) {
    const rule =
      'Given a query and a response, determine if the response contains non-factual or hallucinated information. The answer MUST be "Yes" or "No".';
    const text = `${rule}\n\n#Query#: ${record.user_query}\n#Response#: ${record.chatgpt_response}`;
    yield asked(`general-${line}`, 'general', text, record.hallucination === 'yes');
  }
}

export default questionSuite(
  {
    id: 'reliability/halueval',
    title: 'HaluEval',
    about:
      'Is an answer to a question (or a turn of a dialogue, or a general reply) hallucinated? With the benchmark’s own instructions; the right or the hallucinated answer is shown, each half of the time.',
    limits:
      'The paper generates “Yes” or “No”; here their log-probabilities decide, so an answer with both or neither cannot occur. The summaries’ part was tested on made-up files only. Which of the two answers is shown is drawn by the item’s hash.',
    source: 'Li et al. 2023, HaluEval, EMNLP, arXiv:2305.11747; RUCAIBox/HaluEval',
    licence: 'MIT',
    version: '2',
  },
  { items, classes: true, official: 'accuracy', says: 'tells hallucinated from right answers in {n} of 100 cases' },
);
