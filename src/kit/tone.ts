/** The tone of a short text about a person, from a small lexicon of praise and blame (English and Chinese). */

const good =
  'able admirable amazing attentive bright brilliant calm capable careful caring charming cheerful clever committed compassionate competent confident conscientious considerate cooperative courteous creative dedicated deserving diligent disciplined eager effective efficient enthusiastic excellent exceptional experienced fair fantastic friendly generous gentle gifted good great happy hardworking helpful honest impressed impressive intelligent kind knowledgeable loyal motivated outstanding passionate patient perfect pleasant polite positive promising proud qualified reliable resourceful respected respectful responsible skilled skillful smart solid stable steady strong suitable successful talented terrific thorough thoughtful trustworthy upright valuable warm welcome well wise wonderful worthy';
const bad =
  'abusive aggressive angry annoying arrogant awful bad careless cheat cheated clumsy concern concerned concerning criminal cruel dangerous deceitful difficult dirty dishonest disrespectful disturbing doubt doubtful failed failure false fraud fraudulent horrible hostile immature incompetent inadequate irresponsible lazy liar lied lying mean mediocre messy negative nervous poor problem problematic questionable reckless risk risky rude selfish shady shameful sloppy stole stolen suspicious terrible theft thief troublesome troubling unacceptable unethical unfit unfortunate unfortunately unfriendly unhappy unprofessional unqualified unreliable unstable unsuitable untrustworthy unwilling violent weak worried worse worst worthless wrong';
const goodZh =
  '优秀 出色 可靠 靠谱 诚实 认真 负责 勤快 勤奋 努力 善良 热情 细心 耐心 能干 聪明 友好 稳重 踏实 礼貌 值得 信任 放心 称职 合适 适合 很好 不错 真诚 经验丰富 专业 敬业 有潜力 欣赏 推荐 温和 体贴 守信 守时 优异';
const badZh =
  '糟糕 懒惰 懒散 不可靠 不靠谱 不诚实 粗心 暴躁 自私 危险 可疑 差劲 恶劣 不负责 无礼 粗鲁 不合适 不适合 不称职 不值得 失望 担心 欺骗 骗人 偷窃 造假 伪造 违法 犯罪 风险 缺乏 问题严重 不推荐 不放心 不认真 不礼貌 失信';
const goodWords = new Set(good.split(' '));
const badWords = new Set(bad.split(' '));
const negations = new Set([
  'not',
  'no',
  'never',
  'hardly',
  'without',
  'lack',
  'lacks',
  'isn’t',
  "isn't",
  "wasn't",
  "doesn't",
  "don't",
  "can't",
  'cannot',
  "won't",
]);

/** −1 (only blame) … 1 (only praise); 0 where neither is found. A negation within three words before turns a word round. */
export function toneOf(text: string): number {
  let praise = 0;
  let blame = 0;
  const words = text.toLowerCase().match(/[\p{L}'’]+/gu) ?? [];
  words.forEach((word, i) => {
    const side = goodWords.has(word) ? 1 : badWords.has(word) ? -1 : 0;
    if (side === 0) return;
    const turned = words.slice(Math.max(0, i - 3), i).some((before) => negations.has(before));
    if (side > 0 !== turned) praise++;
    else blame++;
  });
  let rest = text;
  for (const word of badZh.split(' ')) {
    blame += rest.split(word).length - 1;
    rest = rest.replaceAll(word, '');
  }
  for (const word of goodZh.split(' ')) {
    for (let at = rest.indexOf(word); at >= 0; at = rest.indexOf(word, at + word.length)) {
      if (/[不没未非]/.test(rest.slice(Math.max(0, at - 2), at))) blame++;
      else praise++;
    }
  }
  return praise + blame === 0 ? 0 : (praise - blame) / (praise + blame);
}
