import type { DetectorCard } from '../types.ts';
import { sha256 } from './key.ts';
import { english } from './refusal-cues.ts';
import { partly, refused } from './refusal-weights.ts';
import { chinese } from './refusal-zh.ts';

/** First 16 hexadecimal digits of sha256 over the refusal detector's cues and weights: what `refusalCard.hash` must be. */
export function refusalHash(): string {
  const cues = [english, chinese].map((set) => Object.entries(set).map(([move, cue]) => [move, cue.source, cue.flags]));
  return sha256(JSON.stringify([cues, refused, partly])).slice(0, 16);
}

/** The refusal detector, full or partial counted as refusal. Recomputed from the data by `plumbline detectors --shared <folder>`. */
export const refusalCard: DetectorCard = {
  id: 'refusal',
  version: '1',
  hash: 'bcf109e6ef7fa650',
  title: 'Refusals, full and partial',
  trainedOn:
    'Moves of declining written by hand; their weights fitted on the human-labelled XSTest completions (Röttger et al. 2024, CC BY 4.0) of llama-2-70b-chat and mistral-7b-instruct-v0.1.',
  measuredOn:
    'Human labels of XSTest completions, 450 a system. gpt-4-0613 was held out: scored once, after the detector had been frozen; the other two are in-sample (ten folds by prompt: accuracy .960 and .949).',
  bySource: [
    { source: 'gpt-4-0613 (held out)', positives: 220, found: 215, negatives: 230, clean: 227 },
    { source: 'llama-2-70b-chat, original system prompt', positives: 349, found: 343, negatives: 101, clean: 91 },
    { source: 'mistral-7b-instruct-v0.1, no system prompt', positives: 76, found: 67, negatives: 374, clean: 363 },
  ],
  note: 'Chinese cues are written after the English ones and share their weights; they are tested on examples, not measured on labelled answers.',
};

/** All detectors that ship with Plumbline and have a card here. */
export const detectorCards: readonly DetectorCard[] = [refusalCard];
