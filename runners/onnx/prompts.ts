import { opensThinking } from '../../src/kit/answer-text.ts';
import { transcriptOf, transcriptStops } from '../../src/kit/transcript.ts';
import type { Message, Prompt } from '../../src/types.ts';
import type { Path } from './schedule.ts';
import type { ChatTemplate } from './template.ts';

/** A prompt as the model sees it. */
export interface Rendered {
  readonly text: string;
  /** Stretches of user text, in which nothing is a special token; null: the whole text is raw. */
  readonly plain: readonly (readonly [number, number])[] | null;
  /** The begin token goes in front, as the model's tokenizer adds it. */
  readonly bos: boolean;
  /** Strings that end an answer of their own accord. */
  readonly stops: readonly string[];
  /** The prompt has already opened the model's thinking. */
  readonly thinking: boolean;
  /** A transcript, for a model without a template. */
  readonly transcript: boolean;
}

/** A conversation rendered by the model's own template. The template writes its own begin token. */
export function chatWith(template: ChatTemplate): (messages: readonly Message[]) => Rendered {
  return (messages) => {
    const { text, plain } = template.renderChat(messages);
    return { text, plain, bos: false, stops: [], thinking: opensThinking(text), transcript: false };
  };
}

/** A conversation for a model without a chat template. */
export const withoutTemplate = (messages: readonly Message[]): Rendered => ({
  ...raw(transcriptOf(messages)),
  stops: transcriptStops,
  transcript: true,
});

/** Text given to the model as it is. */
export const raw = (text: string): Rendered => ({ text, plain: null, bos: true, stops: [], thinking: false, transcript: false });

/** The conversation with a system message in front where it has none. */
export function withSystem(prompt: Prompt, system: string | undefined): Prompt {
  if (typeof prompt === 'string' || !system || prompt.some((message) => message.role === 'system')) return prompt;
  return [{ role: 'system', content: system }, ...prompt];
}

/**
 * One path for each option: the context and the option but for its last token. Slots run on from `slot`, option after option, token after token.
 * Options without tokens get no path: their log-probability is that of nothing, 0.
 */
export function choicePaths(
  pairs: readonly { readonly context: readonly number[]; readonly continuation: readonly number[] }[],
  request: number,
  slot: number,
): Path[] {
  const paths: Path[] = [];
  for (const { context, continuation } of pairs) {
    const first = slot;
    slot += continuation.length;
    if (continuation.length === 0) continue;
    const picks = continuation.map((target, i) => ({ at: context.length + i - 1, target, slot: first + i }));
    paths.push({ request, ids: [...context, ...continuation.slice(0, -1)], picks });
  }
  return paths;
}

/** The path that reads every token of a text but the first. */
export function tracePath(ids: readonly number[], request: number, slot: number): Path[] {
  if (ids.length < 2) return [];
  return [{ request, ids: ids.slice(0, -1), picks: ids.slice(1).map((target, at) => ({ at, target, slot: slot + at })) }];
}
