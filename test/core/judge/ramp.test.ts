import { bakeForGrowth, excessBound, nextShare } from '../../../lib/core/judge/ramp';

const limit = { budget: 200, requestsPerSecond: 100, reactionSeconds: 120, cap: 0.95, growth: 3 };
const unknown = { candidateRequests: 0, candidateBad: 0, productionRate: 0.01, certified: false, tolerated: 0.0005, worst: 1 };

describe('ramp', () => {
  test('starts with a share that keeps a total failure within the budget', () => {
    expect(nextShare(0, 1, limit)).toBeCloseTo(200 / 12_000, 12);
    expect(nextShare(0, excessBound(unknown), limit)).toBeCloseTo(200 / (12_000 * 0.9995), 9);
  });

  test('is limited by growth, by the cap, and by nothing else once certified', () => {
    const certified = excessBound({ ...unknown, certified: true });
    expect(certified).toBe(0);
    expect(nextShare(0.1, certified, limit)).toBeCloseTo(0.3, 12);
    expect(nextShare(0.5, certified, limit)).toBe(0.95);
    expect(nextShare(0, certified, limit)).toBe(0.95);
  });

  test('bounds the excess by the ratio, by a clean record, and by the worst that is assumed', () => {
    expect(excessBound({ ...unknown, candidateRequests: 3000, candidateBad: 40, ratioUpper: 2 })).toBeCloseTo(0.0095, 12);
    expect(excessBound({ ...unknown, candidateRequests: 3000 })).toBeCloseTo(0.0005, 12);
    expect(excessBound({ ...unknown, candidateRequests: 3000, candidateBad: 40, productionRate: 0 })).toBeCloseTo(0.9995, 12);
    expect(excessBound({ ...unknown, candidateRequests: 3000, candidateBad: 40, ratioUpper: 0.9 })).toBe(0);
    expect(excessBound({ ...unknown, worst: 0.1 })).toBeCloseTo(0.0995, 12);
  });

  test('grows no faster than the budget lets it learn', () => {
    expect(bakeForGrowth(limit)).toBeCloseTo(3 * 120 * Math.log(20) / 200, 12);
  });
});
