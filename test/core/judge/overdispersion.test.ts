import { randomOf } from '../../../rehearsal/engine/random';
import { minuteOf, type Scenario, steady, withOutages } from '../../../benchmarks/judge/simulation/traces';
import { estimateOverdispersion, estimateWander, type HistoryPeriod, isBursty, isCalm, isSteady, wanderFactor } from '../../../lib/core/judge/overdispersion';

function history(scenario: Scenario, minutes: number, seed: number): HistoryPeriod[] {
  const random = randomOf(seed);
  return Array.from({ length: minutes }, (_, minute) => minuteOf(scenario, minute, random))
    .map(({ productionTotal, productionBad }) => ({ total: productionTotal, bad: productionBad }));
}

describe('overdispersion', () => {
  test('is about 1 for independent requests, outages or not', () => {
    for (const scenario of [steady(100, 0.01), withOutages(steady(100, 0.01))]) {
      expect(estimateOverdispersion(history(scenario, 1440, 1))).toBeLessThan(1.15);
    }
  });

  test('is near variance over mean for clusters, and as well where a minute rarely has an error', () => {
    for (const rate of [100, 1]) {
      const estimate = estimateOverdispersion(history({ ...steady(rate, 0.01), clustered: true }, 2880, 2))!;
      expect(estimate).toBeGreaterThan(rate === 100 ? 3.3 : 2.5);
      expect(estimate).toBeLessThan(4.6);
    }
  });

  test('is unknown from less than six hours, or where nothing bad has happened', () => {
    expect(estimateOverdispersion(history(steady(100, 0.01), 359, 3))).toBeUndefined();
    expect(estimateOverdispersion(Array.from({ length: 1440 }, () => ({ total: 1000, bad: 0 })))).toBeUndefined();
    expect(estimateOverdispersion(Array.from({ length: 1440 }, (_, i) => ({ total: 1000, bad: i === 7 ? 1 : 0 })))).toBeUndefined();
    expect(estimateOverdispersion([])).toBeUndefined();
  });

  test('sees what wanders within the hour, which from one minute to the next is hardly there', () => {
    const random = randomOf(6);
    let level = 0;
    const wandering = Array.from({ length: 1440 }, (): HistoryPeriod => {
      level = 0.9 * level + 0.44 * random.normal();
      return { total: 600, bad: random.poisson(6 * Math.exp(0.5 * level - 0.125)) };
    });
    expect(estimateOverdispersion(wandering)).toBeGreaterThan(3);
  });

  test('is 1 where there is too little to estimate it, for noise is no clustering', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomOf(seed);
      // 50 failures a day: one estimate in three was above 1.5 by the median of a few groups.
      expect(estimateOverdispersion(Array.from({ length: 1440 }, () => ({ total: 1e6, bad: random.poisson(50 / 1440) }))) ?? 1).toBe(1);
    }
  });

  test('skips periods without traffic', () => {
    const periods = history(steady(100, 0.01), 1440, 4).map((period, i) => (i % 50 < 3 ? { total: 0, bad: 0 } : period));
    expect(estimateOverdispersion(periods)).toBeLessThan(1.2);
  });
});

describe('what wanders by itself', () => {
  const wandering = (deviation: number, perMinute: number, seed = 6): HistoryPeriod[] => {
    const random = randomOf(seed);
    let level = random.normal();
    return Array.from({ length: 1440 }, (): HistoryPeriod => {
      level = Math.exp(-0.1) * level + Math.sqrt(1 - Math.exp(-0.2)) * random.normal();
      return { total: 100 * perMinute, bad: random.poisson(perMinute * Math.exp(deviation * level - deviation * deviation / 2)) };
    });
  };

  test('is found with the variance of a quarter of an hour', () => {
    // Six a minute, standard deviation 0.3 over ten minutes; the mean of fifteen has 0.643 of the variance: 6 × 15 × 0.09 × 0.643.
    const seen = [1, 2, 3, 4, 5].map((seed) => estimateWander(wandering(0.3, 6, seed))!.excess);
    const mean = seen.reduce((a, b) => a + b, 0) / seen.length;
    expect(mean).toBeGreaterThan(0.7 * 5.2);
    expect(mean).toBeLessThan(1.3 * 5.2);
    expect(estimateWander(wandering(0.3, 6))!.requests).toBe(600);
  });

  test('is none where requests are independent, clustered within their minute, or too few', () => {
    for (const scenario of [steady(100, 0.01), { ...steady(100, 0.01), clustered: true }]) {
      expect(estimateWander(history(scenario, 1440, 1))?.excess ?? 0).toBeLessThan(1);
    }
    expect(estimateWander(wandering(0.5, 0.1))).toBeUndefined();
    expect(estimateWander([])).toBeUndefined();
  });

  test('matters the less the smaller the part of the requests is in which it is met', () => {
    const wander = { excess: 10, requests: 600 };
    const factor = (share: number): number =>
      wanderFactor({ candidateTotal: 600 * share, candidateBad: 0, productionTotal: 600 * (1 - share), productionBad: 0 }, wander, 1);
    expect(factor(0.05)).toBeCloseTo(1.95);
    expect(factor(0.5)).toBeCloseTo(6);
    expect(factor(0.5)).toBeGreaterThan(factor(0.8));
    expect(wanderFactor({ candidateTotal: 1500, candidateBad: 0, productionTotal: 1500, productionBad: 0 }, wander, 5)).toBeCloseTo(6);
    expect(wanderFactor({ candidateTotal: 0, candidateBad: 0, productionTotal: 0, productionBad: 0 }, wander, 1)).toBe(1);
    expect(wanderFactor({ candidateTotal: 1, candidateBad: 0, productionTotal: 1, productionBad: 0 }, undefined, 1)).toBe(1);
  });
});

describe('a calm day', () => {
  const day = (bad: (minute: number) => number): HistoryPeriod[] =>
    Array.from({ length: 1440 }, (_, minute) => ({ total: 600, bad: bad(minute) }));

  test('has hardly any bad outcomes, and never several within five minutes', () => {
    expect(isCalm(day(() => 0))).toBe(true);
    expect(isCalm(day((minute) => (minute % 30 === 0 ? 1 : 0)))).toBe(true);
    expect(isCalm(day((minute) => (minute >= 700 && minute < 703 ? 2 : 0)))).toBe(false);
    expect(isCalm(day(() => 6))).toBe(false);
  });

  test('is a day: some hours of silence say nothing', () => {
    expect(isCalm(day(() => 0).slice(0, 359))).toBe(false);
    expect(isSteady(day(() => 6).slice(0, 359))).toBe(false);
    expect(isBursty(day((minute) => (minute === 100 ? 600 : 6)).slice(0, 359))).toBe(false);
  });

  test('is steady where there are many all day, and by day more than by night, but never so many within five minutes', () => {
    const random = randomOf(5);
    expect(isSteady(day(() => 0))).toBe(true);
    expect(isSteady(day(() => random.poisson(60)))).toBe(true);
    expect(isSteady(day((minute) => random.poisson(60 - 40 * Math.cos((2 * Math.PI * minute) / 1440))))).toBe(true);
    // An instance of twenty that fails a third of its requests for three minutes.
    const hung = day((minute) => random.poisson(minute >= 700 && minute < 703 ? 150 : 60));
    expect([isSteady(hung), isBursty(hung)]).toEqual([false, true]);
  });
});
