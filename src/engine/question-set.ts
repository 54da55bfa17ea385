import { basename } from 'node:path';
import { argmax, mentions } from '../kit/answers.ts';
import { choose, scoresOf } from '../kit/asking.ts';
import { outcomeOf } from '../kit/outcome.ts';
import { hashOf } from '../kit/random.ts';
import { type Dimension, dimensions, type Item, type Request, type Suite, UserError } from '../types.ts';
import { ItemList } from './items.ts';
import { type Fields, nameOf, ownRows, textOf } from './own-rows.ts';

/** A user's own question set: CSV, TSV or JSONL with a header; the columns are documented in docs/own-questions.md. */
interface Question extends Item {
  readonly question: string;
  readonly options: readonly string[];
  /** Index of the right option, when there are options. */
  readonly right: number;
  readonly answer: string;
  /** A regular expression (RE2 syntax) that a right answer matches, instead of a mention. */
  readonly pattern?: string;
  readonly system?: string;
}

const optional = ['group', 'cluster', 'lang', 'system', 'pattern'] as const;
const optionColumns = [...'abcdef'].map((letter) => [`option_${letter}`, letter.toUpperCase()] as const);

function optionsOf(fields: Fields): string[] {
  if (Array.isArray(fields.options)) return fields.options.map(textOf);
  if (textOf(fields.options) !== '')
    return textOf(fields.options)
      .split('|')
      .map((o) => o.trim());
  const options: string[] = [];
  for (const [long, short] of optionColumns) {
    const option = textOf(fields[long] ?? fields[short]);
    if (option !== '') options.push(option);
  }
  return options;
}

function questionOf(path: string, line: number, fields: Fields): Question {
  const fail = (message: string): never => {
    throw new UserError(
      `${path}:${line}: ${message}`,
      'columns: question, answer, and options (separated by |) or option_a, option_b …; see docs/own-questions.md',
    );
  };
  const question = textOf(fields.question ?? fields.prompt);
  const answer = textOf(fields.answer ?? fields.target);
  if (question === '') fail("the column 'question' is missing or empty");
  if (answer === '' && textOf(fields.pattern) === '') fail("the column 'answer' is missing or empty");
  const options = optionsOf(fields);
  const byText = options.findIndex((option) => option.toLowerCase() === answer.toLowerCase());
  const right = byText >= 0 ? byText : /^[A-F]$/i.test(answer) ? answer.toUpperCase().charCodeAt(0) - 65 : -1;
  if (options.length > 0 && (right < 0 || right >= options.length))
    fail(`the answer '${answer}' is neither one of the options nor a letter of one`);
  if (options.length === 1) fail('one option alone is no choice');
  const given: Record<string, string> = {};
  for (const name of optional) {
    const value = textOf(fields[name]);
    if (value !== '') given[name] = value;
  }
  return { id: textOf(fields.id) || `row-${line}`, question, options, right, answer, ...given };
}

function requestOf(item: Question): Request {
  if (item.options.length === 0) {
    const system = item.system ? [{ role: 'system' as const, content: item.system }] : [];
    const want = { kind: 'text', maxTokens: 64, temperature: 0, seed: 0 } as const;
    return {
      to: 'target',
      prompt: [...system, { role: 'user', content: item.question }],
      want,
      script: { perfect: item.answer, worst: 'Something else entirely.' },
    };
  }
  const options = item.options.map((option) => ` ${option}`);
  return choose(`Question: ${item.question}\nAnswer:`, options, {
    perfect: item.right,
    worst: item.right === 0 ? 1 : 0,
    turn: turnOf(item),
  });
}

/** Options are turned by the question, so that a model that always takes one place is at chance wherever the right answers stand. */
const turnOf = (item: Question): number => hashOf(item.id + item.question) >>> 16;

type Matches = (item: Question, text: string) => boolean;

/** Matches by a user's regular expressions with RE2, whose time is linear in the text, whatever the expression. `patterns`: each with an item that has it. */
async function matcherOf(patterns: ReadonlyMap<string, string>, path: string): Promise<Matches> {
  if (patterns.size === 0) return (item, text) => mentions(text, item.answer);
  const { RE2JS } = await import('re2js');
  const compiled = new Map<string, InstanceType<typeof RE2JS>>();
  for (const [pattern, id] of patterns) {
    try {
      compiled.set(pattern, RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE));
    } catch (error) {
      throw new UserError(
        `${path}, question ${id}: the pattern '${pattern}' is no regular expression (${(error as Error).message})`,
        'RE2 syntax: no look-around, no back-references',
      );
    }
  }
  return (item, text) =>
    item.pattern === undefined ? mentions(text, item.answer) : (compiled.get(item.pattern)?.matcher(text).find() ?? false);
}

function dimensionOf(fields: Fields): Dimension {
  const named = textOf(fields.dimension).toLowerCase() as Dimension;
  return dimensions.includes(named) ? named : 'reliability';
}

/** All questions of a file, and what has to be known of them before the first is asked. */
async function questionsIn(path: string) {
  const items = new ItemList();
  let chances = 0;
  let dimension: Dimension | null = null;
  const languages = new Set<string>();
  const wants = new Set<'choice' | 'text'>();
  const patterns = new Map<string, string>();
  for await (const [line, fields] of ownRows(path)) {
    dimension ??= dimensionOf(fields);
    const question = questionOf(path, line, fields);
    const { id, lang, options, pattern } = question;
    items.add(question);
    chances += options.length > 0 ? 1 / options.length : 0;
    languages.add(lang ?? 'en');
    wants.add(options.length > 0 ? 'choice' : 'text');
    if (pattern !== undefined && !patterns.has(pattern)) patterns.set(pattern, id);
  }
  if (dimension === null) throw new UserError(`${path} holds no questions`, 'the first line names the columns: question,answer,options');
  return { items, dimension, languages, wants, patterns, chance: chances / items.length };
}

/** Reads a user's question set and makes a suite of it. Bad rows are named by line. The file is read once, and not held whole where it is long. */
export async function questionSet(path: string): Promise<Suite> {
  const { items, dimension, languages, wants, patterns, chance } = await questionsIn(path);
  const matches = await matcherOf(patterns, path);
  const name = nameOf(basename(path));
  return {
    id: `${dimension}/${name}`,
    dimension,
    version: '1',
    title: name,
    about: `Your own questions (${basename(path)}): right answers by log-probability where options are given, else by mention in a generated answer.`,
    limits: 'What the questions cover, and no more.',
    source: basename(path),
    licence: 'yours',
    languages: [...languages],
    wants: [...wants],
    sizes: { demo: 50, quick: 200, standard: Number.POSITIVE_INFINITY, full: Number.POSITIVE_INFINITY },
    items: () => items,
    rounds: [(item) => [requestOf(item as Question)]],
    observe: (given, [replies]) => {
      const item = given as Question;
      const response = replies?.[0];
      if (!response?.ok) return { skip: response?.error ?? 'no answer', outcomes: ['error'] };
      if (item.options.length === 0) return { values: { correct: matches(item, response.text) ? 1 : 0 }, outcomes: [outcomeOf(response)] };
      const chosen = argmax(scoresOf(response, turnOf(item)) ?? []);
      return chosen === null
        ? { skip: 'no finite log-probabilities', outcomes: ['error'] }
        : { values: { correct: chosen === item.right ? 1 : 0 }, outcomes: ['answered'] };
    },
    metrics: [
      {
        id: 'accuracy',
        title: 'Accuracy',
        unit: 'share',
        better: 'higher',
        value: 'correct',
        grade: (v) => v,
        says: 'answers {n} of 100 right',
      },
    ],
    floor: { title: 'better than choosing at random', value: 'correct', chance },
  };
}
