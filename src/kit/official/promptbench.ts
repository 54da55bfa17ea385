/** PromptBench (Zhu et al. 2023): performance drop rate of attacked prompts, read from its records of accuracies before and after. */
export interface PromptbenchRecord {
  readonly dataset: string;
  readonly attack: string;
  readonly original: number;
  readonly attacked: number;
}

/** Reads one of the recorded Markdown files: `# dataset`, `## attack`, then "Original acc: x%, attacked acc: y%". */
export function promptbenchRecords(text: string): PromptbenchRecord[] {
  const records: PromptbenchRecord[] = [];
  let dataset = '';
  let attack = '';
  for (const line of text.split(/\r?\n/)) {
    const heading = /^(#{1,2})\s+(.+?)\s*$/.exec(line);
    if (heading) {
      if (heading[1] === '#') dataset = heading[2] ?? '';
      else attack = heading[2] ?? '';
      continue;
    }
    for (const match of line.matchAll(/Original acc:\s*([\d.]+)%?,\s*attacked acc:\s*([\d.]+)%/gi))
      records.push({ dataset, attack, original: Number(match[1]) / 100, attacked: Number(match[2]) / 100 });
  }
  return records;
}

/** Mean and population standard deviation of 1 − attacked / original; prompts that scored 0 before the attack have no drop rate. */
export function performanceDrop(
  records: readonly PromptbenchRecord[],
): { readonly mean: number; readonly std: number; readonly n: number } | null {
  const drops = records.filter(({ original }) => original > 0).map(({ original, attacked }) => 1 - attacked / original);
  if (drops.length === 0) return null;
  const mean = drops.reduce((a, b) => a + b, 0) / drops.length;
  return { mean, std: Math.sqrt(drops.reduce((sum, drop) => sum + (drop - mean) ** 2, 0) / drops.length), n: drops.length };
}
