/** Seeded, pure perturbations of Chinese text that a reader undoes at once. Digits, number characters and negations are never touched. */
import type { Perturbation } from './perturb.ts';
import { oneOf, randomOf, shuffled } from './random.ts';

const fixed = new Set([...'不没無无未非别莫勿否毋零〇一二三四五六七八九十百千万亿两半几第双负正反多少']);

/** Whether a character carries a number or a negation. */
export const bearsMeaningZh = (character: string): boolean => fixed.has(character) || /\p{N}/u.test(character);

/** Pairs written next to each other: a character and one that can be mistaken for it. */
const tableOf = (pairs: string): ReadonlyMap<string, string> =>
  new Map(
    pairs
      .split(' ')
      .flatMap((pair) => (bearsMeaningZh(pair[0] ?? '') || bearsMeaningZh(pair[1] ?? '') ? [] : [[pair[0] ?? '', pair[1] ?? ''] as const])),
  );

/** Same or nearly same sound, as input methods confuse them. */
const sameSound = tableOf(
  '的得 得的 在再 是事 哪那 用拥 做作 作做 像象 已以 动洞 物务 常长 颜言 主住 个各 为位 里理 会汇 到道 因音 年粘 月越 市事 城成 国果 家加 最醉 名明 字自 ' +
    '学雪 师狮 水睡 火伙 食实 喜洗 欢换 写些 诗师 者这 发法 首手 座坐 河和 高糕 冬东 夏下 热惹 种重 生声 活火 靠考 身生 体替 部布 分纷 该改 带代 夹加 ' +
    '坏怀 门们 灯登 屋乌 味位 原员 料廖 节结 时实 叫较 条调 边编 谁水 教叫 病并 负付 责则 开凯 飞非 机鸡 阳羊 植值 吸希 气汽 化话 落洛 力利 球求 空控 ' +
    '中钟 量良 作坐 般班 统通 皇黄 帝地 改该 进近 战站 争挣 哪拿 系细 行形 星兴 示是 份分 和合 剩盛 由有',
);

/** Alike to the eye, as scanners confuse them. */
const sameShape = tableOf(
  '人入 大太 日曰 土士 天夭 木本 目自 田由 王玉 白自 今令 氏民 贝见 鸟乌 风凤 刀力 午牛 问间 体休 住往 渴喝 清请 情晴 菜莱 拨拔 折拆 栽裁 辛幸 候侯 ' +
    '活话 哪娜 植值 温湿 太大 本木 间问 往住 请清 晴情 话活 鸡鸣 狗狥 冰沐 水永 来米 米来 末木 东车 车东 主王 玉王 己已 已己 季李 李季 牛午 老考 ' +
    '治冶 睛晴 摸模 城域 域城 池地 地池 进逃 远运 运远 师帅 帅师 历厉 圆园 园圆 重里 里重 字宇 字学 月目 用甩 肉内 内肉 句旬 名各 各名 早旱 ' +
    '种秤 竹行 毛手 手毛 厂广 广厂 叶计 叫叶 只兄 卖买 气乞 飞习 习飞',
);

const traditional = tableOf(
  '么麼 们們 国國 这這 来來 时時 个個 说說 为為 会會 学學 过過 对對 长長 动動 种種 东東 车車 鱼魚 鸟鳥 马馬 见見 书書 写寫 颜顏 发發 红紅 绿綠 黄黃 体體 开開 门門 ' +
    '闻聞 听聽 读讀 语語 诗詩 谁誰 岁歲 气氣 热熱 树樹 叶葉 医醫 师師 农農 厂廠 飞飛 机機 电電 灯燈 钟鐘 边邊 头頭 脑腦 脏臟 节節 饭飯 汤湯 历歷 战戰 争爭 当當 与與 ' +
    '从從 还還 让讓 应應 该該 带帶 习習 样樣 处處 业業 于於 离離 远遠 运運 输輸 进進 总總 称稱 阳陽 阴陰 陆陸 龙龍 华華 汉漢 声聲 乐樂 画畫 员員 间間 问問 题題 条條 ' +
    '丝絲 线線 纸紙 笔筆 买買 卖賣 钱錢 铁鐵 银銀 钥鑰 锁鎖 积積 极極 单單 连連 后後 里裡 复復 给給 经經 结結 线線 级級 练練 终終 组組 统統 续續 维維 现現 场場 块塊 ' +
    '坏壞 声聲 备備 复複 头頭 夹夾 关關 类類 兴興 养養 写寫 军軍 冻凍 决決 则則 刚剛 创創 务務 劳勞 势勢 区區 卫衛 却卻 参參 变變 号號 员員 响響 图圖 圆圓 团團 围圍',
);

function inCharacters(text: string, seed: number | string, table: ReadonlyMap<string, string>, rate: number): string {
  const random = randomOf(seed);
  const characters = [...text];
  const able = characters.flatMap((c, i) => (table.has(c) && !bearsMeaningZh(c) ? [i] : []));
  const count = Math.max(1, Math.round(able.length * rate));
  for (const i of shuffled(able, random).slice(0, count)) characters[i] = table.get(characters[i] ?? '') ?? '';
  return characters.join('');
}

/** Characters of the same sound, as an input method slips: a quarter of those that have one. */
export const homophonesZh: Perturbation = (text, seed, options = {}) => inCharacters(text, seed, sameSound, options.rate ?? 0.25);

/** Characters that look alike, as a scanner slips. */
export const shapesZh: Perturbation = (text, seed, options = {}) => inCharacters(text, seed, sameShape, options.rate ?? 0.5);

/** Simplified characters in their traditional form, all that the table knows. */
export const traditionalZh: Perturbation = (text, seed, options = {}) => inCharacters(text, seed, traditional, options.rate ?? 1);

/** Blanks put between characters (never beside a number or a negation), and a question mark of the other width. */
export const spacingZh: Perturbation = (text, seed, options = {}) => {
  const random = randomOf(seed);
  const characters = [...text];
  const spaced = characters.map((c, i) => {
    const next = characters[i + 1];
    const stays =
      next === undefined || bearsMeaningZh(c) || bearsMeaningZh(next) || !/\p{Script=Han}/u.test(c) || !/\p{Script=Han}/u.test(next);
    return !stays && random() < (options.rate ?? 0.35) ? `${c} ` : c;
  });
  return spaced.join('').replace(/\uff1f/g, '?');
};

/** Characters and the Kangxi radical that looks the same, as text copied out of PDF files holds them. */
const lookAlikes: ReadonlyMap<string, string> = new Map(
  (
    '人\u2f08 大\u2f24 日\u2f47 水\u2f54 山\u2f2d 月\u2f49 木\u2f4a 火\u2f55 土\u2f1f 女\u2f25 子\u2f26 心\u2f3c 手\u2f3f 口\u2f1d 目\u2f6c 田\u2f65 石\u2f6f 米\u2f76 竹\u2f75 羊\u2f7a 耳\u2f7f 肉\u2f81 色\u2f8a 虫\u2f8d 血\u2f8e 行\u2f8f ' +
    '衣\u2f90 言\u2f94 豆\u2f96 足\u2f9c 身\u2f9d 金\u2fa6 雨\u2fac 青\u2fad 食\u2fb7 首\u2fb8 香\u2fb9 骨\u2fbb 高\u2fbc 鬼\u2fc1 鹿\u2fc5 黑\u2fca 鼠\u2fcf 鼻\u2fd0 小\u2f29 方\u2f45 气\u2f53 牙\u2f5b 牛\u2f5c 玉\u2f5f 瓜\u2f60 生\u2f63 用\u2f64 白\u2f69 皮\u2f6a ' +
    '立\u2f74 老\u2f7c 而\u2f7d 舌\u2f86 里\u2fa5 面\u2faf 音\u2fb3 风\u2edb 飞\u2edc 马\u2ee2 鱼\u2ee5 鸟\u2ee6 长\u2ed3 门\u2ed4 车\u2ecb 见\u2ec5 工\u2f2f 力\u2f12 入\u2f0a 又\u2f1c 文\u2f42 比\u2f50 毛\u2f51 父\u2f57 自\u2f84 至\u2f85'
  )
    .split(' ')
    .map((pair) => [pair[0] ?? '', pair[1] ?? ''] as const)
    .filter(([character]) => !bearsMeaningZh(character)),
);
const plain = new Map([...lookAlikes].map(([a, b]) => [b, a]));

/** Characters replaced by radicals of the same look (U+2F00–2FD5): equal to the eye, other code points. */
export const homoglyphsZh: Perturbation = (text, seed, options = {}) => inCharacters(text, seed, lookAlikes, options.rate ?? 1);

/** The text that `homoglyphsZh` was made from. */
export const withoutHomoglyphsZh = (text: string): string => [...text].map((c) => plain.get(c) ?? c).join('');

type Words = readonly (readonly [from: RegExp, to: string])[];
const northeastern: Words = [
  [/什么/g, '啥'],
  [/怎么/g, '咋'],
  [/哪里|什么地方/g, '哪疙瘩'],
  [/喜欢/g, '稀罕'],
  [/晚上/g, '下晚儿'],
  [/早上|清晨/g, '早起儿'],
  [/我们/g, '咱们'],
  [/大家|人们/g, '大伙儿'],
  [/谁/g, '哪个人'],
];
const sichuan: Words = [
  [/什么/g, '啥子'],
  [/怎么/g, '咋个'],
  [/哪里|什么地方/g, '哪点儿'],
  [/谁/g, '哪个'],
  [/晚上/g, '晚黑'],
  [/早上|清晨/g, '清早八晨'],
  [/小孩|孩子/g, '娃儿'],
  [/人们|大家/g, '大家伙儿'],
  [/哪种|哪一种/g, '哪样'],
];
const cantonese: Words = [
  [/什么时候/g, '几时'],
  [/什么/g, '乜嘢'],
  [/哪里|什么地方/g, '边度'],
  [/哪(?=[种颗座条个位片])/g, '边'],
  [/谁/g, '边个'],
  [/(?<![但于可还总凡就若正])是/g, '係'],
  [/(?<![目])的/g, '嘅'],
  [/吃/g, '食'],
  [/喝/g, '饮'],
  [/喜欢|最爱/g, '钟意'],
  [/晚上|夜里/g, '夜晚'],
  [/早上|清晨/g, '朝早'],
  [/(?<![现存实正])在/g, '喺'],
];

/**
 * The text as speakers of the north-east, of Sichuan or of Cantonese (as it is written online) would put it: question words, a few verbs and particles.
 * Negations and numbers stay in their standard form. The text itself where no variety changes it.
 */
export const dialectZh: Perturbation = (text, seed) => {
  for (const words of shuffled([northeastern, sichuan, cantonese], randomOf(seed))) {
    const out = words.reduce((said, [from, to]) => said.replace(from, to), text);
    if (out !== text) return out;
  }
  return text;
};

const equals: readonly (readonly [string, readonly string[]])[] = [
  ['什么', ['啥', '哪样']],
  ['哪里', ['何处', '什么地方']],
  ['一般', ['通常', '往往']],
  ['主要', ['大多']],
  ['最爱', ['最喜欢']],
  ['谁', ['什么人', '哪个人']],
  ['人们', ['大家']],
  ['晚上', ['夜里']],
  ['早上', ['清晨']],
  ['工具', ['器具']],
  ['出门', ['外出']],
  ['吗', ['么']],
  ['作者', ['写书人']],
  ['被称为', ['被叫作']],
  ['常', ['经常']],
  ['哪座城市', ['哪个城市']],
  ['首都', ['国都']],
  ['世界上', ['全球']],
  ['属于', ['算作']],
  ['发生在', ['出现在']],
  ['国家', ['国度']],
  ['应该', ['应当']],
];

/** Words replaced by others of the same meaning, from a fixed table. The text itself where none occurs. */
export const synonymsZh: Perturbation = (text, seed) => {
  const random = randomOf(seed);
  const found = equals.filter(([from]) => text.includes(from) && !(from === '常' && /[经通平非正]常|常[用识见]/.test(text)));
  return found.reduce((out, [from, to]) => out.replaceAll(from, oneOf(to, random)), text);
};
