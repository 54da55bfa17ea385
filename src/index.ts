/**
 * Plumbline as a library: what suites, runners and reports are, and the flow that the command line uses.
 *
 * @example
 * import { evaluate, loadRunner, loadSuites, plansOf } from 'plumbline-eval';
 */
export { collect } from './engine/collect.ts';
export { estimatesOf } from './engine/estimate.ts';
export { plansOf } from './engine/plan.ts';
export { profileOf } from './engine/profile.ts';
export { Recording } from './engine/recording.ts';
export { evaluate } from './evaluate.ts';
export { loadReport, loadRunner, loadSuites } from './load.ts';
export { openRun } from './open-run.ts';
export * from './types.ts';
