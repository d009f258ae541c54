import { randomOf } from '../../../rehearsal/engine/random';
import { boundedSums, largestDeviation, type OutcomeBounds } from '../../../lib/core/judge/bounded-means';
import { judge } from '../../../lib/core/judge/judge';
import type { Judgement } from '../../../lib/core/judge/judgement';
import type { Period } from '../../../lib/core/judge/period';
import type { JudgePlan, MeanPlan } from '../../../lib/core/judge/plan';

/** Means of which only number and sum are known, within bounds. */

const MINUTE = 60_000;
const PERIODS = 120;
const stars: OutcomeBounds = { lowest: 1, highest: 5 };

const planOf = (bounds: OutcomeBounds, worse: MeanPlan['worse'] = 'lower'): JudgePlan => ({
  start: 0, periodMs: MINUTE, plannedPeriods: PERIODS,
  guardrails: [{ kind: 'mean', name: 'score', label: 'score', worse, bounds, capped: true, standardDeviation: largestDeviation(0.75, bounds) }],
});

/** Sum of `count` values whose mean is `mean`. */
type Draw = (random: ReturnType<typeof randomOf>, count: number, mean: number, bounds: OutcomeBounds) => number;

/** All values at the ends: no other values with this mean vary as much, so that the bound is what they do. */
const ends: Draw = (random, count, mean, { lowest, highest }) =>
  count * lowest + (highest - lowest) * random.binomial(count, (mean - lowest) / (highest - lowest));

/** Stars: four chances of one more, so that the variance is a quarter of the bound. */
const steps: Draw = (random, count, mean, { lowest, highest }) =>
  count * lowest + (highest - lowest) / 4 * random.binomial(4 * count, (mean - lowest) / (highest - lowest));

/** A rollout of two hours in which weights and production's mean move together. */
function periods(seed: number, draw: Draw, bounds: OutcomeBounds, factor: number, { level = 0.75, perMinute = 400 } = {}): Period[] {
  const random = randomOf(seed);
  return Array.from({ length: PERIODS }, (_, k): Period => {
    const share = k < 40 ? 0.05 : 0.25;
    const above = (bounds.highest - bounds.lowest) * level * (1 - 0.13 * Math.sin(k / 20));
    const side = (weight: number, mean: number): ReturnType<typeof boundedSums> => {
      const count = random.poisson(perMinute * weight);
      return boundedSums(count, draw(random, count, mean, bounds), bounds);
    };
    const [candidate, production] = [side(share, bounds.lowest + factor * above), side(1 - share, bounds.lowest + above)];
    return { start: k * MINUTE, step: 0, share, requests: { candidate: 1_000 * share, production: 1_000 * (1 - share) }, measurements: { score: { kind: 'mean', candidate, production } } };
  });
}

const judged = (all: readonly Period[], plan: JudgePlan): Judgement => judge(plan, all, { step: 0, closedUntil: all.length * MINUTE });

function rolledBack(runs: number, draw: Draw, bounds: OutcomeBounds, factor: number, worse: MeanPlan['worse'] = 'lower', traffic?: Parameters<typeof periods>[4]): number {
  return Array.from({ length: runs }, (_, seed) => judged(periods(seed, draw, bounds, factor, traffic), planOf(bounds, worse)).verdict).filter((verdict) => verdict === 'roll back').length;
}

describe('sums within bounds', () => {
  test('have moments that are never less than those of the values', () => {
    const random = randomOf(7);
    for (let run = 0; run < 200; run++) {
      const values = Array.from({ length: 1 + Math.floor(20 * random.uniform()) }, () => 1 + 4 * random.beta(0.5, 0.5));
      const { count, sum, sumOfSquares, cappedSum } = boundedSums(values.length, values.reduce((a, b) => a + b, 0), stars);
      expect(sum).toBeCloseTo(values.reduce((a, b) => a + b - 1, 0), 9);
      expect(sumOfSquares).toBeGreaterThanOrEqual(values.reduce((a, b) => a + (b - 1) ** 2, 0) - 1e-9);
      expect(sumOfSquares / count - (sum / count) ** 2).toBeCloseTo(largestDeviation(cappedSum / count, stars) ** 2, 9);
    }
  });

  test('at a bound are at it, however sums were rounded', () => {
    expect(boundedSums(3, 3 - 1e-12, stars)).toEqual({ count: 3, sum: 0, sumOfSquares: 0, cappedSum: 0 });
    expect(boundedSums(3, 15 + 1e-11, stars)).toEqual({ count: 3, sum: 12, sumOfSquares: 48, cappedSum: 3 });
  });

  test.each<[string, number, number, RegExp]>([
    ['below the lowest', 10, 5, /candidate has a mean of 0.5 over 10 outcomes, not between 1 and 5/], ['above the highest', 10, 60, /candidate has a mean of 6/],
    ['no number', 10, NaN, /candidate has a mean of NaN/], ['of a negative number', -1, -3, /candidate has -1 outcomes/],
  ])('that are %s make the analysis invalid', (_, count, sum, problem) => {
    const all = periods(1, steps, stars, 1);
    const broken = all.map((period, k): Period =>
      k !== 60
        ? period
        : { ...period, measurements: { score: { ...period.measurements.score!, candidate: boundedSums(count, sum, stars) } as never } },
    );
    const { verdict, problems } = judged(broken, planOf(stars));
    expect(verdict).toBe('invalid');
    expect(JSON.stringify(problems)).toMatch(problem);
  });
});

describe('by simulation, with an alpha of 1 in 100', () => {
  const runs = 200;

  test.each<[string, Draw, OutcomeBounds, MeanPlan['worse'], number, Parameters<typeof periods>[4]]>([
    ['stars as bad as is allowed', steps, stars, 'lower', 0.95, {}], ['values at the ends as bad as is allowed', ends, stars, 'lower', 0.95, {}],
    ['signed values as bad as is allowed', ends, { lowest: -1, highest: 1 }, 'lower', 0.95, {}], ['costs as high as is allowed', ends, { lowest: 0, highest: 30 }, 'higher', 1.05, {}],
    ['rare high values as bad as is allowed', ends, { lowest: 0, highest: 1_000 }, 'higher', 1.05, { level: 0.01, perMinute: 1_000 }],
    ['rare low values as bad as is allowed', ends, { lowest: 0, highest: 1 }, 'lower', 0.95, { level: 0.88, perMinute: 60 }],
  ])('%s are rolled back by mistake in less than 1 of 100 rollouts', (_, draw, bounds, worse, factor, traffic) => {
    expect(rolledBack(runs, draw, bounds, factor, worse, traffic)).toBeLessThanOrEqual(runs / 100);
  });

  test.each<[string, Draw, OutcomeBounds, MeanPlan['worse'], number]>([
    ['stars', steps, stars, 'lower', 0.8], ['values at the ends', ends, stars, 'lower', 0.8], ['costs', ends, { lowest: 0, highest: 30 }, 'higher', 1.25],
  ])('%s that are a fifth or a quarter worse are rolled back in nearly all', (_, draw, bounds, worse, factor) => {
    expect(rolledBack(50, draw, bounds, factor, worse)).toBeGreaterThanOrEqual(48);
  });

  test('a candidate as good as production is certified, one at the margin in less than 1 of 20', () => {
    const certified = (factor: number, count: number): number => Array.from({ length: count }, (_, seed) =>
      judged(periods(seed, steps, stars, factor), planOf(stars)).guardrails[0].certified).filter(Boolean).length;
    expect(certified(1, 50)).toBeGreaterThanOrEqual(48);
    expect(certified(0.9, 200)).toBeLessThanOrEqual(10);
  });
});

test('means are told as values are, and not as what they are above the lowest', () => {
  expect(judged(periods(3, steps, stars, 0.8), planOf(stars)).sentence).toMatch(/^score 3\.3 against 3\.8 in production, 384 outcomes; evidence 124 > 100 at /);
});
