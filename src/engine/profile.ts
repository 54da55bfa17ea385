/** Five dimensions, each the mean headline grade of the suites the model was able to do. */
import { mainLanguage } from '../kit/result.ts';
import { type DimensionProfile, dimensions, type Result } from '../types.ts';

/** Whether a result counts: complete, valid, the control passed (or none needed), and a grade was told. */
export const isAble = (result: Result): boolean =>
  result.complete && result.invalid === null && result.floor.state !== 'not met' && (result.estimates[0]?.grade ?? null) !== null;

/**
 * The profile of one run in one language (default: the main one). The interval of a mean of independent grades joins their intervals side by side
 * (MOVER; Zou & Donner 2008): the lower side is √Σ(grade − low)² / k, the upper likewise.
 */
export function profileOf(results: readonly Result[], lang: string = mainLanguage(results)): DimensionProfile[] {
  return dimensions.map((dimension) => {
    const own = results.filter(({ suite }) => suite.dimension === dimension && suite.lang === lang && !suite.diagnostic);
    // Sums of floating-point numbers depend on their order; the profile does not depend on the order of the results.
    const able = own.filter(isAble).sort((a, b) => (a.suite.id < b.suite.id ? -1 : 1));
    const counts = { able: able.length, of: own.length };
    if (able.length === 0) return { dimension, grade: null, low: null, high: null, ...counts };
    let [sum, below, above] = [0, 0, 0];
    let bounded = true;
    for (const { estimates } of able) {
      const { grade, gradeLow, gradeHigh } = estimates[0] as (typeof estimates)[number];
      sum += grade ?? 0;
      bounded &&= gradeLow !== null && gradeHigh !== null;
      below += ((grade ?? 0) - (gradeLow ?? 0)) ** 2;
      above += ((gradeHigh ?? 1) - (grade ?? 0)) ** 2;
    }
    const grade = sum / able.length;
    const low = bounded ? Math.max(0, grade - Math.sqrt(below) / able.length) : null;
    const high = bounded ? Math.min(1, grade + Math.sqrt(above) / able.length) : null;
    return { dimension, grade, low, high, ...counts };
  });
}
