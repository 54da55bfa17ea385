import { createHash } from 'node:crypto';
import { parseTemplate, renderTemplate, TemplateRefusal } from '../../src/kit/jinja.ts';
import { type Message, UserError } from '../../src/types.ts';
import type { Span } from './added-tokens.ts';
import { templateTextOf } from './template-source.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { TokenizerFiles } from './tokenizer-load.ts';

export interface ChatOptions {
  /** Ends with the start of the assistant's turn (default true). */
  readonly addGenerationPrompt?: boolean;
}

export interface RenderedChat {
  /** The conversation as the model sees it. */
  readonly text: string;
  /** Where messages' contents lie in `text`, when one of them holds the text of a special token: such text stays plain. */
  readonly plain: readonly Span[];
  /** Something a person should know: the template has no place for a system message, and what was done. */
  readonly note?: string;
}

export interface EncodedChat extends RenderedChat {
  readonly ids: number[];
}

export interface ChatTemplate {
  readonly source: string;
  /** sha256 (hex) of the source. */
  readonly hash: string;
  /** The template writes the date. It gets a fixed one, so that runs repeat. */
  readonly usesDate: boolean;
  /** String for string as transformers renders it. UserError when the template refuses the conversation. */
  renderChat(messages: readonly Message[], options?: ChatOptions): RenderedChat;
  /** Ids of the rendered conversation; special tokens come from the template alone, never from messages. */
  encodeChat(messages: readonly Message[], options?: ChatOptions): EncodedChat;
}

export interface TemplateSettings {
  /** Further variables, e.g. `{ enable_thinking: false }`. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** What `strftime_now` tells. */
  readonly now?: Date;
}

/** The day that Llama 3's templates name when they are told no date. */
const fixedDay = new Date(Date.UTC(2024, 6, 26));

/**
 * The model's chat template, null when it has none. `tokenizer` gives bos_token and its like, and knows what a special token looks like.
 */
export function openTemplate(files: TokenizerFiles, tokenizer: Tokenizer, settings: TemplateSettings = {}): ChatTemplate | null {
  const source = templateTextOf(files);
  if (source === undefined || source.trim() === '') return null;
  return templateFrom(source, tokenizer, settings);
}

/** A chat template from its source. */
export function templateFrom(source: string, tokenizer: Tokenizer, settings: TemplateSettings = {}): ChatTemplate {
  const program = parseTemplate(source);
  const now = settings.now ?? fixedDay;
  const named = (['bos', 'eos', 'unk', 'pad'] as const).flatMap((name): [string, string][] => {
    const id = tokenizer[name];
    const piece = id === null ? undefined : tokenizer.pieceOf(id);
    return piece === undefined ? [] : [[`${name}_token`, piece]];
  });
  const base = { ...Object.fromEntries(named), tools: null, documents: null, ...settings.variables };
  const render: Render = (messages, options) =>
    renderTemplate(
      program,
      {
        ...base,
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: options.addGenerationPrompt ?? true,
      },
      now,
    );
  const renderChat: ChatTemplate['renderChat'] = (messages, options = {}) => {
    const placed = withSystem(render, messages, options);
    const guarded = placed.messages.some((message) => tokenizer.specialStarts(message.content).length > 0);
    const plain = guarded ? spansOf(render, placed.messages, { options, text: placed.text, tokenizer }) : [];
    return { text: placed.text, plain, ...(placed.note ? { note: placed.note } : {}) };
  };
  return {
    source,
    hash: createHash('sha256').update(source).digest('hex'),
    usesDate: source.includes('strftime_now'),
    renderChat,
    encodeChat(messages, options) {
      const rendered = renderChat(messages, options);
      return { ...rendered, ids: tokenizer.encode(rendered.text, { special: true, plain: rendered.plain }) };
    },
  };
}

type Render = (messages: readonly Message[], options: ChatOptions) => string;

/** The system message put before the first user message, for templates without a place for it. */
function folded(messages: readonly Message[]): Message[] | undefined {
  const [system, ...rest] = messages;
  const first = rest.findIndex((message) => message.role === 'user');
  if (system?.role !== 'system' || first < 0) return undefined;
  return rest.map((message, i) => (i === first ? { ...message, content: `${system.content}\n\n${message.content}` } : message));
}

/** Renders; a system message that the template refuses or silently drops goes into the first user message, and that is said. */
function withSystem(
  render: Render,
  messages: readonly Message[],
  options: ChatOptions,
): { text: string; messages: readonly Message[]; note?: string } {
  const other = folded(messages);
  const note = 'the chat template has no place for a system message: it was put before the first user message';
  try {
    const text = render(messages, options);
    const system = messages[0]?.content.trim() ?? '';
    if (!other || system === '' || text.includes(system)) return { text, messages };
    // A template may rewrite the system message; it drops it when another one renders alike.
    const changed = messages.map((message, i) => (i === 0 ? { ...message, content: `${system} and more` } : message));
    if (render(changed, options) !== text) return { text, messages };
  } catch (error) {
    if (!(error instanceof TemplateRefusal)) throw error;
    if (!other) throw refused(error);
  }
  try {
    return { text: render(other, options), messages: other, note };
  } catch (error) {
    throw error instanceof TemplateRefusal ? refused(error) : error;
  }
}

function refused(error: TemplateRefusal): UserError {
  return new UserError(
    `the model's chat template refuses this conversation: ${error.message}`,
    'change the conversation, or use raw prompts',
  );
}

/** Two characters of the private use area that stand in none of the texts. */
function markers(texts: readonly string[]): [string, string] {
  const all = texts.join('');
  const free: string[] = [];
  for (let code = 0xe000; free.length < 2 && code < 0xf8ff; code += 1) {
    const character = String.fromCharCode(code);
    if (!all.includes(character)) free.push(character);
  }
  return [free[0] ?? '\ue000', free[1] ?? '\ue001'];
}

/**
 * Where users' text lies in the rendered text, found by rendering again with marks: around the contents (inside their outer white space, as many
 * templates trim), else inside every spelling of a special token that they hold, for templates that cut contents up.
 */
function spansOf(
  render: Render,
  messages: readonly Message[],
  rendered: { readonly options: ChatOptions; readonly text: string; readonly tokenizer: Tokenizer },
): Span[] {
  const [open, close] = markers([rendered.text, ...messages.map((message) => message.content)]);
  const around = (content: string): string => content.replace(/\S(?:[\s\S]*\S)?/, (core) => open + core + close);
  const within = (content: string): string => {
    const starts = new Set(rendered.tokenizer.specialStarts(content));
    return content
      .split('')
      .map((unit, at) => (starts.has(at) ? unit + open + close : unit))
      .join('');
  };
  for (const mark of [around, within]) {
    const marked = messages.map((message) => ({ ...message, content: mark(message.content) }));
    const spans = markedSpans(markedText(render, marked, rendered.options), rendered.text, [open, close]);
    if (spans) return spans;
  }
  throw new UserError(
    'a message holds the text of a special token, and the chat template rewrites that message, so it cannot be told apart',
    'leave special tokens out of the message',
  );
}

/** The marked stretches; undefined when the text without marks is another, or a mark has lost its partner. */
function markedSpans(marked: string, expected: string, [open, close]: readonly [string, string]): Span[] | undefined {
  const spans: Span[] = [];
  let text = '';
  let start = -1;
  for (const part of marked.split(new RegExp(`([${open}${close}])`))) {
    if (part === open && start < 0) start = text.length;
    else if (part === close && start >= 0) {
      spans.push([start, text.length]);
      start = -1;
    } else if (part === open || part === close) return undefined;
    else text += part;
  }
  return start < 0 && text === expected ? spans : undefined;
}

function markedText(render: Render, marked: readonly Message[], options: ChatOptions): string {
  try {
    return render(marked, options);
  } catch (error) {
    if (error instanceof TemplateRefusal || error instanceof UserError) return '';
    throw error;
  }
}
