import fc from 'fast-check';
import { evidenceRule } from '../../../benchmarks/judge/simulation/rules';
import { run } from '../../../benchmarks/judge/simulation/run';
import { quantile } from '../../../benchmarks/judge/simulation/statistics';
import { steady } from '../../../benchmarks/judge/simulation/traces';
import { bakeForCertification, bakeForPower, informationBeyond, informationWithin, smallestDetectable, twoSampleInformation, waldBound } from '../../../lib/core/judge/information';

const equal = { ratio: 1, tolerance: 0 };

describe('information', () => {
  test('gives the printed bounds on requests and excess errors', () => {
    for (const [candidateRate, requests, excess] of [[0.03, 378, 7.6], [0.02, 1256, 12.6], [0.015, 4462, 22.3], [0.05, 123, 4.9]]) {
      const bound = waldBound({ candidateRate, productionRate: 0.01, share: 0.05 }, 0.01);
      expect(bound).toBeCloseTo(requests, -0.5);
      expect(bound * (candidateRate - 0.01)).toBeCloseTo(excess, 1);
    }
  });

  test('of the e-process without tolerance is nearly all there is, and less with tolerance', () => {
    const comparison = { candidateRate: 0.02, productionRate: 0.01, share: 0.05 };
    const all = twoSampleInformation(comparison);
    expect(informationBeyond(comparison, equal) / all).toBeGreaterThan(0.97);
    expect(informationBeyond(comparison, equal)).toBeLessThanOrEqual(all);
    expect(informationBeyond(comparison, { ratio: 1.1, tolerance: 0.0005 })).toBeLessThan(0.9 * all);
    expect(informationBeyond(comparison, { ratio: 2, tolerance: 0 })).toBe(0);
    expect(informationBeyond(comparison, { ratio: 0, tolerance: 0.01 })).toBeCloseTo(0.02 * Math.log(2) - 0.01, 9);
  });

  test('becomes a bake that detects with the promised probability', () => {
    for (const bound of [equal, { ratio: 1.1, tolerance: 0.0005 }]) {
      const bake = { requestsPerSecond: 100, share: 0.05, alpha: 0.01 };
      const rates = { candidateRate: 0.02, productionRate: 0.01 };
      const outcomes = run({ scenario: steady(100, 0.02), rule: () => evidenceRule({ bound }), runs: 1000, seed: 5, horizon: 400 });
      // Rounded up to whole minutes, at which the simulation looks.
      for (const power of [0.95, 0.5] as const) {
        const minutes = bakeForPower(bake, rates, bound, power) / 60;
        expect(quantile(outcomes, power === 0.95 ? 0.93 : 0.42)).toBeLessThanOrEqual(Math.ceil(minutes));
        expect(quantile(outcomes, power === 0.95 ? 0.98 : 0.7)).toBeGreaterThanOrEqual(Math.floor(minutes));
      }
    }
  });

  // The reference's measured minutes of certification: 5 % of 10, 100 and 1000 requests a second, half and 95 % of a healthy candidate's
  // runs.
  test.each([[10, 1.25, 422, 1_298], [10, 1.5, 114, 331], [10, 2, 37, 96], [100, 1.5, 13, 36], [100, 1.25, 47, 131], [1_000, 1.25, 6, 14]])(
    'says how long certification takes at %p requests a second and margin %p', (requestsPerSecond, ratio, median, late) => {
      const minutes = (power: 0.95 | 0.5): number =>
        bakeForCertification({ requestsPerSecond, share: 0.05, alpha: 0.05 }, 0.01, { ratio, tolerance: 0 }, power) / 60;
      expect(Math.abs(minutes(0.5) - median)).toBeLessThan(0.15 * median + 1);
      expect(Math.abs(minutes(0.95) - late)).toBeLessThan(0.15 * late + 1);
    },
  );

  test('fails to certify at the margin and without production', () => {
    const bake = { requestsPerSecond: 10, share: 0.05, alpha: 0.05 };
    expect(informationWithin({ candidateRate: 0.015, productionRate: 0.01, share: 0.05 }, { ratio: 1.5, tolerance: 0 })).toBe(0);
    expect(bakeForCertification({ ...bake, share: 1 }, 0.01, { ratio: 1.5, tolerance: 0.001 })).toBeGreaterThan(1e12);
    expect(bakeForCertification(bake, 0.01, { ratio: 1, tolerance: 0 })).toBe(Infinity);
  });

  test('finds the smallest regression that a bake can see', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 2000, noNaN: true }),
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        fc.double({ min: 0.001, max: 0.2, noNaN: true }),
        (requestsPerSecond, share, productionRate) => {
          const bake = { requestsPerSecond, share, alpha: 0.01 };
          const bound = { ratio: 1.1, tolerance: 0.0005 };
          const rate = smallestDetectable(bake, productionRate, bound, 600);
          if (rate === undefined) {
            expect(bakeForPower(bake, { candidateRate: 1, productionRate }, bound)).toBeGreaterThan(600);
          } else {
            expect(bakeForPower(bake, { candidateRate: rate, productionRate }, bound)).toBeLessThanOrEqual(600);
            expect(rate).toBeGreaterThan(1.1 * productionRate);
          }
        },
      ),
      { numRuns: 50, seed: 10 },
    );
  });

  test('fails to promise anything about what is tolerated', () => {
    expect(bakeForPower({ requestsPerSecond: 100, share: 0.05, alpha: 0.01 }, { candidateRate: 0.01, productionRate: 0.01 }, equal)).toBe(
      Infinity,
    );
  });
});
