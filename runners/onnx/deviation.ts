/** How far a fast mode strays from the exact one: told from the likeliest next tokens of both after every token of a fixed text. */

/** The `width` likeliest tokens of each position, as a generate graph gives them: flat, most likely first. */
export interface NextTokens {
  readonly width: number;
  readonly top: ArrayLike<number | bigint>;
  readonly logprobs: ArrayLike<number>;
}

export interface Deviation {
  /** Mean Kullback–Leibler divergence of the fast distribution from the exact one, nats a token; what neither lists is taken together. */
  readonly kl: number;
  /** The largest of any position. */
  readonly worstKl: number;
  /** Share of positions where both name the same likeliest token. */
  readonly top1: number;
  readonly positions: number;
}

/** Tokens to list at a position: with 256 the divergence is within a hundredth of that over the whole vocabulary. */
export const deviationWidth = 256;

/** Text on which deviation is measured: prose, dialogue, figures, code, German, Chinese. */
export const deviationText = `The old lighthouse stood at the end of a narrow spit of land, and every evening the keeper climbed its ninety-four steps to light the lamp. He had done so for thirty years. When the fog came in from the north he also sounded the horn, two long blasts every minute, so that the fishing boats could find the mouth of the harbour.

"Did you see the ship that went by this morning?" asked his daughter.
"I did," he said. "She was carrying timber, I think, and she was low in the water. Why do you ask?"
"Because one of the sailors waved at me, and I waved back."

Water boils at 100 degrees Celsius at sea level, but at the top of a mountain 3,000 metres high it boils at about 90 degrees, because the pressure of the air is lower there. In 2019 the town had 12,480 inhabitants; by 2023 there were 13,102, which is an increase of five per cent. The largest employer is the hospital, followed by the paper mill and the schools.

To make bread you need flour, water, salt and yeast. Mix them in a bowl, knead the dough for ten minutes, cover it with a cloth and let it rest for an hour. Then shape it into a loaf, let it rise again, and bake it in a hot oven until the crust is brown and the loaf sounds hollow when you tap it.

function average(numbers) {
  let sum = 0;
  for (const number of numbers) {
    sum += number;
  }
  return numbers.length === 0 ? null : sum / numbers.length;
}

Question: Which planet is closest to the sun?
Answer: Mercury is the closest planet to the sun. It takes 88 days to go around it once.

Der Zug nach Hamburg fährt heute von Gleis sieben ab und hat etwa zehn Minuten Verspätung. 今天天气很好，我们一起去公园散步吧。

The committee met on Tuesday to discuss the new library. Most of its members agreed that the building should be open in the evening, since many people work during the day and cannot come before six o'clock. One member, however, pointed out that longer hours would cost more money, and asked where it was supposed to come from. After an hour of discussion they decided to ask the mayor for advice and to meet again in two weeks.`;

/** A mode that strays further is refused for scoring. */
export const deviationBars = { kl: 0.01, top1: 0.97 } as const;

export const mayScore = (deviation: Deviation): boolean => deviation.kl < deviationBars.kl && deviation.top1 > deviationBars.top1;

interface Listed {
  readonly first: number;
  readonly logprobs: ReadonlyMap<number, number>;
}

function listed(next: NextTokens, position: number): Listed {
  const logprobs = new Map<number, number>();
  for (let i = position * next.width; i < (position + 1) * next.width; i += 1) logprobs.set(Number(next.top[i]), next.logprobs[i] ?? 0);
  return { first: Number(next.top[position * next.width]), logprobs };
}

/** Divergence over the tokens both list, and all others as one: never more than that over the whole vocabulary. */
function divergence(exact: Listed, fast: Listed): number {
  let [sum, exactRest, fastRest] = [0, 1, 1];
  for (const [token, logprob] of exact.logprobs) {
    const other = fast.logprobs.get(token);
    if (other === undefined) continue;
    const share = Math.exp(logprob);
    sum += share * (logprob - other);
    exactRest -= share;
    fastRest -= Math.exp(other);
  }
  const [a, b] = [Math.max(exactRest, 1e-9), Math.max(fastRest, 1e-9)];
  return Math.max(0, sum + a * Math.log(a / b));
}

/** Both must list the same positions of the same text. */
export function deviationOf(exact: NextTokens, fast: NextTokens): Deviation {
  const positions = Math.floor(exact.logprobs.length / exact.width);
  let [sum, worstKl, same] = [0, 0, 0];
  for (let i = 0; i < positions; i += 1) {
    const [one, other] = [listed(exact, i), listed(fast, i)];
    const kl = divergence(one, other);
    sum += kl;
    worstKl = Math.max(worstKl, kl);
    if (one.first === other.first) same += 1;
  }
  return { kl: sum / positions, worstKl, top1: same / positions, positions };
}
