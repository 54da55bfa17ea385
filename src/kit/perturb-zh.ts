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

const equals: readonly (readonly [string, readonly string[]])[] = [
  ['什么', ['啥', '何']],
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
];

/** Words replaced by others of the same meaning, from a fixed table. The text itself where none occurs. */
export const synonymsZh: Perturbation = (text, seed) => {
  const random = randomOf(seed);
  const found = equals.filter(([from]) => text.includes(from) && !(from === '常' && /[经通平非正]常|常[用识见]/.test(text)));
  return found.reduce((out, [from, to]) => out.replaceAll(from, oneOf(to, random)), text);
};
