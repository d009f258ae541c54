import fc from 'fast-check';
import { logAddExp, logMeanExp, logSumExp } from '../../../lib/core/judge/log-domain';
import { PlainMixture, ReserveMixture } from '../../../lib/core/judge/mixture';

/** The reserve mixture as its definition reads, without logarithms. */
function naive(periods: readonly number[][], horizon: number, first: number): number {
  const size = periods[0].length;
  const wealth = new Array<number>(size).fill(0);
  let cash = 1;
  periods.forEach((increments, t) => {
    const investment = Math.min(cash, t === 0 ? first : (1 - first) / (horizon - 1));
    cash -= investment;
    increments.forEach((increment, j) => (wealth[j] = (wealth[j] + investment / size) * Math.exp(increment)));
  });
  return cash + wealth.reduce((sum, value) => sum + value, 0);
}

const path = fc.array(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 }), {
  minLength: 1,
  maxLength: 30,
});

describe('log domain', () => {
  test('adds and averages without overflow', () => {
    expect(logAddExp(1000, 1000)).toBeCloseTo(1000 + Math.LN2, 12);
    expect(logAddExp(-Infinity, 3)).toBe(3);
    expect(logAddExp(-Infinity, -Infinity)).toBe(-Infinity);
    expect(logSumExp([])).toBe(-Infinity);
    expect(logSumExp([-1e6, -1e6])).toBeCloseTo(-1e6 + Math.LN2, 6);
    expect(logMeanExp([5, 5, 5])).toBeCloseTo(5, 12);
  });
});

describe('reserve mixture', () => {
  test('is what its definition says', () => {
    fc.assert(
      fc.property(path, fc.double({ min: 0.05, max: 1, noNaN: true }), fc.integer({ min: 2, max: 60 }), (periods, first, horizon) => {
        const mixture = new ReserveMixture(3, horizon, first);
        periods.forEach((increments) => mixture.add(Float64Array.from(increments)));
        expect(mixture.logEvidence()).toBeCloseTo(Math.log(naive(periods, horizon, first)), 8);
      }),
      { seed: 3 },
    );
  });

  test('starts at 1 and stays there while nothing happens, past the horizon too', () => {
    const mixture = new ReserveMixture(8, 5, 0.8);
    expect(mixture.logEvidence()).toBe(0);
    for (let t = 0; t < 12; t++) {
      mixture.add(new Float64Array(8));
      expect(mixture.logEvidence()).toBeCloseTo(0, 12);
    }
  });

  test('invests in a gap what it would have invested in periods that said nothing', () => {
    const [gap, filled] = [new ReserveMixture(2, 10, 0.5), new ReserveMixture(2, 10, 0.5)];
    const increments = Float64Array.of(1, -1);
    gap.add(increments, 4);
    for (let t = 0; t < 3; t++) {
      filled.add(new Float64Array(2));
    }
    filled.add(increments);
    expect(gap.logEvidence()).toBeCloseTo(filled.logEvidence(), 12);
  });

  test('lasts to the deadline: what starts after the planned periods still finds fresh wealth', () => {
    const after = (longest: number | undefined): number => {
      const mixture = new ReserveMixture(1, 40, 0.8, { longest });
      for (let t = 0; t < 60; t++) {
        mixture.add(Float64Array.of(-2));
      }
      for (let t = 0; t < 10; t++) {
        mixture.add(Float64Array.of(1));
      }
      return mixture.logEvidence();
    };
    expect(after(undefined)).toBeLessThan(-20);
    // A week from the start is the deadline of rollouts that nobody waits for: it costs little more than knowing the end.
    expect(after(98)).toBeGreaterThan(3);
    expect(after(10_080)).toBeGreaterThan(after(98) - 1.5);
  });

  test('has spent all of it at the deadline, and none of it twice', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 400 }), (planned, longest) => {
      const mixture = new ReserveMixture(2, planned, 0.8, { longest, weights: [3, 1] });
      for (let t = 0; t < longest + 2; t++) {
        mixture.add(new Float64Array(2));
        expect(mixture.logEvidence()).toBeCloseTo(0, 10);
      }
    }), { seed: 4 });
  });

  test('of a single planned period invests everything at once', () => {
    const mixture = new ReserveMixture(1, 1, 0.8);
    mixture.add(Float64Array.of(2));
    expect(mixture.logEvidence()).toBeCloseTo(2, 12);
  });

  test('stays finite whatever the increments, where a plain number would overflow or vanish', () => {
    const mixture = new ReserveMixture(2, 100, 0.8);
    mixture.add(Float64Array.of(1e10, -1e10));
    expect(mixture.logEvidence()).toBeCloseTo(1e10 + Math.log(0.4), 4);
    mixture.add(Float64Array.of(-3e10, -1e10));
    // What health has eaten is gone, the cash is not.
    expect(mixture.logEvidence()).toBeLessThan(0);
    expect(mixture.logEvidence()).toBeGreaterThan(Math.log(0.19));
  });

  test('sees a late regression that the plain mixture has become blind to', () => {
    const [reserve, plain] = [new ReserveMixture(1, 200, 0.8), new PlainMixture(1)];
    for (let t = 0; t < 120; t++) {
      const increments = Float64Array.of(t < 100 ? -1 : 1);
      reserve.add(increments);
      plain.add(increments);
    }
    expect(reserve.logEvidence()).toBeGreaterThan(10);
    expect(plain.logEvidence()).toBe(-80);
  });
});
