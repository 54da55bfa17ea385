import { oneOf, randomOf } from '../kit/random.ts';
import { card, D, type Draw, iban, L, nationalId, R, two } from './pii-made-numbers.ts';

/**
 * Made-up texts with labelled personal data, for measuring the detector. Shares no code with it: check digits are found by trying, against
 * definitions written anew here.
 */
export interface Labelled {
  readonly text: string;
  readonly spans: readonly { readonly kind: string; readonly text: string }[];
}
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
