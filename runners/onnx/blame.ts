/** Who is asked again after a child died, and whose fault it was. Pure but for its own state. */

export interface Group {
  readonly indices: readonly number[];
  /** How often a child died over exactly these. */
  readonly deaths: number;
}

/**
 * What to ask next when a child died over `group` while it worked on `busy` (indices still unanswered only). Requests that were merely waiting are asked again
 * as they were. Suspects are asked once more together, then in halves; one that killed two children alone is the culprit.
 */
export function afterDeath(group: Group, busy: readonly number[]): { readonly next: readonly Group[]; readonly culprit: number | null } {
  const suspects = group.indices.filter((index) => busy.includes(index));
  const waiting = group.indices.filter((index) => !busy.includes(index));
  const rest: Group[] = waiting.length > 0 ? [{ indices: waiting, deaths: suspects.length > 0 ? 0 : group.deaths + 1 }] : [];
  const [only] = suspects;
  if (only === undefined) return { next: rest, culprit: null };
  const again = waiting.length === 0 ? group.deaths + 1 : 1;
  if (suspects.length === 1 && again >= 2) return { next: rest, culprit: only };
  if (suspects.length === 1 || again < 2) return { next: [{ indices: suspects, deaths: again }, ...rest], culprit: null };
  const half = Math.ceil(suspects.length / 2);
  const halves = [suspects.slice(0, half), suspects.slice(half)].map((indices) => ({ indices, deaths: 1 }));
  return { next: [...halves, ...rest], culprit: null };
}
