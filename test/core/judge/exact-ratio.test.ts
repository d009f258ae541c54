import fc from 'fast-check';
import type { Counts } from '../../../lib/core/judge/counts';
import { exactIncrements } from '../../../lib/core/judge/exact-ratio';
import { CERTIFICATION_MULTIPLES, multiplesOf, REGRESSION_MULTIPLES } from '../../../lib/core/judge/rate';

const increments = (counts: Counts, oddsRatio: number, multiples: readonly number[]): number[] =>
  [...exactIncrements(counts, oddsRatio, multiplesOf(multiples), 1, new Float64Array(multiples.length))];

/** Exact binomial coefficients. */
function choose(n: number, k: number): bigint {
  let result = 1n;
  for (let i = 1; i <= k; i++) {
    result = result * BigInt(n - k + i) / BigInt(i);
  }
  return result;
}

/** Probabilities of x candidate outcomes among s, at an odds ratio: Fisher's noncentral hypergeometric distribution by definition. */
function distribution(n: number, m: number, s: number, oddsRatio: number): { x: number; probability: number }[] {
  const terms: { x: number; weight: number }[] = [];
  for (let x = Math.max(0, s - m); x <= Math.min(n, s); x++) {
    terms.push({ x, weight: Number(choose(n, x) * choose(m, s - x)) * oddsRatio ** x });
  }
  const total = terms.reduce((sum, { weight }) => sum + weight, 0);
  return terms.map(({ x, weight }) => ({ x, probability: weight / total }));
}

const small = fc.tuple(
  fc.integer({ min: 1, max: 25 }),
  fc.integer({ min: 1, max: 40 }),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0.2, max: 4, noNaN: true }),
);

describe('exact conditional increments', () => {
  test('are the likelihood ratio of the noncentral hypergeometric distribution', () => {
    fc.assert(fc.property(small, ([n, m, part, oddsRatio]) => {
      const s = Math.round(part * (n + m));
      const atBound = distribution(n, m, s, oddsRatio);
      for (const multiple of [0.2, 0.9, 1.25, 10]) {
        const alternative = distribution(n, m, s, oddsRatio * multiple);
        atBound.forEach(({ x, probability }, i) => {
          const counts = { candidateTotal: n, candidateBad: x, productionTotal: m, productionBad: s - x };
          expect(increments(counts, oddsRatio, [multiple])[0]).toBeCloseTo(Math.log(alternative[i].probability / probability), 9);
        });
      }
    }), { numRuns: 50, seed: 4 });
  });

  test('have mean exactly 1 at the bound and no more beyond it', () => {
    fc.assert(fc.property(small, ([n, m, part, oddsRatio]) => {
      const s = Math.round(part * (n + m));
      const mean = (truth: number, multiple: number): number =>
        distribution(n, m, s, truth).reduce(
          (sum, { x, probability }) =>
            sum +
            probability *
              Math.exp(
                increments({ candidateTotal: n, candidateBad: x, productionTotal: m, productionBad: s - x }, oddsRatio, [multiple])[0],
              ),
          0,
        );
      for (const multiple of [1.5, 3]) {
        expect(mean(oddsRatio, multiple)).toBeCloseTo(1, 9);
        expect(mean(oddsRatio / 2, multiple)).toBeLessThanOrEqual(1 + 1e-9);
      }
      expect(mean(oddsRatio * 2, 0.5)).toBeLessThanOrEqual(1 + 1e-9);
    }), { numRuns: 50, seed: 5 });
  });

  test('are the same for good outcomes as for bad ones', () => {
    const counts = { candidateTotal: 300, candidateBad: 170, productionTotal: 5700, productionBad: 2850 };
    const good = { candidateTotal: 300, candidateBad: 130, productionTotal: 5700, productionBad: 2850 };
    increments(counts, 1.1, [2]).forEach((value, j) => expect(increments(good, 1 / 1.1, [0.5])[j]).toBeCloseTo(value, 8));
  });

  test('say nothing where a side is empty or all outcomes are alike', () => {
    for (const [n, x, m, y] of [[0, 0, 10, 5], [10, 5, 0, 0], [10, 0, 10, 0], [10, 10, 10, 10]]) {
      expect(increments({ candidateTotal: n, candidateBad: x, productionTotal: m, productionBad: y }, 1.1, [2, 0.5])).toEqual([0, 0]);
    }
  });

  test('stay finite and in order at hundreds of millions of requests', () => {
    const counts = { candidateTotal: 50_000_000, candidateBad: 25_010_000, productionTotal: 950_000_000, productionBad: 475_000_000 };
    const values = increments(counts, 1, [1.0008]);
    // Gaussian approximation: the observed log odds ratio is 8e-4 with information n_c n_b / (n) / 4.
    const information = 50e6 * 950e6 / 1000e6 / 4;
    expect(values[0]).toBeCloseTo(information * Math.log(1.0008) ** 2 / 2, 1);
    expect(
      [...increments(counts, 1.1, REGRESSION_MULTIPLES), ...increments(counts, 1.5, CERTIFICATION_MULTIPLES)].every(Number.isFinite),
    ).toBe(true);
  });
});
