import { oneOf } from '../kit/random.ts';

/** Numbers that people carry, made up to their standards: check digits are found by trying, against definitions written anew here. */
export type Draw = () => number;
export const R = (random: Draw, low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
export const D = (random: Draw, n: number): string => Array.from({ length: n }, () => R(random, 0, 9)).join('');
export const L = (random: Draw, n: number, from = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'): string =>
  Array.from({ length: n }, () => oneOf([...from], random)).join('');
export const cut = (text: string, ...sizes: number[]): string[] => {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return text.slice(at - size, at);
  });
};

const doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
const luhnSum = (n: string): number =>
  [...n].reduceRight((sum, d, i) => sum + ((n.length - i) % 2 === 0 ? (doubled[+d] as number) : +d), 0);
const byTrying = (stem: string, ok: (whole: string) => boolean, tails: readonly string[]): string => {
  const tail = tails.find((t) => ok(stem + t));
  return tail === undefined ? '' : stem + tail;
};
const digits = [...'0123456789'];

export function card(r: Draw): string {
  const [head, length] = oneOf(
    [
      ['4', 16],
      ['51', 16],
      ['55', 16],
      ['2221', 16],
      ['37', 15],
      ['34', 15],
      ['6011', 16],
      ['3566', 16],
      ['36', 14],
      ['622848', 19],
    ] as [string, number][],
    r,
  );
  const number = byTrying(head + D(r, length - head.length - 1), (n) => luhnSum(n) % 10 === 0, digits);
  if (r() < 0.35) return number;
  const mark = r() < 0.7 ? ' ' : '-';
  if (length === 15) return cut(number, 4, 6, 5).join(mark);
  if (length === 14) return cut(number, 4, 6, 4).join(mark);
  return (number.match(/\d{1,4}/g) ?? []).join(mark);
}

const big97 = (text: string): bigint => BigInt([...text].map((c) => Number.parseInt(c, 36)).join('')) % 97n;
export function iban(r: Draw): string {
  const [country, bban] = oneOf(
    [
      ['DE', D(r, 18)],
      ['GB', `${L(r, 4)}${D(r, 14)}`],
      ['FR', D(r, 23)],
      ['ES', D(r, 20)],
      ['IT', `${L(r, 1)}${D(r, 22)}`],
      ['NL', `${L(r, 4)}${D(r, 10)}`],
      ['PL', D(r, 24)],
      ['CH', D(r, 17)],
      ['AT', D(r, 16)],
      ['BE', D(r, 12)],
      ['PT', D(r, 21)],
      ['SE', D(r, 20)],
    ] as [string, string][],
    r,
  );
  const checks = Array.from({ length: 97 }, (_, i) => String(i + 2).padStart(2, '0'));
  const check = checks.find((c) => big97(bban + country + c) === 1n) ?? '';
  const whole = `${country}${check}${bban}`;
  return r() < 0.4 ? whole : (whole.match(/.{1,4}/g) ?? []).join(' ');
}

export const two = (n: number): string => String(n).padStart(2, '0');
/** Multiplication and permutation tables of the Verhoeff scheme as published. */
const vd = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const vp = ['0123456789', '1576283094', '5803796142', '8916043527', '9453126870', '4286573901', '2793806415', '7046913258'];
const verhoeffZero = (n: string): boolean =>
  [...n].reverse().reduce((c, d, i) => +(vd[c]?.[+(vp[i % 8]?.[+d] as string)] as string), 0) === 0;

function germanTax(r: Draw): string {
  for (;;) {
    const ten = [...L(r, 10, '0123456789')];
    const kinds = new Set(ten).size;
    const most = Math.max(...digits.map((d) => ten.filter((t) => t === d).length));
    if (ten[0] === '0' || !((kinds === 9 && most === 2) || (kinds === 8 && most === 3))) continue;
    let p = 10;
    for (const d of ten) {
      let s = (+d + p) % 10;
      if (s === 0) s = 10;
      p = (2 * s) % 11;
    }
    const check = 11 - p === 10 ? 0 : 11 - p;
    return ten.join('') + check;
  }
}

function italian(r: Draw): string {
  // Values at odd places as published: 0–9, then A–Z, the first ten alike.
  const values = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
  const odd = Object.fromEntries(
    values.flatMap((v, i) =>
      i < 10
        ? [
            [String(i), v],
            [String.fromCharCode(65 + i), v],
          ]
        : [[String.fromCharCode(65 + i), v]],
    ),
  );
  const stem = `${L(r, 3, 'BCDFGLMNPRSTVZ')}${L(r, 3, 'BCDFGLMNPRSTVZ')}${D(r, 2)}${L(r, 1, 'ABCDEHLMPRST')}${two(R(r, 1, 28) + (r() < 0.5 ? 40 : 0))}${L(r, 1, 'ABCDEFGHIL')}${D(r, 3)}`;
  const sum = [...stem].reduce((s, c, i) => s + (i % 2 === 0 ? (odd[c] as number) : /\d/.test(c) ? +c : c.charCodeAt(0) - 65), 0);
  return stem + String.fromCharCode(65 + (sum % 26));
}

/** A number and words that say what it is, which some schemes need. */
export function nationalId(r: Draw): { lead: string; text: string } {
  const birth = [R(r, 1950, 2005), R(r, 1, 12), R(r, 1, 28)] as const;
  switch (R(r, 0, 9)) {
    case 0: {
      const stem = `${oneOf(['110105', '310115', '440304', '510104', '330106'], r)}${birth[0]}${two(birth[1])}${two(birth[2])}${D(r, 3)}`;
      const ok = (n: string) => [...n].reduce((s, c, i) => s + (c === 'X' ? 10 : +c) * (2 ** (17 - i) % 11), 0) % 11 === 1;
      return { lead: r() < 0.5 ? '身份证号' : 'ID', text: byTrying(stem, ok, [...digits, 'X']) };
    }
    case 1:
      return { lead: 'SSN', text: `${R(r, 100, 665)}-${two(R(r, 1, 99))}-${R(r, 1000, 9999)}` };
    case 2: {
      const n = [`${L(r, 1, 'ABCEHJKLMPRSTW')}${L(r, 1, 'ABCEHJLMPRSWXY')}`, D(r, 2), D(r, 2), D(r, 2), L(r, 1, 'ABCD')];
      return { lead: 'National Insurance number', text: n.join(r() < 0.5 ? ' ' : '') };
    }
    case 3: {
      const n = germanTax(r);
      return { lead: 'Steuer-ID', text: r() < 0.5 ? n : cut(n, 2, 3, 3, 3).join(' ') };
    }
    case 4: {
      const stem = `${R(r, 1, 2)}${D(r, 2)}${two(birth[1])}${two(R(r, 1, 95))}${D(r, 6)}`.replace(/20(?=\d{6}$)/, '21');
      const key = two(97 - Number(BigInt(stem) % 97n));
      return { lead: 'numéro de sécurité sociale', text: r() < 0.5 ? stem + key : `${cut(stem, 1, 2, 2, 2, 3, 3).join(' ')} ${key}` };
    }
    case 5: {
      const n = R(r, 10000000, 99999999);
      const letter = 'TRWAGMYFPDXBNJZSQVHLCKE'[n % 23];
      return { lead: 'DNI', text: r() < 0.7 ? `${n}${letter}` : `${n}-${letter}` };
    }
    case 6:
      return { lead: 'codice fiscale', text: italian(r) };
    case 7: {
      const nine = [...D(r, 9)].map(Number);
      const check = (of: number[]) => {
        const s = of.reduce((sum, d, i) => sum + d * (of.length + 1 - i), 0);
        return ((s * 10) % 11) % 10;
      };
      const ten = [...nine, check(nine)];
      const n = [...ten, check(ten)].join('');
      return { lead: 'CPF', text: r() < 0.6 ? `${cut(n, 3, 3, 3).join('.')}-${n.slice(9)}` : n };
    }
    case 8: {
      const n = byTrying(`${R(r, 2, 9)}${D(r, 10)}`, verhoeffZero, digits);
      return { lead: 'Aadhaar', text: r() < 0.6 ? cut(n, 4, 4, 4).join(' ') : n };
    }
    default: {
      const stem = `${two(birth[0] % 100)}${two(birth[1] + (birth[0] >= 2000 ? 20 : 0))}${two(birth[2])}${D(r, 4)}`;
      const ok = (n: string) => [...n].reduce((s, c, i) => s + +c * ([1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1][i] as number), 0) % 10 === 0;
      return { lead: 'PESEL', text: byTrying(stem, ok, digits) };
    }
  }
}
