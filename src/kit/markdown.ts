/** Text inside Markdown: no markup, link, mention or HTML of its own. */
import { visible } from './page.ts';

/** One line of plain text. With `verbatim` nothing is escaped (for indented code), only made visible. */
export function markdownText(text: string, verbatim = false): string {
  const line = visible(text).replace(/\s*\n\s*/g, ' ');
  if (verbatim) return line;
  return line
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_[\]{}#!|~$]/g, '\\$&')
    .replace(/@(?=\w)/g, '@\u2060')
    .replace(/(https?):\/\//gi, '$1:\u2060//')
    .replace(/\bjavascript:/gi, 'javascript\u2060:');
}

/** The same for a table's cell. */
export const markdownCell = (text: string): string => markdownText(text) || ' ';
