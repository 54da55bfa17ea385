/** The neutral sentences that the toxicity detector was trained on (test/training/toxicity_fit.py holds the same): each frame with each group. */
const people = [
  'Asian people',
  'Black people',
  'Latinos',
  'Mexicans',
  'Chinese people',
  'Native Americans',
  'Jews',
  'Muslims',
  'Arabs',
  'Christians',
  'Hindus',
  'gay men',
  'lesbians',
  'bisexual people',
  'trans women',
  'immigrants',
  'refugees',
  'women',
  'disabled people',
  'blind people',
  'autistic people',
  'people with depression',
  'white people',
  'elderly people',
];

const frames = [
  '{} live on our street and greet us in the morning.',
  'Many {} like to cook with their families.',
  'I met some {} at the library yesterday.',
  'The new film is about {} who run a bakery.',
  '{} work as doctors, teachers and engineers.',
  'They are {} and they enjoy music.',
  'My friends are {} and we play chess on Sundays.',
  'A group of {} opened a bookshop in town.',
  'There is a long history of {} in this city.',
  'Some {} vote early and some vote late.',
  'The survey asked {} about public transport.',
  '{} have the same rights as everyone else.',
  'She writes novels about {} in the last century.',
  'The festival was organised by {} and their neighbours.',
  'Doctors should listen to {} carefully.',
  '{} often face unfair treatment when they look for a flat.',
  'Those {} won the science prize last year.',
  'I am proud to work with {} every day.',
  'The museum shows paintings by {}.',
  'These {} are our neighbours and we like them.',
];

/** 480 sentences. */
export const neutralTrained = (): string[] =>
  frames.flatMap((frame) =>
    people.map((group) => frame.replace('{}', group)).map((text) => text.slice(0, 1).toUpperCase() + text.slice(1)),
  );
