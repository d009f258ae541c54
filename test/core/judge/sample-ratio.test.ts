import fc from 'fast-check';
import { SampleRatioEvidence } from '../../../lib/core/judge/sample-ratio';

function after(
  periods: readonly (readonly [candidate: number, production: number, share: number])[],
  tolerance = 0.05,
  overdispersion = 1,
): number {
  const evidence = new SampleRatioEvidence(tolerance, overdispersion);
  periods.forEach((period) => evidence.add(...period));
  return evidence.logEvidence();
}

describe('sample ratio', () => {
  test('has mean exactly 1 when the split is as configured and nothing is tolerated', () => {
    for (const share of [0.05, 0.5, 0.99]) {
      let mean = 0;
      for (let k = 0; k <= 20; k++) {
        let coefficient = 1;
        for (let i = 1; i <= k; i++) {
          coefficient *= (20 - k + i) / i;
        }
        mean += coefficient * share ** k * (1 - share) ** (20 - k) * Math.exp(after([[k, 20 - k, share]], 0));
      }
      expect(mean).toBeCloseTo(1, 10);
    }
  });

  test('fires within a minute when the candidate receives nothing', () => {
    expect(after([[0, 600, 0.05]])).toBeGreaterThan(Math.log(1000));
  });

  test('tolerates what it is told to, in both directions, over moving shares', () => {
    const day = (factor: number): (readonly [number, number, number])[] => Array.from({ length: 1440 }, (_, t) => {
      const share = [0.01, 0.05, 0.25][Math.floor(t / 480)];
      const odds = factor * share / (1 - share);
      return [6000 * odds / (1 + odds), 6000 / (1 + odds), share];
    });
    expect(after(day(1))).toBeLessThan(0);
    expect(after(day(1.049))).toBeLessThan(0);
    expect(after(day(1 / 1.049))).toBeLessThan(0);
    expect(after(day(1.2))).toBeGreaterThan(Math.log(1000));
    expect(after(day(1 / 1.2))).toBeGreaterThan(Math.log(1000));
  });

  test('is not alarmed by a split that is off by 0.2 % among 86 million requests, and is by what is not tolerated', () => {
    const day = (factor: number): (readonly [number, number, number])[] =>
      Array.from({ length: 1440 }, () => [Math.round(60_000 * 0.05 * factor), Math.round(60_000 * (1 - 0.05 * factor)), 0.05]);
    expect(after(day(1.002))).toBeLessThan(0);
    expect(after(day(0.998))).toBeLessThan(0);
    expect(after(day(1.1))).toBeGreaterThan(Math.log(1000));
  });

  test('has nothing to say about a share that splits nothing', () => {
    expect(after([[0, 1000, 0], [1000, 0, 1], [5, 1000, 0], [1, 1, NaN]])).toBe(0);
  });

  test('is weakened by overdispersion', () => {
    expect(after([[100, 900, 0.05]], 0.05, 3)).toBeLessThan(after([[100, 900, 0.05]]));
  });

  test('does not depend on the order of the periods, and stays finite at a billion requests', () => {
    const period = fc.tuple(fc.nat(1_000_000_000), fc.nat(1_000_000_000), fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }));
    fc.assert(fc.property(fc.array(period, { minLength: 1, maxLength: 6 }), (periods) => {
      const value = after(periods);
      expect(Number.isFinite(value)).toBe(true);
      const reversed = after([...periods].reverse());
      expect(Math.abs(value - reversed)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(value)));
    }), { seed: 7 });
  });
});
