import { randomOf, type Random } from '../../../rehearsal/engine/random';
import { Certification } from '../../../lib/core/judge/certification';
import { type Mixture, PlainMixture, ReserveMixture } from '../../../lib/core/judge/mixture';
import { disagreementRatios, discordanceRatios, pairIncrements } from '../../../lib/core/judge/pairs';
import { CERTIFICATION_MULTIPLES, multiplesOf, rateIncrements, REGRESSION_MULTIPLES } from '../../../lib/core/judge/rate';

const RUNS = 20_000;

/** Probabilities of 0 to n successes. */
function binomial(n: number, p: number): number[] {
  const distribution = [(1 - p) ** n];
  for (let k = 1; k <= n; k++) {
    distribution.push(distribution[k - 1] * ((n - k + 1) / k) * (p / (1 - p)));
  }
  return distribution;
}

/**
 * Exact probability that a mixture of likelihood ratios, Σ_j (a_j^successes · b_j^failures)/J, ever reaches `threshold` within
 * `periods` periods of `trials` trials: by passing on the probability of every total that has not reached it. Independent of
 * the engine.
 */
function crossing(
  periods: number,
  trials: number,
  p: number,
  ratios: readonly (readonly [a: number, b: number])[],
  threshold: number,
): number {
  const step = binomial(trials, p);
  let alive = new Map([[0, 1]]);
  let crossed = 0;
  for (let t = 1; t <= periods; t++) {
    const next = new Map<number, number>();
    for (const [total, mass] of alive) {
      step.forEach((chance, k) => next.set(total + k, (next.get(total + k) ?? 0) + mass * chance));
    }
    alive = new Map();
    for (const [total, mass] of next) {
      const evidence =
        ratios.reduce((sum, [a, b]) => sum + Math.exp(total * Math.log(a) + (t * trials - total) * Math.log(b)), 0) / ratios.length;
      if (evidence >= threshold) {
        crossed += mass;
      } else {
        alive.set(total, mass);
      }
    }
  }
  return crossed;
}

/** Share of simulated rollouts in which the engine's evidence reaches `threshold`. */
function simulated(
  seed: number,
  periods: number,
  threshold: number,
  start: () => { mixture: Mixture; step: (random: Random) => Float64Array },
): number {
  let crossed = 0;
  for (let run = 0; run < RUNS; run++) {
    const random = randomOf(seed + run);
    const { mixture, step } = start();
    for (let t = 0; t < periods; t++) {
      mixture.add(step(random));
      if (mixture.logEvidence() >= Math.log(threshold)) {
        crossed++;
        break;
      }
    }
  }
  return crossed / RUNS;
}

function expectWithinMonteCarloError(measured: number, exact: number): void {
  expect(Math.abs(measured - exact)).toBeLessThanOrEqual(4 * Math.sqrt(exact * (1 - exact) / RUNS));
}

describe('against exact dynamic programming', () => {
  // Three errors in every period: each is the candidate's with the odds of its requests times its rate.
  const [n, m] = [50, 950];
  const share = (ratio: number): number => ratio * n / (ratio * n + m);
  const rateRun = (ratio: number, multiples: readonly number[], bound: number) => () => {
    const increments = new Float64Array(multiples.length);
    const prepared = multiplesOf(multiples);
    return {
      mixture: new PlainMixture(multiples.length),
      step: (random: Random) => {
        const bad = random.binomial(3, share(ratio));
        return rateIncrements(
          { candidateTotal: n, candidateBad: bad, productionTotal: m, productionBad: 3 - bad },
          { ratio: bound, tolerance: 0 },
          prepared,
          1,
          increments,
        );
      },
    };
  };
  const rateRatios = (multiples: readonly number[], bound: number): [number, number][] =>
    multiples.map((multiple) => [share(multiple * bound) / share(bound), (1 - share(multiple * bound)) / (1 - share(bound))]);

  test.each([['no regression', 1, 7], ['twice the rate', 2, 8]])('rate e-process, %s', (_, ratio, seed) => {
    const exact = crossing(30, 3, share(ratio), rateRatios(REGRESSION_MULTIPLES, 1), 100);
    expectWithinMonteCarloError(simulated(seed * 100_000, 30, 100, rateRun(ratio, REGRESSION_MULTIPLES, 1)), exact);
    if (ratio === 1) {
      expect(exact).toBeLessThanOrEqual(0.01);
    }
  });

  test('certification, at the margin and healthy', () => {
    for (const [ratio, seed] of [[1.5, 10], [1, 11]]) {
      const exact = crossing(30, 3, share(ratio), rateRatios(CERTIFICATION_MULTIPLES, 1.5), 20);
      expectWithinMonteCarloError(simulated(seed * 100_000, 30, 20, rateRun(ratio, CERTIFICATION_MULTIPLES, 1.5)), exact);
      if (ratio === 1.5) {
        expect(exact).toBeLessThanOrEqual(0.05);
      }
    }
  });

  test('disagreement of shadow pairs, at the bound and beyond', () => {
    const ratios = disagreementRatios(0.1, 'regression');
    const plain = REGRESSION_MULTIPLES.filter((multiple) => multiple * 0.1 < 1).map((multiple): [number, number] => [
      multiple,
      (1 - multiple * 0.1) / 0.9,
    ]);
    for (const [p, seed] of [[0.1, 12], [0.15, 13]]) {
      const exact = crossing(20, 10, p, plain, 100);
      const increments = new Float64Array(ratios.perSuccess.length);
      const measured = simulated(seed * 100_000, 20, 100, () => ({
        mixture: new PlainMixture(increments.length),
        step: (random) => {
          const disagreements = random.binomial(10, p);
          return pairIncrements(disagreements, 10 - disagreements, ratios, increments);
        },
      }));
      expectWithinMonteCarloError(measured, exact);
    }
  });

  test('discordant labelled pairs, no difference', () => {
    const ratios = discordanceRatios(1, 'regression');
    const plain = REGRESSION_MULTIPLES.map((multiple): [number, number] => [2 * multiple / (1 + multiple), 2 / (1 + multiple)]);
    const exact = crossing(25, 5, 0.5, plain, 100);
    const increments = new Float64Array(ratios.perSuccess.length);
    const measured = simulated(1_400_000, 25, 100, () => ({
      mixture: new PlainMixture(increments.length),
      step: (random) => {
        const wrong = random.binomial(5, 0.5);
        return pairIncrements(wrong, 5 - wrong, ratios, increments);
      },
    }));
    expect(exact).toBeLessThanOrEqual(0.01);
    expectWithinMonteCarloError(measured, exact);
  });

  test('the reserve mixture has mean exactly 1 after every period, over all its paths', () => {
    const multiples = multiplesOf(REGRESSION_MULTIPLES);
    const chances = binomial(3, share(1));
    const mean = (history: readonly number[], mass: number): number => {
      if (history.length === 5) {
        const mixture = new ReserveMixture(REGRESSION_MULTIPLES.length, 4, 0.6);
        for (const bad of history) {
          mixture.add(
            rateIncrements(
              { candidateTotal: n, candidateBad: bad, productionTotal: m, productionBad: 3 - bad },
              { ratio: 1, tolerance: 0 },
              multiples,
              1,
              new Float64Array(REGRESSION_MULTIPLES.length),
            ),
          );
        }
        return mass * Math.exp(mixture.logEvidence());
      }
      return chances.reduce((sum, chance, bad) => sum + mean([...history, bad], mass * chance), 0);
    };
    expect(mean([], 1)).toBeCloseTo(1, 10);
  });

  test('certification remembers that it was reached, until it is restarted', () => {
    const certification = new Certification(1, Math.log(20));
    certification.add(Float64Array.of(4));
    certification.add(Float64Array.of(-9));
    expect(certification.certified).toBe(true);
    certification.restart();
    expect(certification.certified).toBe(false);
    expect(certification.logEvidence()).toBe(0);
  });
});
