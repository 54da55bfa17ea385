const token =
  /[\s]*(?:([[\]{},:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;

/** Where a text stops being JSON: the offset of the first token that may not stand there (Node’s own message often has none), or its length. */
export function jsonErrorAt(text: string): number {
  const open: ('[' | '{')[] = [];
  let next: 'value' | 'first' | 'key' | 'firstKey' | 'colon' | 'after' = 'value';
  token.lastIndex = 0;
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(text);
    const start = at + (/^\s*/.exec(text.slice(at, at + 4096))?.[0].length ?? 0);
    if (!match) return Math.min(start, text.length);
    const [, mark, string] = match;
    const opens = mark === '[' || mark === '{';
    if (next === 'colon') {
      if (mark !== ':') return start;
      next = 'value';
    } else if (next === 'key' || next === 'firstKey') {
      if (mark === '}' && next === 'firstKey') open.pop();
      else if (string === undefined) return start;
      next = string === undefined ? 'after' : 'colon';
    } else if (next === 'after') {
      const top = open.at(-1);
      if (mark === ',' && top) next = top === '[' ? 'value' : 'key';
      else if ((mark === ']' && top === '[') || (mark === '}' && top === '{')) open.pop();
      else return start;
    } else if (opens) {
      open.push(mark);
      next = mark === '[' ? 'first' : 'firstKey';
    } else if (mark === ']' && next === 'first') {
      open.pop();
      next = 'after';
    } else if (mark !== undefined) return start;
    else next = 'after';
  }
  return text.length;
}

/** Python writes NaN and Infinity, for which JSON has no word: they become null, outside of strings. */
export const withoutNaN = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) => (found.startsWith('"') ? found : 'null'));
