/** The prompts of PromptBench's recorded attacks: text before and after. */
export interface AttackedPrompt {
  readonly dataset: string;
  readonly attack: string;
  readonly original: string;
  readonly attacked: string;
  readonly line: number;
}

/** Reads a recorded Markdown file: `# dataset`, `## attack`, then "Original prompt: …" and "Attacked prompt: …" (Python byte strings). */
export function attackedPrompts(text: string): AttackedPrompt[] {
  const out: AttackedPrompt[] = [];
  let [dataset, attack] = ['', ''];
  let original: string | null = null;
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const heading = /^(#{1,2})\s+(.+?)\s*$/.exec(raw);
    if (heading) {
      [dataset, attack] = heading[1] === '#' ? [heading[2] ?? '', ''] : [dataset, heading[2] ?? ''];
      original = null;
      continue;
    }
    const before = /Original prompt:\s*(.+?)(?=\s*Attacked prompt:|$)/i.exec(raw);
    if (before) original = before[1]?.trim() ?? '';
    const after = /Attacked prompt:\s*(.+?)(?=\s*Original acc:|$)/i.exec(raw);
    // One recorded attack lacks its original: it cannot be compared.
    if (!after || original === null) continue;
    out.push({ dataset, attack, original: unquoted(original), attacked: unquoted(after[1]?.trim() ?? ''), line: i + 1 });
    original = null;
  }
  return out;
}

/** The text of a Python byte string such as b'caf\\xc3\\xa9'; other text as it is. */
function unquoted(text: string): string {
  const inner = /^b(['"])([\s\S]*)\1$/.exec(text)?.[2];
  if (inner === undefined) return text;
  const bytes: number[] = [];
  for (const match of inner.matchAll(/\\x([0-9a-f]{2})|\\(.)|([^\\]+)/gi)) {
    if (match[1] !== undefined) bytes.push(Number.parseInt(match[1], 16));
    else bytes.push(...new TextEncoder().encode(match[2] === 'n' ? '\n' : (match[2] ?? match[3] ?? '')));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
