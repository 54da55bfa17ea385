import { UserError } from '../../types.ts';

export interface ElementAt {
  /** Where the element begins, from 1. */
  readonly line: number;
  readonly text: string;
}

/** Texts of the elements of a JSON array, as its pieces come: only one element is held. What stands in an element is not looked at but for its end. */
export async function* elementsIn(pieces: AsyncIterable<string>, where: string): AsyncGenerator<ElementAt> {
  const cut = (line: number) => new UserError(`${where}:${line}: the JSON array breaks off`, 'the file is cut off: fetch it again');
  let [depth, line, begun, held] = [0, 1, 1, ''];
  let [inString, escaped, inside, ended] = [false, false, false, false];
  for await (const piece of pieces) {
    let from = 0;
    for (let i = 0; i < piece.length; i++) {
      const c = piece[i] as string;
      if (c === '\n') line++;
      if (inString) {
        if (escaped) escaped = false;
        else if (c === '\\') escaped = true;
        else if (c === '"') inString = false;
        continue;
      }
      if (c === ' ' || c === '\n' || c === '\t' || c === '\r') continue;
      if (ended) throw new UserError(`${where}:${line}: not a JSON value (text after the array)`);
      if (depth === 0) {
        if (c !== '[') throw new UserError(`${where}: expected a JSON array`);
        depth = 1;
        [from, begun] = [i + 1, line];
        continue;
      }
      if (depth === 1 && (c === ',' || c === ']')) {
        const text = held + piece.slice(from, i);
        // An empty array has no element; an empty place between commas is one that is no value.
        if (text.trim() !== '' || c === ',' || inside) yield { line: begun + leading(text), text };
        [held, from, begun] = ['', i + 1, line];
        inside = c === ',';
        if (c === ']') [depth, ended] = [0, true];
        continue;
      }
      if (c === '"') inString = true;
      else if (c === '{' || c === '[') depth++;
      else if (c === '}' || c === ']') depth--;
    }
    if (!ended) held += piece.slice(from);
  }
  if (!ended && depth === 0) throw new UserError(`${where}: expected a JSON array`);
  if (!ended) throw cut(line);
}

/** Line ends before an element's first character. */
const leading = (text: string): number => (/^\s*/.exec(text)?.[0] ?? '').split('\n').length - 1;
