import fc from 'fast-check';
import { randomOf } from '../../../rehearsal/engine/random';
import { minuteOf, ramping, steady } from '../../../benchmarks/judge/simulation/traces';
import type { Counts } from '../../../lib/core/judge/counts';
import { PlainMixture } from '../../../lib/core/judge/mixture';
import { CERTIFICATION_MULTIPLES, multiplesOf, rateIncrements, REGRESSION_MULTIPLES } from '../../../lib/core/judge/rate';
import { ratioInterval } from '../../../lib/core/judge/ratio-interval';

/** The evidence that the interval inverts, by its definition. */
function evidence(periods: readonly Counts[], ratio: number, multiples: readonly number[]): number {
  const mixture = new PlainMixture(multiples.length);
  for (const counts of periods) {
    mixture.add(rateIncrements(counts, { ratio, tolerance: 0 }, multiplesOf(multiples), 1, new Float64Array(multiples.length)));
  }
  return mixture.logEvidence();
}

const trace = (candidate: number, minutes: number, seed: number): Counts[] => {
  const random = randomOf(seed);
  return Array.from({ length: minutes }, (_, minute) => minuteOf(ramping(steady(50, candidate)), minute, random));
};

describe('ratio interval', () => {
  test('ends where the evidence against its ends reaches 1/alpha', () => {
    const periods = trace(0.02, 120, 1);
    const { lower, upper = Infinity } = ratioInterval(periods, 0.05);
    expect(evidence(periods, lower, REGRESSION_MULTIPLES)).toBeCloseTo(Math.log(20), 0);
    expect(evidence(periods, lower * 0.999, REGRESSION_MULTIPLES)).toBeGreaterThanOrEqual(Math.log(20));
    expect(evidence(periods, lower * 1.001, REGRESSION_MULTIPLES)).toBeLessThan(Math.log(20));
    expect(evidence(periods, upper * 1.001, CERTIFICATION_MULTIPLES)).toBeGreaterThanOrEqual(Math.log(20));
    expect(evidence(periods, upper * 0.999, CERTIFICATION_MULTIPLES)).toBeLessThan(Math.log(20));
  });

  test('ends there as well where one side had no bad outcome', () => {
    const clean: Counts[] = [{ candidateTotal: 5000, candidateBad: 0, productionTotal: 95_000, productionBad: 950 }];
    const { estimate, lower, upper = Infinity } = ratioInterval(clean, 0.05);
    expect([estimate, lower]).toEqual([0, 0]);
    expect(upper).toBeLessThan(0.5);
    expect(evidence(clean, upper * 1.001, CERTIFICATION_MULTIPLES)).toBeGreaterThanOrEqual(Math.log(20));
    expect(evidence(clean, upper * 0.999, CERTIFICATION_MULTIPLES)).toBeLessThan(Math.log(20));
    const alone = ratioInterval([{ candidateTotal: 5000, candidateBad: 50, productionTotal: 95_000, productionBad: 0 }], 0.05);
    expect(alone.estimate).toBeUndefined();
    expect(alone.lower).toBeGreaterThan(30);
    expect(alone.upper).toBeUndefined();
  });

  test('holds the true ratio at every minute in all but the promised share of rollouts', () => {
    let missed = 0;
    for (let run = 0; run < 200; run++) {
      const periods = trace(0.02, 60, 1000 + run);
      const wrong = Array.from({ length: 12 }, (_, i) => ratioInterval(periods.slice(0, 5 * (i + 1)), 0.05))
        .some(({ lower, upper = Infinity }) => lower > 2 || upper < 2);
      missed += wrong ? 1 : 0;
    }
    // Both sides together: at most 10 % promised, 20 of 200; 99.9 % limit 34.
    expect(missed).toBeLessThanOrEqual(34);
  });

  test('is not biased by weights that move while the rate of both moves', () => {
    const periods = Array.from({ length: 100 }, (_, t): Counts => {
      const [share, rate] = t < 50 ? [0.05, 0.04] : [0.5, 0.01];
      return {
        candidateTotal: 10_000 * share,
        candidateBad: 10_000 * share * rate,
        productionTotal: 10_000 * (1 - share),
        productionBad: 10_000 * (1 - share) * rate,
      };
    });
    expect(ratioInterval(periods, 0.05).estimate).toBeCloseTo(1, 12);
  });

  test('of nothing says nothing', () => {
    expect(ratioInterval([], 0.05)).toEqual({ lower: 0 });
    expect(ratioInterval([{ candidateTotal: 0, candidateBad: 0, productionTotal: 9, productionBad: 3 }], 0.05)).toEqual({ lower: 0 });
  });

  test('brackets its estimate for any counts, without NaN', () => {
    const total = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 1_000_000_000 }));
    const counts = fc
      .tuple(total, total, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([n, m, a, b]): Counts => ({
        candidateTotal: n,
        candidateBad: Math.floor(a * n),
        productionTotal: m,
        productionBad: Math.floor(b * m),
      }));
    fc.assert(fc.property(fc.array(counts, { maxLength: 5 }), (periods) => {
      const { estimate, lower, upper = Infinity } = ratioInterval(periods, 0.05);
      expect(Number.isNaN(lower) || Number.isNaN(upper)).toBe(false);
      expect(lower).toBeLessThanOrEqual(upper);
      expect(estimate === undefined || Number.isFinite(estimate)).toBe(true);
    }), { numRuns: 100, seed: 6 });
  });
});
