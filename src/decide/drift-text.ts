/** The fixed text on which two models' next tokens are compared: short passages of many kinds, written for this purpose. */
export const driftPassages: readonly string[] = [
  'The ferry leaves the northern harbour at a quarter past six, and on most mornings it is full before the gates open. People carry bread, boxes of seedlings, a child, a bicycle wheel; nobody talks much until the engine starts.',
  'To boil an egg so that the yolk stays soft, lower it into simmering water with a spoon, wait six and a half minutes, and put it straight into a bowl of ice. Peel it under a thin stream of cold water.',
  'Water expands when it freezes. That is why ice floats, why pipes burst in winter, and why a lake freezes from the top down, leaving the fish a place to live in the dark below.',
  'Dear Ms Okafor, thank you for your letter of the ninth. We have looked into the matter of the missing parcel and found that it was left with a neighbour at number twelve. Please accept our apologies for the delay.',
  'function area(width, height) {\n  if (width < 0 || height < 0) {\n    throw new Error("a side cannot be negative");\n  }\n  return width * height;\n}',
  'The court held that the tenant was not liable for the damage, since the roof had been in need of repair long before the storm and the landlord had been told of it twice in writing.',
  'Seven plus eight is fifteen. Twelve times twelve is one hundred and forty-four. If a train covers ninety kilometres in an hour and a half, its mean speed is sixty kilometres an hour.',
  'Nobody in the village knew who had built the bridge. The oldest people said that it had been there when their grandmothers were girls, and that it had never once needed mending.',
  'Question: Which planet is closest to the sun?\nAnswer: Mercury is the planet closest to the sun.\nQuestion: Which gas do plants take from the air?\nAnswer: Plants take carbon dioxide from the air.',
  'Patients who took the medicine slept about forty minutes longer than those who did not, but the difference was gone after three weeks, and the authors advise against prescribing it for longer than that.',
  'He was angry, though not at her. The rain had got into the piano, the guests were late, and someone had eaten the last of the plums that he had been saving since Tuesday.',
  'The museum is open from ten to five, except on Mondays. Tickets cost nine euros; children under twelve, students and anyone out of work enter free of charge.',
];

/** Prefixes of the passages, cut at every third word from the fourth on (neighbours tell nearly the same): [passage index, text]. */
export function driftPrefixes(): readonly (readonly [passage: number, text: string])[] {
  return driftPassages.flatMap((passage, index) => {
    const ends = [...passage.matchAll(/\s+/g)].map((match) => match.index);
    return ends
      .slice(3)
      .filter((_, k) => k % 3 === 0)
      .map((end) => [index, passage.slice(0, end)] as const);
  });
}
