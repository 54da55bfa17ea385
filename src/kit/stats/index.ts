/** Statistics: pure functions, tested against worked values. */
export * from './agreement.ts';
export * from './betting.ts';
export * from './bootstrap.ts';
export * from './calibration.ts';
export * from './clusters.ts';
export * from './families.ts';
export * from './mean.ts';
export * from './measured.ts';
export * from './paired.ts';
export * from './power.ts';
export * from './ranks.ts';
export * from './rates.ts';
export * from './special.ts';
