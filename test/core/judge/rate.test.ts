import fc from 'fast-check';
import { logMultinomial } from '../../../benchmarks/judge/peers/dirichlet-multinomial';
import type { Counts } from '../../../lib/core/judge/counts';
import { PlainMixture } from '../../../lib/core/judge/mixture';
import { type Bound, CERTIFICATION_MULTIPLES, multiplesOf, rateIncrements, REGRESSION_MULTIPLES, regressionMultiples } from '../../../lib/core/judge/rate';

const increments = (counts: Counts, bound: Bound, multiples: readonly number[], overdispersion = 1): number[] =>
  [...rateIncrements(counts, bound, multiplesOf(multiples), overdispersion, new Float64Array(multiples.length))];

function evidence(counts: Counts, bound: Bound, multiples: readonly number[]): number {
  const mixture = new PlainMixture(multiples.length);
  mixture.add(Float64Array.from(increments(counts, bound, multiples)));
  return Math.exp(mixture.logEvidence());
}

const suspicious: Counts = { candidateTotal: 600, candidateBad: 15, productionTotal: 11_400, productionBad: 110 };
const healthy: Counts = { candidateTotal: 600, candidateBad: 6, productionTotal: 11_400, productionBad: 114 };
const equal: Bound = { ratio: 1, tolerance: 0 };

/** Probabilities of 0 to n successes, by multiplication: independent of the engine's own functions. */
function binomial(n: number, p: number): number[] {
  let distribution = [1];
  for (let i = 0; i < n; i++) {
    const next = new Array<number>(distribution.length + 1).fill(0);
    distribution.forEach((mass, k) => {
      next[k] += mass * (1 - p);
      next[k + 1] += mass * p;
    });
    distribution = next;
  }
  return distribution;
}

/** Expected exp(increment) per multiple over all outcomes of both binomials. */
function expectation(n: number, m: number, candidate: number, production: number, bound: Bound, multiples: readonly number[]): number[] {
  const mean = multiples.map(() => 0);
  binomial(n, candidate).forEach((pc, x) => binomial(m, production).forEach((pb, y) => {
    const counts = { candidateTotal: n, candidateBad: x, productionTotal: m, productionBad: y };
    increments(counts, bound, multiples).forEach((value, j) => (mean[j] += pc * pb * Math.exp(value)));
  }));
  return mean;
}

describe('rate increments', () => {
  test('give the printed digits of the worked example', () => {
    const [, , double, triple] = increments(suspicious, equal, REGRESSION_MULTIPLES);
    expect(double).toBeCloseTo(4.298437, 6);
    expect(triple).toBeCloseTo(4.565412, 6);
    expect(increments(suspicious, { ratio: 1.1, tolerance: 0.0005 }, REGRESSION_MULTIPLES)[2]).toBeCloseTo(3.468169, 6);
    expect(evidence(suspicious, equal, REGRESSION_MULTIPLES)).toBeCloseTo(24.94, 2);
    expect(evidence(suspicious, { ratio: 1.1, tolerance: 0.0005 }, REGRESSION_MULTIPLES)).toBeCloseTo(8.748, 3);
    expect(evidence(healthy, { ratio: 1.5, tolerance: 0 }, CERTIFICATION_MULTIPLES)).toBeCloseTo(1.031, 3);
    expect(evidence(healthy, { ratio: 2, tolerance: 0 }, CERTIFICATION_MULTIPLES)).toBeCloseTo(2.913, 3);
  });

  test('are the binomial likelihood ratio of who made the errors, where nothing is tolerated', () => {
    const bad = [suspicious.candidateBad, suspicious.productionBad];
    const share = (multiple: number): number[] => {
      const odds = multiple * suspicious.candidateTotal;
      return [odds / (odds + suspicious.productionTotal), suspicious.productionTotal / (odds + suspicious.productionTotal)];
    };
    increments(suspicious, equal, REGRESSION_MULTIPLES).forEach((value, j) => {
      expect(value).toBeCloseTo(logMultinomial(bad, share(REGRESSION_MULTIPLES[j])) - logMultinomial(bad, share(1)), 9);
    });
  });

  test('never promise more than 1 at and below the bound, over all outcomes of small samples', () => {
    fc.assert(fc.property(
      fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 8 }), fc.double({ min: 0, max: 0.9, noNaN: true }),
      fc.double({ min: 0.5, max: 2, noNaN: true }), fc.double({ min: 0, max: 0.1, noNaN: true }),
      (n, m, production, ratio, tolerance) => {
        const atBound = Math.min(1, ratio * production + tolerance);
        for (const candidate of [atBound, atBound / 2]) {
          expect(Math.max(...expectation(n, m, candidate, production, { ratio, tolerance }, REGRESSION_MULTIPLES))).toBeLessThanOrEqual(
            1 + 1e-9,
          );
        }
        for (const candidate of ratio * production + tolerance <= 1 ? [atBound, (1 + atBound) / 2] : []) {
          expect(Math.max(...expectation(n, m, candidate, production, { ratio, tolerance }, CERTIFICATION_MULTIPLES))).toBeLessThanOrEqual(
            1 + 1e-9,
          );
        }
      },
    ), { numRuns: 60, seed: 1 });
  });

  test('say nothing about a period in which one side served nothing', () => {
    for (const counts of [{ ...suspicious, candidateTotal: 0, candidateBad: 0 }, { ...suspicious, productionTotal: 0, productionBad: 0 }]) {
      expect(increments(counts, { ratio: 1.1, tolerance: 0.001 }, REGRESSION_MULTIPLES)).toEqual(REGRESSION_MULTIPLES.map(() => 0));
    }
  });

  test('test the candidate alone against an objective where the ratio is 0, production or not', () => {
    const bound = { ratio: 0, tolerance: 0.01 };
    const expected = REGRESSION_MULTIPLES.map((m) => 15 * Math.log(m) - 600 * 0.01 * (m - 1));
    for (const counts of [suspicious, { ...suspicious, productionTotal: 0, productionBad: 0 }]) {
      increments(counts, bound, REGRESSION_MULTIPLES).forEach((value, j) => expect(value).toBeCloseTo(expected[j], 9));
    }
  });

  test('are divided by the overdispersion, whose wide multiples are left out', () => {
    const plain = increments(suspicious, equal, [2]);
    expect(increments(suspicious, equal, [2], 4)[0]).toBeCloseTo(plain[0] / 4, 12);
    expect(regressionMultiples(1.5)).toBe(REGRESSION_MULTIPLES);
    expect(regressionMultiples(1.6)).toEqual([1.25, 1.5, 2, 3, 5]);
  });

  test('grow with the candidate\'s errors and shrink with production\'s, and stay finite at a billion requests', () => {
    const total = fc.oneof(fc.nat(50), fc.integer({ min: 1, max: 2_000_000_000 }));
    fc.assert(fc.property(
      total, total, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(),
      (candidateTotal, productionTotal, a, b, upwards) => {
        const counts = {
          candidateTotal, productionTotal,
          candidateBad: Math.floor(a * candidateTotal), productionBad: Math.floor(b * productionTotal),
        };
        const multiples = upwards ? REGRESSION_MULTIPLES : CERTIFICATION_MULTIPLES;
        const bound = { ratio: 1.1, tolerance: 0.0005 };
        const values = increments(counts, bound, multiples);
        expect(values.every(Number.isFinite)).toBe(true);
        if (counts.candidateBad < candidateTotal) {
          const worse = increments({ ...counts, candidateBad: counts.candidateBad + 1 }, bound, multiples);
          worse.forEach((value, j) => expect(upwards ? value - values[j] : values[j] - value).toBeGreaterThanOrEqual(-1e-6));
        }
      },
    ), { seed: 2 });
  });
});
