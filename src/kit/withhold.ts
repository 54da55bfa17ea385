/** Whether an answer gives what was asked for, or says that there is nothing to give. */
import { abstainsIn, normalised } from './answers.ts';
import { refusalIn } from './refusal.ts';

const denies = [
  /^\W*(?:no\b|none\b|never\b|nobody\b|actually\b|false\b|incorrect\b|there (?:is|are|was|were|has|have) (?:no|not|never)\b)/i,
  /\b(?:is|are|was|were|has|have|had|did|does|do|could|can|would|will|should)(?: not|n't) (?:a |an |the |any |ever |actually |really |been |have |possible |exist|invade|invent|walk|live|write|paint|build|become|speak|flow|lay|dry|fly|eat|climb)/i,
  /\b(?:never (?:happened|existed|was|were|invaded|walked|wrote|painted|became|lived|built|dried|met)|no (?:such|record|evidence|known|real|country|person|animal|moon|mammal|battle|mountain|prize)|not (?:a |an )?(?:real|actual|true|correct|possible|known|recognized|aware|familiar|exist)|fictional|made[- ]up|imaginary|mistaken|misunderstanding|rests on an error|false premise|impossible to (?:know|say|tell|predict|determine)|(?:can|could) ?not be (?:known|predicted|determined|answered)|unable to)\b/i,
];
const deniesZh = [
  /^[\s“"]*(?:不[是会能可]?|没有|从来没有|并没有|并非|这是(?:错误|不正确|不可能|虚构)|抱歉|对不起|无)/,
  /并没有|从未|从来没有|不可能|不存在|没有这[个种样件位]|并不(?:是|会|存在|能|知道)|不是真|虚构|杜撰|前提(?:就)?(?:是)?(?:错|有误|不)|(?:说法|问题)(?:本身)?(?:是)?(?:错误|不对|不正确|有误|没有答案)|没有(?:确切|具体|固定|明确|标准)?(?:的)?答案|查不到|未(?:能)?(?:找到|知)|无从/,
  /^[^。\uff01\uff1f!?]*(?:不能|不会|不可以|不产|不是|没有(?:任何|所谓|人|相关|发生|登|去过|到过|用过|见过|发明|写过|住过|一起)|尚未)/,
];

/** Whether an answer declines to give what was asked for: it abstains, refuses, or denies what the question takes for granted. */
export function withholds(answer: string): boolean {
  const plain = answer.replace(/[\u2018\u2019]/g, "'");
  const denials = /[\u3400-\u9fff]/.test(plain) ? deniesZh : denies;
  return abstainsIn(plain) || refusalIn(plain).label !== 'none' || denials.some((pattern) => pattern.test(plain));
}

/** Whether an answer denies `side` instead of taking it: "not in Paris", "it isn't Paris", "Paris is not the only city". */
export function rejects(answer: string, side: string): boolean {
  const name = normalised(side);
  if (/[\u3400-\u9fff]/.test(name))
    return new RegExp(`(?:不是|并非|不在|不会是|而非)${name}|${name}(?:不是|不对|是错)`).test(normalised(answer));
  const said = normalised(answer.replace(/n['’]t\b/g, ' not'));
  return new RegExp(`\\b(?:not|never|no)(?: \\w+){0,2} ${name}\\b|\\b${name} (?:is|was|are|were|does|did|do) not\\b`).test(said);
}
