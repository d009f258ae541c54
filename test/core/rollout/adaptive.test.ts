import fc from 'fast-check';
import { smallestDetectable } from '../../../lib/core/judge/information';
import { adaptiveSteps, affordableExcess, type AdaptiveInput, toleratedHarm } from '../../../lib/core/rollout/adaptive';

const comparison = { alpha: 0.01, allowed: { ratio: 1.1, tolerance: 0.0005 }, settlingSeconds: 0 };
const input: AdaptiveInput = {
  harmBudget: 200,
  requestsPerSecond: 100,
  errorRate: 0.01,
  regression: 2,
  reactionSeconds: 180,
  growth: 5,
  firstShare: 0.1,
  leastBakeSeconds: 300,
  finalShare: 0.95,
  comparison,
};
const shares = (more: Partial<AdaptiveInput>): number[] => adaptiveSteps({ ...input, ...more }).map(({ share }) => share);

describe('steps from a harm budget', () => {
  test('begin where a total failure stays within it, and grow', () => {
    expect(shares({})).toEqual([0.011, 0.055, 0.27]);
    expect(shares({ growth: 2 })).toEqual([0.011, 0.022, 0.044, 0.088, 0.17, 0.34, 0.68]);
  });

  test('begin with the largest first share where the budget affords it', () => expect(shares({ requestsPerSecond: 1 })).toEqual([0.1, 0.5]));

  test('are none where the first share is the final one', () => expect(shares({ firstShare: 0.95, requestsPerSecond: 0.1 })).toEqual([]));

  test('last longer the smaller the budget and the fewer the requests', () => {
    const total = (more: Partial<AdaptiveInput>): number =>
      adaptiveSteps({ ...input, ...more }).reduce((sum, { bakeSeconds }) => sum + bakeSeconds, 0);
    expect(total({ harmBudget: 100 })).toBeGreaterThan(total({}));
    expect(total({ requestsPerSecond: 10 })).toBeGreaterThan(total({}));
    // The reference simulated 16 minutes for a healthy candidate at this budget, its final bake not counted.
    expect(total({})).toBeLessThan(17 * 60);
  });

  test('fail to end where the comparison tolerates more than the budget', () => {
    const tight = { ...input, requestsPerSecond: 1_000 };
    expect(toleratedHarm(tight)).toBeCloseTo(1_000 * 180 * 0.95 * 0.0015, 6);
    expect(adaptiveSteps(tight).at(-1)!.bakeSeconds).toBe(Infinity);
    expect(adaptiveSteps({ ...tight, harmBudget: 1.5 * toleratedHarm(tight) }).at(-1)!.bakeSeconds).toBeLessThan(Infinity);
  });

  test('never reach a share whose harm within a reaction exceeds the budget, but with a chance of one in twenty', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 5_000, noNaN: true }),
        fc.double({ min: 0.001, max: 0.2, noNaN: true }),
        fc.double({ min: 1.05, max: 20, noNaN: true }),
        fc.double({ min: 1.2, max: 20, noNaN: true }),
        fc.integer({ min: 30, max: 600 }),
        (requestsPerSecond, errorRate, slack, growth, reactionSeconds) => {
          const free = { ...input, requestsPerSecond, errorRate, growth, reactionSeconds, regression: 4 };
          const given = { ...free, harmBudget: Math.max(1e-3, slack * toleratedHarm(free)) };
          const steps = adaptiveSteps(given);
          const harm = (share: number, excess: number): number => requestsPerSecond * reactionSeconds * share * excess;
          expect(harm(steps[0].share, 1)).toBeLessThanOrEqual(given.harmBudget * (1 + 1e-9));
          steps.forEach(({ share, bakeSeconds }, index) => {
            const next = steps[index + 1]?.share ?? given.finalShare;
            expect(next).toBeGreaterThan(share);
            expect(next / share).toBeLessThanOrEqual(growth * (1 + 1e-9));
            if (errorRate + affordableExcess(given, next) < 1) {
              const found = smallestDetectable(
                { requestsPerSecond, share, alpha: comparison.alpha },
                errorRate,
                comparison.allowed,
                bakeSeconds,
              )!;
              expect(harm(next, found - errorRate)).toBeLessThanOrEqual(given.harmBudget * (1 + 1e-6));
            }
          });
          const last = steps.at(-1)!;
          const found = smallestDetectable(
            { requestsPerSecond, share: last.share, alpha: comparison.alpha },
            errorRate,
            comparison.allowed,
            last.bakeSeconds,
          )!;
          expect(found).toBeLessThanOrEqual(4 * errorRate * (1 + 1e-6));
        },
      ),
      { numRuns: 200, seed: 7 },
    );
  });
});
