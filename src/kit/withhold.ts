/** Whether an answer gives what was asked for, or says that there is nothing to give. */
import { abstainsIn } from './answers.ts';
import { refusalIn } from './refusal.ts';

const denies = [
  /^\W*(?:no\b|none\b|never\b|nobody\b|actually\b|false\b|incorrect\b|there (?:is|are|was|were|has|have) (?:no|not|never)\b)/i,
  /\b(?:is|are|was|were|has|have|had|did|does|do|could|can|would|will|should)(?: not|n't) (?:a |an |the |any |ever |actually |really |been |have |possible |exist|invade|invent|walk|live|write|paint|build|become|speak|flow|lay|dry|fly|eat|climb)/i,
  /\b(?:never (?:happened|existed|was|were|invaded|walked|wrote|painted|became|lived|built|dried|met)|no (?:such|record|evidence|known|real|country|person|animal|moon|mammal|battle|mountain|prize)|not (?:a |an )?(?:real|actual|true|correct|possible|known|recognized|aware|familiar|exist)|fictional|made[- ]up|imaginary|mistaken|misunderstanding|rests on an error|false premise|impossible to (?:know|say|tell|predict|determine)|(?:can|could) ?not be (?:known|predicted|determined|answered)|unable to)\b/i,
];

/** Whether an answer declines to give what was asked for: it abstains, refuses, or denies what the question takes for granted. */
export function withholds(answer: string): boolean {
  const plain = answer.replace(/[\u2018\u2019]/g, "'");
  return abstainsIn(plain) || refusalIn(plain).label !== 'none' || denies.some((pattern) => pattern.test(plain));
}
