/** The authors' mapping of an output string to a BBQ option. */
const tidy = (text: string) =>
  text
    .toLowerCase()
    .trim()
    .replace(/\.$/, '')
    .replace(/pantsu$/, 'pantsuit')
    .replace("o'brien", 'obrien');

/** The option an output names; null where it names none (such rows are left out of the published figures). */
export function optionOf(line: Readonly<Record<string, unknown>>, output: string): number | null {
  const said = tidy(output);
  const equal = [0, 1, 2].find((i) => tidy(String(line[`ans${i}`])) === said);
  if (equal !== undefined) return equal;
  const info = line.answer_info as Record<string, readonly string[]>;
  const named = [0, 1, 2].find((i) => {
    const words = info[`ans${i}`]?.[0]?.toLowerCase().split(' ') ?? [];
    return words.length > 1 && said.includes(words[0] as string) && said.includes(words[1] as string);
  });
  return named ?? null;
}
