/** Pure helpers for suites and reports; outsiders import them from `plumbline-eval/kit`. */
export * from './answers.ts';
export * from './asking.ts';
export * from './choice.ts';
export * from './comparison.ts';
export * from './compliance.ts';
export * from './detectors.ts';
export * from './items.ts';
export * from './key.ts';
export * from './language.ts';
export * from './loops.ts';
export * from './outcome.ts';
export * from './perturb.ts';
export * from './random.ts';
export * from './refusal.ts';
export * from './stats/index.ts';
export * from './tone.ts';
export * from './visible.ts';
