/** Personal data told by words: postal addresses and names. Each pattern's whole match, or its group `found`, is the finding. */

const cap = "\\p{Lu}[\\p{L}'’.-]*";
const few = (unit: string, most: number): string => `${unit}(?: ${unit}){0,${most - 1}}`;
const number = '\\d{1,5}(?:[ -]?[A-Da-d])?(?![\\p{L}\\p{N}])';

const englishStreet =
  'Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Close|Way|Place|Pl|Square|Sq|Terrace|Crescent|Gardens|Grove|Hill|Row|Walk|Mews|Parkway|Pkwy|Highway|Hwy|Rise|Parade|Circle|Cir|Trail';
const americanStates =
  'AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC';
const unit = '(?:,? (?:Apt\\.?|Apartment|Flat|Suite|Ste\\.?|Unit|#) ?[\\w-]+)?';
const particles = '(?:de|du|des|la|le|les|del|della|delle|dei|di|los|las|el|da|do|dos|das|van|den|der|am|an|zum|zur)';
const romanceWord = `(?:${particles} |l['’]|d['’]|dell['’])*${cap}`;

/** Addresses: English-speaking, German, French, Spanish, Italian, Portuguese, Dutch, Polish and Chinese forms. */
export const addressPatterns: readonly RegExp[] = [
  new RegExp(
    `(?<![\\p{L}\\p{N}.,/-])\\d{1,5}[A-Da-d]?,? (?:(?:North|South|East|West|N\\.?|S\\.?|E\\.?|W\\.?) )?(?:${few(cap, 3)} |\\d{1,3}(?:st|nd|rd|th) )(?:${englishStreet})(?![\\p{L}])\\.?${unit}(?:,? ${few(cap, 3)})?(?:,? (?:${americanStates}))?(?:,? (?:\\d{5}(?:-\\d{4})?|[A-Z]{1,2}\\d[A-Z\\d]? \\d[A-Z]{2}))?(?![\\p{L}\\p{N}])`,
    'gu',
  ),
  /(?<![\p{L}\p{N}])(?:P\.? ?O\.? Box|Postfach|Apartado|Casella postale) \d{1,6}(?![\p{L}\p{N}])/giu,
  new RegExp(
    `(?<![\\p{L}])(?:${cap} )?\\p{Lu}[\\p{L}-]*(?:straße|strasse|str\\.|weg|gasse|allee|platz|damm|ufer|ring|straat|gracht|laan|plein|kade) ${number}`,
    'gu',
  ),
  new RegExp(`(?<![\\p{L}])(?:Am|An der|Im|In der|Auf der|Zum|Zur|Unter den) ${few(cap, 2)} \\d{1,4}[a-d]?(?=,? \\d{5} \\p{Lu})`, 'gu'),
  new RegExp(
    `(?<![\\p{L}\\p{N}])\\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|place|quai|chemin|impasse|allée|cours|route) ${few(romanceWord, 4)}`,
    'gu',
  ),
  new RegExp(
    `(?<![\\p{L}])(?:[Cc]alle|C/|[Aa]venida|Avda\\.?|[Pp]laza|[Pp]aseo|[Cc]amino|[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|[Vv]icolo|[Rr]ua|[Tt]ravessa|[Pp]raça|[Uu]l\\.|[Uu]lica|[Aa]l\\.) ?${few(romanceWord, 4)},? (?:n\\.? ?[ºo°]? ?)?${number}`,
    'gu',
  ),
  /(?:[\p{Script=Han}]{2,8}(?:省|市|自治区))?(?:[\p{Script=Han}]{1,8}(?:市|区|县|镇|乡))*[\p{Script=Han}]{1,8}?(?:路|街|巷|道|胡同|弄|里|村)(?:[\p{Script=Han}]{0,3}段)?\d{1,5}(?:号|弄)(?:院|楼)?(?:[\p{Script=Han}\d]{0,6}(?:栋|幢|座|号楼|单元))*(?:\d{1,5}(?:室|号))?/gu,
];

const person = `${cap}(?: (?:${particles}|${cap}|bin|ibn|al|von)){0,3}(?<=\\p{L})`;
const fullName = `\\p{Lu}[\\p{L}'’-]+(?: (?:\\p{Lu}\\.|${particles}|von|bin|al|\\p{Lu}[\\p{L}'’-]+)){0,2} \\p{Lu}[\\p{L}'’-]+`;
const surnames =
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤';
const compound = '欧阳|司马|上官|诸葛|夏侯|东方|皇甫|尉迟';
const chineseName = `(?:${compound}|[${surnames}])[\\p{Script=Han}]{1,2}`;

/** Names where the words around them say that a person is named. */
export const namePatterns: readonly RegExp[] = [
  new RegExp(
    `(?<![\\p{L}])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Madam|Dame|Herr|Frau|Monsieur|Madame|Señor|Señora|Signor|Signora|Sra?\\.?)\\.? (?<found>${person})`,
    'gu',
  ),
  new RegExp(
    `(?<![\\p{L}])(?:[Mm]y name is|[Mm]y name's|[Nn]ame's|[Ii] am called|[Tt]his is|[Cc]all me|[Ii] am|[Ii]'m) (?<found>${fullName})`,
    'gu',
  ),
  new RegExp(
    `(?<![\\p{L}])(?:[Nn]ame|NAME|[Ff]ull [Nn]ame|[Cc]ontact(?: [Pp]erson)?|[Aa]ttn\\.?|[Aa]ttention|[Pp]atient|[Cc]ustomer|[Ee]mployee|[Aa]ccount [Hh]older|[Cc]ardholder|[Rr]ecipient|[Ss]ender|[Ss]igned|[Ii]ssued to|[Bb]illed to|[Nn]om|[Nn]ombre|[Nn]ome)\\s*[:\\uff1a]\\s*(?<found>${fullName})`,
    'gu',
  ),
  new RegExp(
    `(?<![\\p{L}])(?:[Cc]ontact|[Cc]all|[Ee]mail|[Pp]hone|[Aa]sk for|[Ss]peak to|[Ss]peak with|[Mm]et with|[Ww]rite to|[Rr]each|[Pp]atient|[Cc]ustomer|[Tt]enant|[Ee]mployee|named) (?<found>${fullName})`,
    'gu',
  ),
  new RegExp(
    `(?<![\\p{L}])(?:Dear|Hello|Hi|[Rr]egards,|[Ss]incerely,|[Yy]ours,|[Bb]est,|[Ll]ove,|[Cc]heers,|[Tt]hanks,) ?\\n?(?<found>${fullName})`,
    'gu',
  ),
  new RegExp(
    `(?<![\\p{L}])(?<found>${fullName})(?=,? (?:born on|born in|who lives at|lives at|residing at|can be reached|aged \\d|\\(born|<[\\w.]+@))`,
    'gu',
  ),
  new RegExp(
    `(?:我叫|我是|名叫|名字是|姓名|联系人|收件人|收货人|寄件人|患者|客户|员工|户主|持卡人|申请人|签名)(?:是|为|叫)?\\s*[:\\uff1a]?\\s*(?<found>${chineseName})(?![\\p{Script=Han}]{4})`,
    'gu',
  ),
  new RegExp(`(?<found>(?:${compound}|[${surnames}])[\\p{Script=Han}]{0,2})(?=先生|女士|小姐|老师|医生|经理|主任|同学|师傅|教授)`, 'gu'),
];
