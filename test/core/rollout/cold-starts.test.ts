import { slowStarts } from '../../../lib/core/rollout/cold-starts';
import { randomOf } from '../../../rehearsal/engine/random';

const random = randomOf(1);
/** Log-normal, p99 1.8 times the median. */
const starts = (count: number, medianMs: number): number[] =>
  Array.from({ length: count }, () => medianMs * Math.exp(0.25 * random.normal()));
const named = (count: number, factor: number): number =>
  Array.from({ length: 2_000 }, () => slowStarts(starts(count, 2_000 * factor), starts(count, 2_000))).filter(
    (sentence) => sentence !== undefined,
  ).length / 2_000;

test.each([5, 8, 16, 40])('of equal versions, %i starts each, hardly any is named; of those that start twice as slowly most are', (count) => {
  expect(named(count, 1)).toBeLessThan(0.01);
  expect(named(count, 2)).toBeGreaterThan(count < 10 ? 0.6 : 0.9);
});

test('it says how long they take', () => {
  expect(
    slowStarts(
      [3_700, 3_800, 3_900, 4_000, 4_100, 4_200, 4_300, 4_400, 4_500],
      [1_900, 2_000, 2_000, 2_000, 2_050, 2_100, 2_150, 2_200, 2_250],
    ),
  ).toBe("its environments take 4100 ms to start (median of 9) where production's take 2050 ms (of 9), 2 times as long");
});

test('few starts, or quicker ones, say nothing', () => {
  expect(slowStarts(starts(4, 9_000), starts(50, 1_000))).toBeUndefined();
  expect(slowStarts(starts(50, 9_000), [])).toBeUndefined();
  expect(slowStarts(starts(50, 1_000), starts(50, 9_000))).toBeUndefined();
});
