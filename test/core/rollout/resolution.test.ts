import fc from 'fast-check';
import { closedTime, coarserPeriods, endOf, finestSeconds, partsOf, startOf } from '../../../lib/core/rollout/resolution';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const minutes = { periodSeconds: 60, delaySeconds: 60 };
const tenSeconds = { periodSeconds: 10, delaySeconds: 20 };
const START = startOf({ metrics: minutes, deadlineSeconds: 3_600 }, Date.UTC(2026, 0, 13, 9, 7, 2));

/** How long CloudWatch has periods of a length, by its documentation of GetMetricData. */
const kept = (seconds: number): number => {
  if (seconds < 60) {
    return 3 * HOUR;
  }
  if (seconds < 300) {
    return 15 * DAY;
  }
  if (seconds < 3_600) {
    return 63 * DAY;
  }
  return 455 * DAY;
};

test.each([
  ['an hour of ten seconds', tenSeconds, 3_600, [[0, 10]]],
  ['four hours, of which ten seconds would be gone', tenSeconds, 4 * 3_600, [[0, 60]]],
  ['a day', minutes, 86_400, [[0, 60]]],
  ['the week that nobody waits for', minutes, 7 * 86_400, [[0, 60], [DAY, 300], [5 * DAY, 900]]],
  ['a month, after which minutes would be gone', minutes, 30 * 86_400, [[0, 300], [5 * DAY, 900]]],
  ['a year, after which all but hours would be', minutes, 365 * 86_400, [[0, 3_600]]],
])('%s is judged by periods of lengths that follow from the plan alone', (_, metrics, deadlineSeconds, expected) => {
  const plan = { metrics, deadlineSeconds };
  const start = startOf(plan, START);
  const parts = partsOf(closedTime(plan, start, start + deadlineSeconds * 1_000));
  expect(
    parts.map(({ start: at, periodSeconds }, index) => [index === 0 ? 0 : Math.floor((at - start) / DAY) * DAY, periodSeconds]),
  ).toEqual(expected);
  // Every judgement reads all of it again.
  expect(parts.reduce((sum, part) => sum + (part.until - part.start) / (part.periodSeconds * 1_000), 0)).toBeLessThan(9_000);
});

test('at whatever time a rollout of whatever length is judged, its periods are there, are CloudWatch\'s own, and are cut as they were before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 600, max: 400 * 86_400 }),
      fc.constantFrom(minutes, tenSeconds),
      fc.integer({ min: 0, max: 86_399 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (deadlineSeconds, metrics, second, part) => {
        const plan = { metrics, deadlineSeconds };
        const start = startOf(plan, START + second * 1_000);
        const until = start + Math.floor(part * deadlineSeconds) * 1_000;
        const time = closedTime(plan, start, until);
        const parts = partsOf(time);
        const whole = partsOf(closedTime(plan, start, start + deadlineSeconds * 1_000 + DAY));
        parts.forEach(({ start: at, until: end, periodSeconds }, index) => {
          expect([at % (periodSeconds * 1_000), (end - at) % (periodSeconds * 1_000)]).toEqual([0, 0]);
          expect(until - at).toBeLessThanOrEqual(kept(periodSeconds));
          expect([at, periodSeconds]).toEqual([whole[index].start, whole[index].periodSeconds]);
          expect(endOf(time, at)).toBe(at + periodSeconds * 1_000);
          expect(end).toBe(parts[index + 1]?.start ?? time.until);
        });
        expect(time.until).toBeLessThanOrEqual(until);
        expect(until - time.until).toBeLessThan(parts[parts.length - 1].periodSeconds * 1_000 + (until < start ? Infinity : 3_600_000));
        const grid = coarserPeriods(plan, start);
        expect(grid.map(({ after, length }) => [start + after * finestSeconds(plan) * 1_000, length * finestSeconds(plan)])).toEqual(
          whole.slice(1).map((each) => [each.start, each.periodSeconds]),
        );
      },
    ),
    { seed: 5, numRuns: 500 },
  );
});
