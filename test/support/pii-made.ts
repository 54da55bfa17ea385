import { oneOf, randomOf } from '../../src/kit/random.ts';

/**
 * Made-up texts with labelled personal data, for measuring the detector. Shares no code with it: check digits are found by trying, against
 * definitions written anew here.
 */
export interface Labelled {
  readonly text: string;
  readonly spans: readonly { readonly kind: string; readonly text: string }[];
}
type Draw = () => number;
const R = (random: Draw, low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const D = (random: Draw, n: number): string => Array.from({ length: n }, () => R(random, 0, 9)).join('');
const L = (random: Draw, n: number, from = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'): string =>
  Array.from({ length: n }, () => oneOf([...from], random)).join('');
const cut = (text: string, ...sizes: number[]): string[] => {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return text.slice(at - size, at);
  });
};

const first =
  'Olivia,Noah,Amara,Mateusz,Giulia,Henrik,Priya,Carlos,Sophie,Yusuf,Ingrid,Declan,Beatriz,Tomasz,Chiara,Rohan,Élise,Jürgen,Siobhán,Nikolai,Fatou,Marek,Lucía,Anders'.split(
    ',',
  );
const last =
  'Whitaker,Nakamura,Kowalczyk,Ferrari,Johansson,Okonkwo,Schneider,Delacroix,Iyer,Moreno,McAllister,Petrović,O’Brien,Lindqvist,Bianchi,Ribeiro,Van Houten,Müller,Castellanos,Dubrovsky,Hargreaves,Santos'.split(
    ',',
  );
const zhNames = '李思远,王雨桐,张伟,陈美玲,刘志强,赵敏,欧阳静,黄俊杰,周婷,吴国栋,孙丽华,司马青,徐建军,高晓燕,林嘉怡,郭子轩'.split(',');
const hosts =
  'example.com,mail.brightwater.org,kestrel-labs.io,posteo.de,uni-heidelberg.de,orange.fr,correo.es,libero.it,wp.pl,uol.com.br,163.com,qq.com,sub.domain.co.uk,rediffmail.com,city.gov,studio.design'.split(
    ',',
  );
const plain = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase();

function email(r: Draw): string {
  const [a, b, h] = [plain(oneOf(first, r)), plain(oneOf(last, r)), oneOf(hosts, r)];
  const local = oneOf(
    [
      `${a}.${b}`,
      `${a[0]}${b}`,
      `${a}_${b}${R(r, 1, 99)}`,
      `${b}+shop`,
      `${a}-${b}`,
      `${a}${R(r, 1950, 2010)}`,
      `${a}.${b[0]}.${b}`,
      `"${a}${b}"`,
    ],
    r,
  );
  return r() < 0.08 ? `${a} (at) ${b} (dot) com` : r() < 0.15 ? `${local}@${h}`.toUpperCase().replace(/"/g, '') : `${local}@${h}`;
}

// National numbering plans, by hand: numbers in ranges that are in use or kept for fiction.
function phone(r: Draw): string {
  const us = `${oneOf(['212', '415', '617', '312', '206', '503', '713'], r)}-${R(r, 223, 989)}-${D(r, 4)}`.replace(/-(\d)11-/, '-$123-');
  const [area, mid, end] = us.split('-');
  return oneOf(
    [
      `(${area}) ${mid}-${end}`,
      us,
      `+1 ${area} ${mid} ${end}`,
      `+1-${us}`,
      `${area}.${mid}.${end}`,
      `+44 20 7946 0${D(r, 3)}`,
      `+44 7700 900${D(r, 3)}`,
      `020 7946 0${D(r, 3)}`,
      `07700 900${D(r, 3)}`,
      `+49 30 ${R(r, 200000, 899999)}${D(r, 2)}`,
      `+49 151 ${D(r, 8).replace(/^0/, '2')}`,
      `030 ${R(r, 20000000, 89999999)}`,
      `+33 6 ${R(r, 10, 79)} ${D(r, 2)} ${D(r, 2)} ${D(r, 2)}`,
      `01 4${D(r, 1)} ${D(r, 2)} ${D(r, 2)} ${D(r, 2)}`,
      `+86 13${R(r, 0, 9)} ${D(r, 4)} ${D(r, 4)}`,
      `13${R(r, 0, 9)}${D(r, 8)}`,
      `18${R(r, 0, 9)}-${D(r, 4)}-${D(r, 4)}`,
      `+34 61${D(r, 1)} ${D(r, 3)} ${D(r, 3)}`,
      `+39 347 ${D(r, 3)} ${D(r, 4)}`,
      `+55 11 9${R(r, 5000, 9999)}-${D(r, 4)}`,
      `+91 98${D(r, 3)} ${D(r, 5)}`,
      `+48 60${D(r, 1)} ${D(r, 3)} ${D(r, 3)}`,
    ],
    r,
  );
}

/** The doubled-digit sum as a table, and the last digit by trying. */
const doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
const luhnSum = (n: string): number =>
  [...n].reduceRight((sum, d, i) => sum + ((n.length - i) % 2 === 0 ? (doubled[+d] as number) : +d), 0);
const byTrying = (stem: string, ok: (whole: string) => boolean, tails: readonly string[]): string => {
  const tail = tails.find((t) => ok(stem + t));
  return tail === undefined ? '' : stem + tail;
};
const digits = [...'0123456789'];

function card(r: Draw): string {
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
function iban(r: Draw): string {
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

const two = (n: number): string => String(n).padStart(2, '0');
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
function nationalId(r: Draw): { lead: string; text: string } {
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

function address(r: Draw): string {
  const n = R(r, 1, 240);
  const English = ['Maple', 'Old Mill', 'Station', 'Kensington', 'Willow Creek', 'Jefferson', 'St. James', 'Birchwood'];
  return oneOf(
    [
      `${n} ${oneOf(English, r)} ${oneOf(['Street', 'Road', 'Avenue', 'Lane', 'Drive', 'Court'], r)}`,
      `${n} ${oneOf(English, r)} ${oneOf(['St', 'Rd', 'Ave', 'Blvd'], r)}, Apt ${R(r, 1, 40)}`,
      `${n} ${oneOf(English, r)} Road, ${oneOf(['Springfield', 'Portland', 'Dover'], r)}, ${oneOf(['IL', 'OR', 'DE', 'TX'], r)} ${R(r, 10001, 99950)}`,
      `P.O. Box ${R(r, 10, 9999)}`,
      `${oneOf(['Goethe', 'Linden', 'Bahnhof', 'Schiller'], r)}${oneOf(['straße', 'weg', 'platz', 'allee', 'str.'], r)} ${n}`,
      `${n} ${oneOf(['rue', 'avenue', 'boulevard', 'place'], r)} ${oneOf(['de la République', 'Victor Hugo', 'des Lilas', 'du Marché'], r)}`,
      `${oneOf(['Calle', 'Avenida', 'Plaza'], r)} ${oneOf(['Mayor', 'de la Paz', 'San Juan', 'del Sol'], r)} ${n}`,
      `${oneOf(['Via', 'Piazza', 'Corso'], r)} ${oneOf(['Garibaldi', 'Roma', 'della Libertà', 'San Marco'], r)} ${n}`,
      `${oneOf(['Rua', 'Travessa'], r)} ${oneOf(['das Flores', 'Augusta', 'do Carmo'], r)}, ${n}`,
      `ul. ${oneOf(['Długa', 'Piotrkowska', 'Nowy Świat'], r)} ${n}`,
      `${oneOf(['上海市浦东新区', '北京市海淀区', '广州市天河区', '成都市'], r)}${oneOf(['中山路', '长安街', '人民大道', '解放路', '文三路'], r)}${n}号${r() < 0.5 ? `${R(r, 1, 20)}栋${R(r, 101, 2506)}室` : ''}`,
      `${oneOf(['柳荫街', '和平里', '建设路', '春熙路'], r)}${n}号`,
    ],
    r,
  );
}

const person = (r: Draw): string => `${oneOf(first, r)} ${oneOf(last, r)}`;

type Made = { text: string; spans: { kind: string; text: string }[] };
const one = (kind: string, text: string, sentence: string): Made => ({ text: sentence.replace('{}', () => text), spans: [{ kind, text }] });

const makers: readonly ((r: Draw) => Made)[] = [
  (r) =>
    one(
      'email',
      email(r),
      oneOf(
        [
          'Please write to {} by Monday.',
          'From: {}',
          'Her address ({}) bounced.',
          'You can reach the office at {}, or come by.',
          '请发到{}。',
          'Contact {} for tickets!',
          '<{}> wrote:',
          'mailto:{}?',
        ],
        r,
      ),
    ),
  (r) =>
    one(
      'phone',
      phone(r),
      oneOf(
        [
          'Call me on {} after six.',
          'Phone: {}',
          'Tel. {}',
          'My mobile is {}.',
          'You can text {} any time.',
          '电话：{}',
          'Reach the desk at {}.',
          'Telefon {} (abends)',
        ],
        r,
      ),
    ),
  (r) =>
    one(
      'card',
      card(r),
      oneOf(
        [
          'My card number is {}.',
          'Visa {} exp 04/29',
          'Charge it to {}, please.',
          '卡号：{}',
          'card: {}; cvv 123',
          'She paid with {} yesterday.',
        ],
        r,
      ),
    ),
  (r) =>
    one(
      'iban',
      iban(r),
      oneOf(
        ['Transfer it to {}.', 'IBAN: {}', 'Konto {} bei der Sparkasse', 'Please refund {} today.', 'bank account {}, thanks', '账号 {}。'],
        r,
      ),
    ),
  (r) => {
    const { lead, text } = nationalId(r);
    return one('id', text, oneOf([`${lead}: {}`, `My ${lead} is {}.`, `(${lead} {})`, `${lead} no. {}, valid`, `${lead}：{}。`], r));
  },
  (r) =>
    one(
      'address',
      address(r),
      oneOf(
        [
          'She lives at {}.',
          'Address: {}',
          'Send the parcel to {}, please.',
          'The shop at {} is closed.',
          '地址：{}。',
          'We moved from {} last year.',
        ],
        r,
      ),
    ),
  (r) =>
    one(
      'name',
      person(r),
      oneOf(
        [
          'My name is {}.',
          'Patient: {}',
          'Please contact {} for the keys.',
          'Dear {}, thank you for the letter.',
          'Name: {}',
          'Customer: {}',
          'Kind regards, {}',
          '{}, born on 3 May 1980, was admitted.',
        ],
        r,
      ),
    ),
  (r) => one('name', oneOf(zhNames, r), oneOf(['我叫{}。', '姓名：{}', '联系人：{}', '患者{}，男，四十岁。', '收件人：{}。'], r)),
  (r) =>
    one(
      'name',
      oneOf(last, r),
      oneOf(['I spoke with Mr {} today.', 'Dr. {} will see you now.', 'Mrs {} has the room.', 'Thank Professor {} for me.'], r),
    ),
];

/** Texts with numbers and words that look personal and are not. */
const harmless: readonly ((r: Draw) => string)[] = [
  (r) => `The invoice number is ${R(r, 10000000, 99999999)}.`,
  (r) => `Order ${D(r, 12)} was shipped on ${R(r, 1, 28)}/0${R(r, 1, 9)}/2023.`,
  (r) => `Version ${R(r, 1, 9)}.${R(r, 0, 20)}.${R(r, 0, 99)} fixes ${R(r, 2, 60)} bugs.`,
  (r) => `The server at 192.168.${R(r, 0, 255)}.${R(r, 1, 254)} did not answer on port ${R(r, 1024, 65535)}.`,
  (r) => `In ${R(r, 1500, 1990)} the town had ${R(r, 1000, 900000)} people and ${R(r, 2, 60)} churches.`,
  (r) => `ISBN 978-${R(r, 0, 9)}-${R(r, 100, 999)}-${R(r, 10000, 99999)}-${R(r, 0, 9)} is out of print.`,
  (r) => `The result is ${(r() * 1000).toFixed(8)} and the error ${(r() / 1000).toExponential(3)}.`,
  (r) => `Follow us at @${plain(oneOf(first, r))}_${R(r, 1, 99)} and use #${plain(oneOf(last, r))}.`,
  (r) => `Meet me at the ${oneOf(['station', 'corner', 'old mill', 'library'], r)} at ${R(r, 7, 21)}:${two(R(r, 0, 59))}.`,
  (r) => `The coordinates are ${R(r, -80, 80)}.${D(r, 5)}, ${R(r, -170, 170)}.${D(r, 5)}.`,
  (r) => {
    const bad = card(r).replace(/\d$/, (d) => String((+d + 1 + R(r, 0, 7)) % 10));
    return `A number such as ${bad} has a wrong check digit.`;
  },
  (r) => `A false account, ${iban(r).replace(/^(..)(\d\d)/, (_, c: string, d: string) => c + two((+d + 1) % 97))}, is refused by the bank.`,
  (r) => `Parcel ${L(r, 2)}${D(r, 9)}${L(r, 2)} is on its way.`,
  (r) => `Multiply ${D(r, 4)} by ${D(r, 3)} and you get about ${R(r, 100000, 9999999)}.`,
  (r) =>
    `${oneOf(['Romeo and Juliet', 'The Old Man and the Sea', 'Moby-Dick'], r)} has ${R(r, 3, 40)} chapters and was read ${R(r, 2, 9)} times on Baker Street.`,
  (r) => `The ${oneOf(['Second', 'Third', 'Fourth'], r)} Avenue line opens in ${R(r, 2, 9)} stations and ${R(r, 10, 40)} minutes.`,
  (r) => `The museum has ${R(r, 2, 9)} floors, ${R(r, 10, 99)} rooms and ${R(r, 1000, 9999)} paintings.`,
  (r) => `订单编号${D(r, 14)}，共${R(r, 2, 30)}件，${R(r, 2, 28)}日发货。`,
  (r) => `这条路全长${R(r, 2, 90)}公里，每天有${R(r, 1000, 90000)}辆车经过。`,
  (r) => `Set x = ${R(r, 1, 99)}, y = ${R(r, 1, 99)}; the array is [${R(r, 100, 999)}, ${R(r, 100, 999)}, ${R(r, 1000, 9999)}].`,
  (r) => `The part ${L(r, 3)}-${D(r, 4)}-${L(r, 2)} costs $${R(r, 1, 900)}.${two(R(r, 0, 99))}.`,
  (r) => `On Monday the Bank of England moved the rate from ${R(r, 1, 4)}.${two(R(r, 0, 75))} to ${R(r, 1, 5)}.25 per cent.`,
];

/** `count` texts: three in five hold one or two pieces of personal data, the others none. */
export function madeTexts(count: number, seed: string): Labelled[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, i) => {
    if (i % 5 >= 3) return { text: (harmless[R(random, 0, harmless.length - 1)] as (r: Draw) => string)(random), spans: [] };
    const parts = [(makers[i % makers.length] as (typeof makers)[number])(random)];
    if (random() < 0.3) parts.push((makers[R(random, 0, makers.length - 1)] as (typeof makers)[number])(random));
    if (random() < 0.3) parts.unshift({ text: (harmless[R(random, 0, harmless.length - 1)] as (r: Draw) => string)(random), spans: [] });
    return { text: parts.map((p) => p.text).join('\n'), spans: parts.flatMap((p) => p.spans) };
  });
}
