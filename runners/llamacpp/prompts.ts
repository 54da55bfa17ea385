import { opensThinking } from '../../src/kit/answer-text.ts';
import { parseTemplate, renderTemplate, TemplateRefusal } from '../../src/kit/jinja.ts';
import { saidInTranscript, transcriptOf, transcriptStops } from '../../src/kit/transcript.ts';
import type { Message, Prompt } from '../../src/types.ts';
import type { Opening } from './ipc.ts';
import type { Model, Token } from './library.ts';

/** The day that templates are told, as the local runner's. */
const fixedDay = new Date(Date.UTC(2024, 6, 26));

export interface Shown {
  readonly text: string;
  /** Encodes this prompt's text, cut shorter or with more behind it. */
  readonly encode: (text: string) => Token[];
  readonly stops: readonly string[];
  /** The prompt has already opened the model's thinking. */
  readonly thinking: boolean;
  /** A transcript, for a model without a template. */
  readonly transcript: boolean;
}

/** How prompts become tokens of one model, by the template in its file. */
export interface Prompts {
  readonly template: string | null;
  /** Throws TemplateRefusal for a conversation the template refuses. */
  show(prompt: Prompt): Shown;
  /** Ids of prompt and option as lm-evaluation-harness cuts them: the option's are those after the prompt's own; the prompt's trailing white space is the option's. */
  pair(shown: Shown, option: string): { readonly context: readonly Token[]; readonly continuation: readonly Token[] };
}

export function promptsOf(model: Model, { system, protocol }: Pick<Opening, 'system' | 'protocol'>): Prompts {
  const template = protocol === 'base' ? null : model.fileInfo.metadata.tokenizer?.chat_template?.trim() || null;
  const program = template === null ? null : parseTemplate(template);
  const piece = (token: Token | null) => (token === null ? '' : model.detokenize([token], true));
  const variables = { bos_token: piece(model.tokens.bos), eos_token: piece(model.tokens.eos), tools: null, documents: null };
  const render = (messages: readonly Message[]) =>
    renderTemplate(
      program,
      { ...variables, messages: messages.map(({ role, content }) => ({ role, content })), add_generation_prompt: true },
      fixedDay,
    );
  const begin = model.tokens.shouldPrependBosToken && model.tokens.bos !== null ? [model.tokens.bos] : [];
  const raw = (text: string) => [...begin, ...model.tokenize(text, false)];
  /** Special tokens come from the template alone: messages that spell one are cut out and are plain text. */
  const ofChat = (text: string, messages: readonly Message[]): Token[] => {
    const ids: Token[] = [];
    let at = 0;
    for (const { content } of messages) {
      if (model.tokenize(content, true).length === model.tokenize(content, false).length) continue;
      const from = text.indexOf(content.trim(), at);
      if (from < 0) continue;
      ids.push(...model.tokenize(text.slice(at, from), true), ...model.tokenize(content.trim(), false));
      at = from + content.trim().length;
    }
    return [...ids, ...model.tokenize(text.slice(at), true)];
  };
  return {
    template,
    show(prompt) {
      if (typeof prompt === 'string') return { text: prompt, encode: raw, stops: [], thinking: false, transcript: false };
      const messages =
        system && prompt.every(({ role }) => role !== 'system') ? [{ role: 'system' as const, content: system }, ...prompt] : prompt;
      if (!program) return { text: transcriptOf(messages), encode: raw, stops: transcriptStops, thinking: false, transcript: true };
      const text = withPlaceForSystem(render, messages);
      return { text, encode: (given) => ofChat(given, messages), stops: [], thinking: opensThinking(text), transcript: false };
    },
    pair({ text, encode, transcript }, given) {
      const option = transcript ? saidInTranscript(given) : given;
      const head = text.trimEnd();
      if (head === '') return { context: [model.tokens.bos ?? model.tokens.eos ?? 0], continuation: model.tokenize(text + option, false) };
      const context = encode(head);
      return { context, continuation: encode(text + option).slice(context.length) };
    },
  };
}

/** A system message that a template refuses goes before the first user message. */
function withPlaceForSystem(render: (messages: readonly Message[]) => string, messages: readonly Message[]): string {
  const [system, ...rest] = messages;
  const first = rest.findIndex(({ role }) => role === 'user');
  const folded = () => render(rest.map((m, i) => (i === first ? { ...m, content: `${system?.content}\n\n${m.content}` } : m)));
  if (system?.role !== 'system' || first < 0) return render(messages);
  try {
    const text = render(messages);
    return text.includes(system.content.trim()) ? text : folded();
  } catch (error) {
    if (error instanceof TemplateRefusal) return folded();
    throw error;
  }
}
