/** What is read off results by pages, decisions and profiles alike. */
import type { Manifest, Result } from '../types.ts';

/** `<dimension>/<name>`, with `@zh` … where the language is not English. */
export const resultIdOf = ({ suite }: Result): string => (suite.lang === 'en' ? suite.id : `${suite.id}@${suite.lang}`);

/** The language most results are in; English on ties. Variants in other languages have profiles of their own. */
export function mainLanguage(results: readonly Result[]): string {
  const counts = new Map<string, number>();
  for (const { suite } of results) counts.set(suite.lang, (counts.get(suite.lang) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  const first = [...counts.keys()].filter((lang) => counts.get(lang) === most).sort();
  return first.includes('en') ? 'en' : (first[0] ?? 'en');
}

/** A model's name with the variant of it that was measured: `model (int4)`. */
export function modelNameOf({ name, identity }: Pick<Manifest['model'], 'name' | 'identity'>): string {
  const variant = typeof identity.mode === 'string' ? identity.mode.replace(/^exact(, )?/, '') : '';
  return variant === '' ? name : `${name} (${variant})`;
}
