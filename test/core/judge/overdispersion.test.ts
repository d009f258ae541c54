import { randomOf } from '../../../rehearsal/engine/random';
import { minuteOf, type Scenario, steady, withOutages } from '../../../benchmarks/judge/traces';
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

  test('skips periods without traffic', () => {
    const periods = history(steady(100, 0.01), 1440, 4).map((period, i) => (i % 50 < 3 ? { total: 0, bad: 0 } : period));
    expect(estimateOverdispersion(periods)).toBeLessThan(1.2);
  });
});
