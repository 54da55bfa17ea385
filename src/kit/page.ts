/** Pages: Handlebars with escaping everywhere, one style sheet, a content security policy that lets nothing leave the page. */
import { createHash } from 'node:crypto';
import Handlebars from 'handlebars';
import { textBeside } from './items.ts';
import { type Words, words } from './words.ts';

export interface Sheet {
  /** The body's template, beside the module. */
  readonly template: string;
  /** Partials by file name; each is known to templates by its base name. */
  readonly partials: readonly string[];
  readonly css: readonly string[];
  /** Scripts put into the page, in order. A page must be readable without them. */
  readonly scripts: readonly string[];
  /** The page also loads scripts that lie beside it (`samples/1.js`). */
  readonly loads?: boolean;
  /** The page talks to the server it came from (live progress). */
  readonly live?: boolean;
}

export interface PageContent {
  readonly lang: string;
  readonly title: string;
  readonly description: string;
  /** What the templates see; every text in it is escaped, and the page as a whole made visible (see `visible`). */
  readonly view: object;
  /** Data for the page's script. */
  readonly data?: unknown;
}

const helpers: Readonly<Record<string, (value: unknown) => boolean>> = {
  isNull: (value) => value === null || value === undefined,
  isGrey: (hue) => hue === 'grey',
  isSame: (kind) => kind === 'same',
  isAble: (state) => state === 'able',
};
const compiling = {
  preventIndent: true,
  // What is no helper is a name, which need not be looked for among helpers at every printing.
  knownHelpers: Object.fromEntries(Object.keys(helpers).map((name) => [name, true])),
  knownHelpersOnly: true,
};

/** Reads and compiles templates once; the function returned prints one page a call. Pure but for reading the files beside the module. */
export function printer(moduleUrl: string, sheet: Sheet): (content: PageContent) => string {
  const bars = Handlebars.create();
  bars.registerHelper(helpers);
  for (const name of sheet.partials) bars.registerPartial(baseOf(name), template(moduleUrl, name));
  const print = bars.compile(template(moduleUrl, sheet.template), compiling);
  const css = sheet.css.map((name) => squeezed(textBeside(moduleUrl, name))).join('\n');
  const script = sheet.scripts.map((name) => textBeside(moduleUrl, name)).join('\n');
  const csp = policy(sheet, css, script);
  return ({ lang, title, description, view, data }) => {
    const w: Words = words(lang);
    const json = data === undefined ? '' : scriptJson(data);
    return visible(print({ title, description, ...view, w, lang: w.lang, csp, css, script, json }));
  };
}

/** Changes when anything the sheet consists of changes. */
export const sheetDigest = (moduleUrl: string, sheet: Sheet): string =>
  digest([sheet.template, ...sheet.partials, ...sheet.css, ...sheet.scripts].map((name) => textBeside(moduleUrl, name)).join('\n'));

function policy(sheet: Sheet, css: string, script: string): string {
  const near = sheet.loads ? " 'self' file:" : '';
  return [
    "default-src 'none'",
    `style-src '${digest(css)}'`,
    `script-src ${script === '' && near === '' ? "'none'" : `'${digest(script)}'${near}`}`,
    'img-src data: blob:',
    ...(sheet.live ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

const digest = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
const baseOf = (name: string) => name.replace(/^.*\//, '').replace(/\.hbs$/, '');
/** Indentation of a template is ours, never a model's text, so it may go. */
const template = (moduleUrl: string, name: string) =>
  textBeside(moduleUrl, name)
    .replace(/^[ \t]+/gm, '')
    .replace(/\n+/g, '\n');
const squeezed = (css: string) =>
  css
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s+/gm, '')
    .replace(/\n+/g, '\n');

/** JSON that may stand inside a script element: no `<`, no line separators; lone surrogates are escaped by JSON.stringify itself. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

// Controls, bidi controls and marks, zero-width characters (but ZWNJ and ZWJ, which scripts and emoji need), byte order marks, tag characters, lone surrogates.
const unseen =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Any of them, and any surrogate: looked for first, as few texts hold one. */
const suspect =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]/;

/** The text with every character that would act without being seen (escape codes, bidi overrides, zero-width, lone surrogates) written out. */
export function visible(text: string): string {
  if (!suspect.test(text)) return text;
  return text.replace(/\r\n/g, '\n').replace(unseen, (c) => {
    const code = c.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    if (code === 0x7f) return '\u2421';
    return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27e9`;
  });
}

/** At most `most` code points of the text, and how many UTF-16 units were left out. */
export function cut(text: string, most: number): { readonly text: string; readonly left: number } {
  if (text.length <= most) return { text, left: 0 };
  const end = /[\ud800-\udbff]/.test(text.charAt(most - 1)) ? most - 1 : most;
  return { text: text.slice(0, end), left: text.length - end };
}

/** A name that may stand in an id, a path or a fragment: letters, digits, dash, dot; never empty, never dots alone. */
export function slugOf(text: string): string {
  const slug = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80);
  return slug === '' ? 'x' : slug;
}
