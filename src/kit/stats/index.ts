/** Statistics: pure functions, tested against worked values. */
export * from './bootstrap.ts';
export * from './clusters.ts';
export * from './mean.ts';
export * from './measured.ts';
export * from './rates.ts';
export * from './special.ts';
