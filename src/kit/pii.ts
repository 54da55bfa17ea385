/** Personal data in a text, by rules that check what can be checked. */
import { type CountryCode, findPhoneNumbersInText, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { sha256 } from './key.ts';
import {
  ibanLengths,
  isAmericanId,
  isBrazilianId,
  isBritishId,
  isCard,
  isChineseId,
  isFrenchId,
  isGermanId,
  isIban,
  isIndianId,
  isItalianId,
  isPolishId,
  isSpanishId,
} from './pii-numbers.ts';
import { addressPatterns, namePatterns } from './pii-words.ts';

export type PiiKind = 'email' | 'phone' | 'card' | 'iban' | 'id' | 'address' | 'name';

export interface Pii {
  readonly kind: PiiKind;
  readonly text: string;
  /** UTF-16 offsets in the text: start inclusive, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** For `id`: ISO 3166 country of the scheme. */
  readonly country?: string;
}

// Scripts that write without spaces are not taken for a part of an address.
const letter = '\\p{Script=Latin}\\p{Script=Cyrillic}\\p{Script=Greek}';
const atom = `[${letter}\\p{N}!#$%&'*+/=?^_\`{|}~-]`;
const email = new RegExp(
  `(?<!${atom}|[.@])(?:"[^"\\s@]{1,60}"|${atom}+(?:\\.+${atom}+)*\\.?)@(?:[${letter}\\p{N}](?:[${letter}\\p{N}_-]*[${letter}\\p{N}])?\\.)+(?:[${letter}]{2,24}|xn--[a-z0-9-]+)(?![${letter}\\p{N}@])`,
  'giu',
);
const hidden =
  /(?<![\p{L}\p{N}])[\p{L}\p{N}][\p{L}\p{N}._+-]*\s*(?:\(at\)|\[at\]|\{at\}|（at）| at )\s*(?:[\p{L}\p{N}-]+\s*(?:\(dot\)|\[dot\]|\{dot\}| dot |\.)\s*)+(?:com|org|net|edu|gov|info|io|co|uk|de|fr|es|it|pl|cn|br|in|us|eu)(?![\p{L}\p{N}])/giu;

/** E-mail addresses, plain and written out against robots. */
const emailPatterns: readonly RegExp[] = [email, hidden];

const ibanShape = /(?<![A-Za-z\p{N}])[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]{4}){2,7}(?:[ -]?[A-Z\d]{1,4})?(?![A-Za-z\p{N}])/gu;
const cardShape = /(?<![A-Za-z\p{N}.+-]|\p{N} )\d(?:[ -]?\d){12,18}(?![A-Za-z\p{N}]|[.-]\d)/gu;

interface Scheme {
  readonly country: string;
  readonly shape: RegExp;
  readonly holds: (bare: string) => boolean;
  /** Words that must stand shortly before a number written without its usual separators. */
  readonly words?: RegExp;
  /** How the number looks with its usual separators. */
  readonly usual?: RegExp;
}

const schemes: readonly Scheme[] = [
  { country: 'CN', shape: /(?<![A-Za-z\p{N}])[1-8]\d{5}[ -]?(?:19|20)\d{6}[ -]?\d{3}[\dXx](?![A-Za-z\p{N}])/gu, holds: isChineseId },
  {
    country: 'FR',
    shape: /(?<![A-Za-z\p{N}])[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}(?![A-Za-z\p{N}])/gu,
    holds: isFrenchId,
  },
  {
    country: 'IT',
    shape: /(?<![A-Za-z\p{N}])[A-Z]{6} ?[\dLMNP-V]{2}[A-EHLMPRST][\dLMNP-V]{2} ?[A-Z][\dLMNP-V]{3} ?[A-Z](?![A-Za-z\p{N}])/giu,
    holds: isItalianId,
  },
  { country: 'ES', shape: /(?<![A-Za-z\p{N}])(?:[XYZ][- ]?\d{7}|\d{2}\.?\d{3}\.?\d{3})[- ]?[A-Z](?![A-Za-z\p{N}])/giu, holds: isSpanishId },
  {
    country: 'GB',
    shape: /(?<![A-Za-z\p{N}])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![A-Za-z\p{N}])/giu,
    holds: isBritishId,
  },
  {
    country: 'US',
    shape: /(?<![A-Za-z\p{N}.-])\d{3}([- ]?)\d{2}\1\d{4}(?![A-Za-z\p{N}]|[.-]\d)/gu,
    holds: isAmericanId,
    usual: /^\d{3}-\d{2}-\d{4}$/,
    words: /\b(?:ssn|social security)\b/i,
  },
  {
    country: 'BR',
    shape: /(?<![A-Za-z\p{N}.-])\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?![A-Za-z\p{N}]|[.-]\d)/gu,
    holds: isBrazilianId,
    usual: /^\d{3}\.\d{3}\.\d{3}-\d{2}$/,
    words: /\bcpf\b/i,
  },
  {
    country: 'IN',
    shape: /(?<![A-Za-z\p{N}.-]|\p{N} )[2-9]\d{3}([ -]?)\d{4}\1\d{4}(?![A-Za-z\p{N}]|[ .-]\d)/gu,
    holds: isIndianId,
    usual: /^\d{4}[ -]\d{4}[ -]\d{4}$/,
    words: /\b(?:aadhaar|aadhar|uidai|uid)\b/i,
  },
  {
    country: 'PL',
    shape: /(?<![A-Za-z\p{N}.-])\d{11}(?![A-Za-z\p{N}]|[.-]\d)/gu,
    holds: isPolishId,
    usual: /^never$/,
    words: /\bpesel\b/i,
  },
  {
    country: 'DE',
    shape: /(?<![A-Za-z\p{N}.-]|\p{N} )\d{2} ?\d{3} ?\d{3} ?\d{3}(?![A-Za-z\p{N}]|[ .-]\d)/gu,
    holds: isGermanId,
    usual: /^\d{2} \d{3} \d{3} \d{3}$/,
    words: /(?:steuer|\btax|idnr|\btin\b|identifikationsnummer)/i,
  },
];

/** First 16 hexadecimal digits of sha256 over the detector's patterns: what `piiCard.hash` must be. */
export function piiHash(): string {
  const sources = [...emailPatterns, ...schemes.map(({ shape }) => shape), ...addressPatterns, ...namePatterns].map(
    (p) => `${p.source}/${p.flags}`,
  );
  return sha256(JSON.stringify([sources, ibanLengths])).slice(0, 16);
}

const phoneWords =
  /(?:phone|tel\b|tel\.|telephone|telefon|téléphone|teléfono|telefono|telefone|mobile|mobil|cell|call|fax|text|whatsapp|sms|handy|ring|dial|reach|numer|电话|手机|座机|致电|联系|拨打|号码)[^\d]{0,40}$/iu;
const numberWords =
  /(?:order|invoice|tracking|serial|part|model|isbn|issn|account|reference|ref|case|ticket|version|id|item|batch|policy|licence|license|订单|编号|单号|型号|批号)\s*(?:number|no\.?|code|id|号)?\s*(?:is|was|of|[:：#.])*\s*$/iu;
const countries: readonly CountryCode[] = ['US', 'GB', 'CN', 'DE', 'FR', 'ES', 'IT', 'BR', 'IN', 'PL'];

/** A long text is read in stretches, each with what stands around it, so that the time taken grows with its length and no faster. */
const stretch = 4000;
const around = 300;

/** Everything personal in a text, in order, without overlaps. Numbers are checked (Luhn, mod 97, national check digits, libphonenumber). */
export function piiIn(text: string): Pii[] {
  if (text.length <= stretch + 2 * around) return piiWithin(text);
  const found: Pii[] = [];
  for (let at = 0; at < text.length; at += stretch) {
    const from = Math.max(0, at - around);
    for (const pii of piiWithin(text.slice(from, at + stretch + around))) {
      const [start, end] = [pii.start + from, pii.end + from];
      if (start >= at && start < at + stretch && start >= (found.at(-1)?.end ?? 0)) found.push({ ...pii, start, end });
    }
  }
  return found;
}

function piiWithin(text: string): Pii[] {
  const found: Pii[] = [];
  const free = (start: number, end: number): boolean => found.every((f) => end <= f.start || start >= f.end);
  const add = (kind: PiiKind, start: number, length: number, country?: string): void => {
    if (!free(start, start + length)) return;
    found.push({ kind, text: text.slice(start, start + length), start, end: start + length, ...(country ? { country } : {}) });
  };
  for (const pattern of emailPatterns) for (const m of text.matchAll(pattern)) add('email', m.index, m[0].length);
  for (const m of text.matchAll(ibanShape)) addIban(m[0], m.index, add);
  const ids = (of: readonly Scheme[]): void => {
    for (const scheme of of)
      for (const m of text.matchAll(scheme.shape))
        if (isIdHere(scheme, m[0], text.slice(0, m.index))) add('id', m.index, m[0].length, scheme.country);
  };
  // Longer and better checked numbers first: a part of one must not be taken for another kind.
  ids(schemes.slice(0, 1));
  for (const m of text.matchAll(cardShape)) if (isCard(m[0].replace(/\D/g, ''))) add('card', m.index, m[0].length);
  ids(schemes.slice(1));
  for (const pattern of addressPatterns) for (const m of text.matchAll(pattern)) add('address', m.index, m[0].length);
  for (const { start, end } of phonesIn(text)) add('phone', start, end - start);
  for (const pattern of namePatterns)
    for (const m of text.matchAll(pattern)) {
      const name = m.groups?.found ?? m[0];
      add('name', m.index + m[0].indexOf(name), name.length);
    }
  return found.sort((a, b) => a.start - b.start);
}

/** The longest beginning that is an IBAN: a following word may look like one more group. */
function addIban(match: string, at: number, add: (kind: PiiKind, start: number, length: number) => void): void {
  for (let length = match.length; length >= 15; length--) {
    if (!isIban(match.slice(0, length).replace(/[ -]/g, ''))) continue;
    add('iban', at, length);
    return;
  }
}

function isIdHere(scheme: Scheme, written: string, before: string): boolean {
  if (!scheme.holds(written.replace(/[ .-]/g, ''))) return false;
  return !scheme.words || scheme.usual?.test(written) === true || scheme.words.test(before.slice(-60));
}

/** International numbers anywhere; national ones where a word announces a phone, or where they are written as phones are. */
function phonesIn(text: string): { start: number; end: number }[] {
  const spans = new Map<number, number>();
  for (const country of countries) {
    for (const { startsAt, endsAt, number } of findPhoneNumbersInText(text, { defaultCountry: country, extended: false })) {
      const written = text.slice(startsAt, endsAt);
      if (!isPhoneHere(written, text.slice(0, startsAt), number.isPossible())) continue;
      spans.set(startsAt, Math.max(endsAt, spans.get(startsAt) ?? 0));
    }
  }
  // Numbers in international form whose plan allows the length, though the range is not in use (films, examples).
  for (const m of text.matchAll(/(?<![A-Za-z\p{N}+])\+\d{1,3}(?:[ .-]?(?:\(\d{1,5}\)|\d{1,5})){2,6}(?![A-Za-z\p{N}])/gu))
    if (parsePhoneNumberFromString(m[0])?.isPossible() && !spans.has(m.index)) spans.set(m.index, m.index + m[0].length);
  return [...spans].map(([start, end]) => ({ start, end }));
}

function isPhoneHere(written: string, before: string, possible: boolean): boolean {
  if (!possible || numberWords.test(before.slice(-40))) return false;
  if (/^[+（(]*\+/.test(written) || /^00\d/.test(written)) return true;
  if (phoneWords.test(before.slice(-60))) return true;
  if (/[A-Z\d]{4} $/.test(before)) return false;
  return (
    /^\(\d{2,5}\) ?\d{3,5}[- ]?\d{3,5}$/.test(written) ||
    /^\d{3}[-.]\d{3}[-.]\d{4}$/.test(written) ||
    /^1[3-9]\d{9}$/.test(written) ||
    /^0\d(?:[ .-]\d\d){4}$/.test(written) ||
    /^0\d{2,5}[ /-]\d{3,8}(?: \d{2,4})?$/.test(written) ||
    /^1[3-9]\d[ -]\d{4}[ -]\d{4}$/.test(written)
  );
}

/** Whether a finding is an example that belongs to nobody: reserved domains, 555 numbers, counting digits, "Main Street, Anytown". */
export function isPlaceholder({ kind, text }: Pii): boolean {
  const bare = text.replace(/\D/g, '');
  if (kind === 'email')
    return (
      /@(?:[\w-]+\.)*(?:example\.\w+|test\.\w+|domain\.com|email\.com|yourdomain\.\w+|company\.com)$/i.test(text) ||
      /^(?:your|name@|user@|john\.?doe)/i.test(text)
    );
  if (kind === 'address') return /\b(?:Main|Elm) St(?:reet)?\b|Anytown/i.test(text);
  if (kind === 'phone') return /555/.test(bare) || /12345|^(\d)\1+$|0{5}/.test(bare);
  return /12345678|^(\d)\1+$|1{6}|0{6}/.test(bare);
}
