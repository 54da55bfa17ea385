/** The texts of `NAME = ["…", '…']` in Python source, neighbours without a comma joined as Python joins them; null when it is not there. */
export function pythonList(source: string, name: string): string[] | null {
  const start = new RegExp(`(?:^|\\n)${name}\\s*=\\s*\\[`).exec(source);
  if (!start) return null;
  const token = /\s+|#.*|(,)|(\])|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'/y;
  token.lastIndex = start.index + start[0].length;
  const out: string[] = [];
  let open = true;
  for (;;) {
    const match = token.exec(source);
    if (!match) return null;
    const [, comma, end, double, single] = match;
    if (end !== undefined) return out;
    if (comma !== undefined) open = true;
    const text = double ?? single;
    if (text === undefined) continue;
    // An escape that Python does not know keeps its backslash.
    const plain = text.replace(/\\(['"\\])/g, '$1').replace(/\\n/g, '\n');
    if (open) out.push(plain);
    else out[out.length - 1] += plain;
    open = false;
  }
}
