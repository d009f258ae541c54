import { randomOf } from '../../../rehearsal/engine/random';
import { minuteOf, type Scenario, steady, withOutages } from '../../../benchmarks/judge/simulation/traces';
import { estimateOverdispersion, type HistoryPeriod } from '../../../lib/core/judge/overdispersion';

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
