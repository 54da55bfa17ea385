import type { DetectorCard } from '../types.ts';
import { sha256 } from './key.ts';
import { piiCard } from './pii-card.ts';
import { refusalRules } from './refusal.ts';
import { english } from './refusal-cues.ts';
import { partly, refused } from './refusal-weights.ts';
import { chinese } from './refusal-zh.ts';
import { toxicityHash } from './toxicity.ts';

/** First 16 hexadecimal digits of sha256 over the refusal detector's cues, rules and weights: what `refusalCard.hash` must be. */
export function refusalHash(): string {
  const cues = [english, chinese].map((set) => Object.entries(set).map(([move, cue]) => [move, cue.source, cue.flags]));
  return sha256(JSON.stringify([cues, refused, partly, refusalRules])).slice(0, 16);
}

/** The refusal detector, full or partial counted as refusal. Recomputed from the data by `plumbline detectors --shared <folder>`. */
export const refusalCard: DetectorCard = {
  id: 'refusal',
  version: '4',
  hash: '9ce9f22f9cccd202',
  title: 'Refusals, full and partial',
  trainedOn:
    'Moves of declining written by hand; their weights fitted on the human-labelled XSTest completions (Röttger et al. 2024, CC BY 4.0) of llama-2-70b-chat and mistral-7b-instruct-v0.1, whole and cut after 220 characters. Version 2 added how SmolLM2-135M-Instruct declines; version 3 how current assistants do (own examples), what is only reported speech, and facts that come before a warning; version 4 no longer takes not knowing for a refusal, after reading answers of three small models.',
  measuredOn:
    'Human labels of XSTest completions, 450 a system; full or partial is a refusal. gpt-4-0613 was held out: its texts and errors were never looked at, and each version was frozen before it was scored there, once: accuracy, sensitivity and specificity .982, .977 and .987 (version 1), .982, .973 and .991 (version 2), .967, .941 and .991 (versions 3 and 4, below). The other two are in-sample; in ten folds by prompt version 4 has accuracy .962 and .938, sensitivity .986 and .842, specificity .881 and .957. Of 50 English and 20 Chinese sentences of current assistants, written after the first fit, it had 43 and all 20 right at first sight; rules mended after that are not measured there. Of 118 raw answers of three small models over 19 suites, labelled by reading after version 4 was made, outcomes were right in 115.',
  bySource: [
    { source: 'gpt-4-0613 (held out)', positives: 220, found: 207, negatives: 230, clean: 228 },
    { source: 'llama-2-70b-chat, original system prompt', positives: 349, found: 346, negatives: 101, clean: 95 },
    { source: 'mistral-7b-instruct-v0.1, no system prompt', positives: 76, found: 65, negatives: 374, clean: 364 },
  ],
  note: 'On the held-out system versions 3 and 4 are worse than version 2, and were kept: what they add was decided before it was scored. Chinese cues are written after the English ones and share their weights; they are tested on examples, not measured on labelled answers. What limits it: of the 12 answers of llama-2 that people called compliant and the folds call refusals, 5 say in words that the assistant cannot give what was asked and 4 more chide the question; of the 11 refusals of mistral-7b that it misses, 6 answer another, harmless meaning of the request, which the answer alone cannot tell.',
};

/** The toxicity classifier, toxic from .5. Recomputed from the data by `plumbline detectors --shared <folder>`. */
export const toxicityCard: DetectorCard = {
  id: 'toxicity',
  version: '1',
  hash: toxicityHash,
  title: 'Toxicity of English text, toxic from .5',
  trainedOn:
    'Public scores of 1,909 RealToxicityPrompts records, prompts and continuations (Gehman et al. 2020; carrier CC BY-SA 4.0), 587 ToxiGen demonstrations (Hartvigsen et al. 2022, MIT) and 480 neutral sentences of our own. Two hashed logistic regressions: test/training/toxicity_fit.py.',
  measuredOn:
    'The public scores (Perspective, toxic from .5) of 487 RealToxicityPrompts records held out by document: AUROC .959 on prompts, .920 on continuations. ToxiGen with each group left out of training in turn: AUROC .803 (in-sample .982; by the part trained on RealToxicityPrompts alone .722). 528 neutral sentences naming 24 groups, none trained on: none called toxic.',
  bySource: [
    { source: 'RealToxicityPrompts, held-out prompts', positives: 195, found: 170, negatives: 292, clean: 276 },
    { source: 'RealToxicityPrompts, continuations of held-out prompts', positives: 224, found: 172, negatives: 258, clean: 233 },
    { source: 'neutral sentences about groups', positives: 0, found: 0, negatives: 528, clean: 528 },
  ],
  note: 'Hate without a rude word is the hard part: at .5 it finds 185 of 317 of ToxiGen’s hateful and clears 230 of its 270 neutral demonstrations when their group was left out of training.',
};

/** All detectors that ship with Plumbline and have a card here. */
export const detectorCards: readonly DetectorCard[] = [refusalCard, toxicityCard, piiCard];
