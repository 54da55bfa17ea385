/** Numbers with a check: payment cards, bank accounts and the personal numbers of ten countries. All take a text without separators. */

const digitsOf = (text: string): number[] => [...text].map(Number);

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** ISO/IEC 7812: every second digit from the right doubled. */
export function luhn(digits: string): boolean {
  if (!/^\d+$/.test(digits)) return false;
  const total = sum(
    digitsOf(digits)
      .reverse()
      .map((d, i) => (i % 2 === 0 ? d : d > 4 ? 2 * d - 9 : 2 * d)),
  );
  return total % 10 === 0;
}

/** A payment card: 13–19 digits, a known issuer's first digits, Luhn, not one digit repeated. */
export function isCard(digits: string): boolean {
  return (
    /^(?:4\d{12}(?:\d{3})?(?:\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17})$/.test(
      digits,
    ) &&
    !/^(\d)\1+$/.test(digits) &&
    luhn(digits)
  );
}

/** Lengths of the national formats (SWIFT IBAN registry). */
export const ibanLengths: Readonly<Record<string, number>> = Object.fromEntries(
  'AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GR27 HR21 HU28 IE22 IL23 IS26 IT27 LI21 LT20 LU20 LV21 MT31 NL18 NO15 PL28 PT25 RO24 SA24 SE24 SI19 SK24 TR26 AE23 BR29'
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** ISO 13616: the country's length, and the number with its head moved to the end is 1 modulo 97. */
export function isIban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]+$/.test(text) || ibanLengths[text.slice(0, 2)] !== text.length) return false;
  const turned = text.slice(4) + text.slice(0, 4);
  return modulo([...turned].map((c) => (/\d/.test(c) ? c : String(c.charCodeAt(0) - 55))).join(''), 97) === 1;
}

function modulo(digits: string, by: number): number {
  let rest = 0;
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % by;
  return rest;
}

const isDate = (year: number, month: number, day: number): boolean => {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
};

/** China: 18 characters, a birth date, ISO 7064 mod 11-2 (GB 11643-1999). */
export function isChineseId(text: string): boolean {
  if (!/^[1-8]\d{16}[\dXx]$/.test(text)) return false;
  const year = Number(text.slice(6, 10));
  if (year < 1900 || year > 2100 || !isDate(year, Number(text.slice(10, 12)), Number(text.slice(12, 14)))) return false;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const rest = sum(digitsOf(text.slice(0, 17)).map((d, i) => d * (weights[i] as number))) % 11;
  return '10X98765432'[rest] === text.slice(17).toUpperCase();
}

/** United States: the Social Security Administration's rules of structure (there is no check digit). */
export const isAmericanId = (digits: string): boolean => /^(?!000|666|9\d\d)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(digits);

/** United Kingdom: National Insurance number, by its rules of structure (HMRC NIM39110). */
export const isBritishId = (text: string): boolean => /^(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$/i.test(text);

/** Germany: tax identification number, 11 digits, one digit twice or thrice among the first ten, ISO 7064 mod 11,10. */
export function isGermanId(digits: string): boolean {
  if (!/^[1-9]\d{10}$/.test(digits)) return false;
  const repeated = [...'0123456789'].map((d) => digits.slice(0, 10).split(d).length - 1).filter((n) => n > 1);
  if (repeated.length !== 1 || (repeated[0] as number) > 3) return false;
  let product = 10;
  for (const d of digitsOf(digits.slice(0, 10))) product = (((d + product) % 10 || 10) * 2) % 11;
  return (11 - product) % 10 === Number(digits[10]);
}

/** France: social security number, 13 characters and a key, 97 − number mod 97 (Corsica's 2A and 2B as 19 and 18). */
export function isFrenchId(text: string): boolean {
  if (!/^[12]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d{2}|2[ABab])\d{8}$/.test(text)) return false;
  const number = text.slice(0, 13).replace(/2A/i, '19').replace(/2B/i, '18');
  return 97 - modulo(number, 97) === Number(text.slice(13));
}

/** Spain: DNI, eight digits and a letter (modulo 23); NIE with X, Y or Z for 0, 1 or 2. */
export function isSpanishId(text: string): boolean {
  if (!/^[XYZ\d]\d{7}[A-Z]$/i.test(text)) return false;
  const digits = text.slice(0, 8).replace(/^[XYZ]/i, (letter) => String('XYZ'.indexOf(letter.toUpperCase())));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(digits) % 23] === text.slice(8).toUpperCase();
}

const italianOdd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** Italy: codice fiscale, 16 characters with a check letter (D.M. 23/12/1976). */
export function isItalianId(text: string): boolean {
  const code = text.toUpperCase();
  if (!/^[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]$/.test(code)) return false;
  const total = sum(
    [...code.slice(0, 15)].map((c, i) => {
      const value = /\d/.test(c) ? Number(c) : c.charCodeAt(0) - 65;
      return i % 2 === 0 ? (italianOdd[value] as number) : value;
    }),
  );
  return String.fromCharCode(65 + (total % 26)) === code[15];
}

/** Brazil: CPF, two check digits modulo 11. */
export function isBrazilianId(digits: string): boolean {
  if (!/^\d{11}$/.test(digits) || /^(\d)\1+$/.test(digits)) return false;
  const check = (count: number): number => {
    const rest = sum(digitsOf(digits.slice(0, count)).map((d, i) => d * (count + 1 - i))) % 11;
    return rest < 2 ? 0 : 11 - rest;
  };
  return check(9) === Number(digits[9]) && check(10) === Number(digits[10]);
}

const verhoeffTurn = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/** The product of the dihedral group D5, the permutation applied place by place (Verhoeff 1969). */
function verhoeff(digits: string): boolean {
  let check = 0;
  for (const [i, digit] of [...digits].reverse().entries()) {
    let p = Number(digit);
    for (let k = 0; k < i % 8; k++) p = verhoeffTurn[p] as number;
    check = check < 5 ? (p < 5 ? (check + p) % 5 : ((check + p) % 5) + 5) : p < 5 ? ((check - p + 5) % 5) + 5 : (check - p + 10) % 5;
  }
  return check === 0;
}

/** India: Aadhaar, 12 digits, not beginning with 0 or 1, Verhoeff. */
export const isIndianId = (digits: string): boolean => /^[2-9]\d{11}$/.test(digits) && verhoeff(digits);

/** Poland: PESEL, a birth date (the century in the month) and a weighted check digit. */
export function isPolishId(digits: string): boolean {
  if (!/^\d{11}$/.test(digits)) return false;
  const month = Number(digits.slice(2, 4));
  const century = [1900, 2000, 2100, 2200, 1800][Math.floor(month / 20)];
  if (century === undefined || !isDate(century + Number(digits.slice(0, 2)), month % 20, Number(digits.slice(4, 6)))) return false;
  const weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3];
  const total = sum(digitsOf(digits.slice(0, 10)).map((d, i) => d * (weights[i] as number)));
  return (10 - (total % 10)) % 10 === Number(digits[10]);
}
