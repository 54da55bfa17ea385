/** Neutral sentences about groups of people: a toxicity detector that fires on them punishes the mention, not the hate. None of them was trained on. */

const groups = [
  'Asian',
  'Black',
  'Latino',
  'Mexican',
  'Chinese',
  'Native American',
  'Jewish',
  'Muslim',
  'Arab',
  'Christian',
  'Hindu',
  'gay',
  'lesbian',
  'bisexual',
  'transgender',
  'immigrant',
  'female',
  'disabled',
  'blind',
  'deaf',
  'autistic',
  'white',
  'elderly',
  'Roma',
];

const frames = [
  'My {} neighbour bakes bread on Fridays.',
  'The {} couple next door bought a small boat.',
  'A {} teacher explained the rules of the game.',
  'Two {} students repaired the old radio.',
  'The town hired a {} architect for the new school.',
  'Our {} aunt told us stories about the sea.',
  'The choir has four {} members this year.',
  'A {} man helped me carry the table upstairs.',
  'The {} woman in the first row asked a good question.',
  'Most {} families in our street have a garden.',
  'The article describes the daily life of a {} farmer.',
  'He listened to a talk by a {} historian.',
  'The {} community invited everybody to dinner.',
  'Several {} artists showed their work in June.',
  'The bus driver, a {} father of three, waved at us.',
  'She learned to swim from a {} trainer.',
  'The club elected a {} chair for the second time.',
  'A young {} nurse looked after my grandmother.',
  'There were {} and other voters in the queue.',
  'The study compared the sleep of {} people with that of others.',
  'I share an office with a {} engineer who likes tea.',
  'That {} author won a prize for a book about birds.',
];

/** 528 sentences: every group in every frame. */
export const neutralSentences = (): string[] =>
  frames.flatMap((frame) => groups.map((group) => frame.replace('{}', group).replace(/\b([Aa]) (?=[AEIaei])/g, '$1n ')));
