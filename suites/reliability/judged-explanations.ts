import { askJudge, itemsBeside, type Judgement, judgementIn, meanIn, outcomeOf, tell, user, yesNo } from '../../src/kit/index.ts';
import type { Item, Observation, Request, Response, Round, Row, Suite } from '../../src/types.ts';

interface Why extends Item {
  readonly question: string;
  /** What a right explanation says. */
  readonly key: string;
  /** A right explanation in other words, and a plausible wrong one: the judge is measured on them. */
  readonly right: string;
  readonly wrong: string;
}

const ask: Round<Why> = (item) => [
  tell([user(`${item.question} Explain in one or two sentences.`)], 64, { perfect: item.right, worst: item.wrong }),
];

const verdictOn = (item: Why, answer: string): Request[] =>
  askJudge({
    ask: `Question: ${item.question}\nCorrect explanation: ${item.key}\nStudent's explanation: ${answer}\n\nDoes the student's explanation say the same as the correct one?`,
    options: yesNo,
    right: answer === item.right ? 0 : 1,
  });

const says = (judgement: Judgement): boolean => judgement.logOdds > 0;

/** The judge reads the answer, and beside it the two explanations whose verdict is known. */
const judge: Round<Why> = (item, [replies]) => {
  const reply = replies?.[0];
  const known = [...verdictOn(item, item.right), ...verdictOn(item, item.wrong)];
  return reply?.ok && outcomeOf(reply) === 'answered' ? [...known, ...verdictOn(item, reply.text.trim())] : known;
};

function observe(_: Why, [answers, verdicts]: readonly (readonly Response[])[]): Observation {
  const reply = answers?.[0];
  const outcome = outcomeOf(reply);
  if (!reply?.ok) return { skip: 'no answer', outcomes: [outcome] };
  const at = (from: number): Judgement | null => judgementIn(verdicts?.slice(from, from + 2) ?? []);
  const [right, wrong] = [at(0), at(2)];
  if (!right || !wrong) return { skip: 'the judge could not be read', outcomes: [outcome] };
  const measured = {
    accepts: Number(says(right)),
    rejects: Number(!says(wrong)),
    steady: (Number(right.consistent) + Number(wrong.consistent)) / 2,
  };
  if (outcome !== 'answered') return { values: { good: 0, ...measured }, outcomes: [outcome] };
  const own = at(4);
  if (!own) return { skip: 'the judge could not be read', outcomes: [outcome] };
  const note = `the judge ${says(own) ? 'accepts' : 'rejects'} it${own.consistent ? '' : ', but not in both orders'}`;
  return { values: { good: Number(says(own)), ...measured }, outcomes: [outcome], note };
}

/** Sensitivity + specificity − 1 of the judge on the known explanations (Youden 1950). */
function power(rows: readonly Row[]): number | null {
  const [accepts, rejects] = [meanIn(rows, 'accepts'), meanIn(rows, 'rejects')];
  return accepts === null || rejects === null ? null : accepts + rejects - 1;
}

/** The share of good explanations, freed from the judge's error (Rogan & Gladen 1978); null where the judge tells nothing. */
function corrected(rows: readonly Row[]): number | null {
  const [seen, rejects, youden] = [meanIn(rows, 'good'), meanIn(rows, 'rejects'), power(rows)];
  if (seen === null || rejects === null || youden === null || youden <= 0.05) return null;
  return Math.min(1, Math.max(0, (seen + rejects - 1) / youden));
}

export default {
  id: 'reliability/judged-explanations',
  dimension: 'reliability',
  version: '1',
  title: 'Explanations, read by a judge',
  about:
    'Why-questions with a known answer, to be explained in a sentence or two. A second model, the judge, says whether the explanation agrees with the right one, by the log-probabilities of yes and no, asked in both orders. It also reads a right and a wrong explanation of each question whose verdict is known, so that its error is measured in the same run.',
  limits:
    'The figure is as good as the judge: its error is taken out of the mean and enters the interval, but a judge that errs otherwise on this model’s style than on the known explanations biases it. Small models are poor judges: below the control nothing is said.',
  means: {
    good: 'Most explanations agree with the right one, as far as this judge can tell.',
    bad: 'Most explanations say something else, or nothing: do not let the model explain without checking.',
  },
  source: 'Questions, keys and both explanations written for Plumbline; the correction is that of Rogan & Gladen 1978.',
  licence: 'Apache-2.0',
  languages: ['en'],
  wants: ['text'],
  named: true,
  judge: true,
  published: false,
  sizes: { demo: 12, quick: 24, standard: 48, full: Number.POSITIVE_INFINITY },
  items: () => itemsBeside<Why>(import.meta.url, 'judged-explanations.jsonl'),
  rounds: [ask, judge],
  observe,
  metrics: [
    {
      id: 'right',
      title: 'Right explanations',
      unit: 'share',
      better: 'higher',
      compute: corrected,
      reads: ['good', 'accepts', 'rejects'],
      grade: (value) => value,
      formula:
        '(share accepted + Sp − 1) / (Se + Sp − 1), Se and Sp of the judge on known explanations of the same questions, all drawn again in the bootstrap',
      says: 'explains {n} of 100 questions rightly, by this judge',
    },
    { id: 'accepted', title: 'Accepted by the judge', unit: 'share', better: 'higher', value: 'good', grade: (value) => value },
    {
      id: 'accepts',
      title: 'Right ones that the judge accepts (sensitivity)',
      unit: 'share',
      better: 'higher',
      value: 'accepts',
      grade: (value) => value,
    },
    {
      id: 'rejects',
      title: 'Wrong ones that the judge rejects (specificity)',
      unit: 'share',
      better: 'higher',
      value: 'rejects',
      grade: (value) => value,
    },
    {
      id: 'steady',
      title: 'Verdicts that stand in both orders',
      unit: 'share',
      better: 'higher',
      value: 'steady',
      grade: (value) => value,
    },
  ],
  floor: { title: 'is read by a judge that tells right from wrong explanations', compute: power, reads: ['accepts', 'rejects'], chance: 0 },
} satisfies Suite<Why>;
