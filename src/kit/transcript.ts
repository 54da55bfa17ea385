/** Conversations for models without a chat template: a plain transcript. */
import type { Message } from '../types.ts';

const titles = { system: '', user: 'User: ', assistant: 'Assistant: ' } as const;

/** The conversation as a text that the model's answer continues. */
export function transcriptOf(messages: readonly Message[]): string {
  const turns = messages.map(({ role, content }) => titles[role] + content.trim());
  return [...turns, titles.assistant.trim()].join('\n\n');
}

/** Where a model begins the user's next turn itself. */
export const transcriptStops = ['\nUser:', '\n\nUser:'] as const;

/** An option as it continues a transcript: a blank stands after the speaker's name. */
export const saidInTranscript = (option: string): string => (/^\S/u.test(option) ? ` ${option}` : option);
