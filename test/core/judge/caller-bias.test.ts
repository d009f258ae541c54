import { callerBias, type CallerCounts, type SidesOfCell } from '../../../lib/core/judge/caller-bias';
import { randomOf } from '../../../rehearsal/engine/random';

const HOURS = 24;
const part = (mine: number): SidesOfCell => ({ mine, others: 1 - mine });
const mine = (cell: number): SidesOfCell => part(cell < 5 ? 1 : 0);

/** A day of a hundred cells, each of which fails a share of its requests. */
function day(
  rateOf: (cell: number, hour: number) => number,
  { requests = 3_600, seed = 1, requestsOf = (_cell: number, _hour: number) => requests / 100 } = {},
): CallerCounts[][] {
  const random = randomOf(seed);
  return Array.from({ length: HOURS }, (_, hour) =>
    Array.from({ length: 100 }, (__, cell) => {
      const total = random.poisson(requestsOf(cell, hour));
      return { total, bad: random.binomial(total, rateOf(cell, hour)) };
    }),
  );
}

test('callers who fail three times as often as others do so within the limits, in rate and on top', () => {
  const { ratio, excess } = callerBias(day((cell) => (cell < 5 ? 0.03 : 0.01), { requests: 36_000 }), mine, 'rate', 3.8)!;
  expect(ratio.lower).toBeGreaterThan(2);
  expect(ratio.upper).toBeLessThan(4);
  expect(excess!.lower).toBeLessThan(0.02);
  expect(excess!.upper).toBeGreaterThan(0.02);
  expect(excess!.upper).toBeLessThan(0.03);
});

test.each([['rate', 0.01], ['odds', 0.4]] as const)('the true %s ratio of callers alike is within two standard errors in 19 days of 20', (form, rate) => {
  const hits = Array.from(
    { length: 300 },
    (_, seed) =>
      callerBias(
        day(() => rate, { seed }),
        mine,
        form,
        1.96,
      )!.ratio,
  ).filter(({ lower, upper }) => lower <= 1 && 1 <= upper).length;
  expect(hits / 300).toBeGreaterThan(0.92);
});

test('an hour in which everybody fails, and hours in which only some were there, say nothing of callers', () => {
  // The candidate's callers come at night only, when everybody fails four times as often.
  const atNight = day((_, hour) => (hour < 6 ? 0.04 : 0.01), { requestsOf: (cell, hour) => (cell < 5 && hour >= 6 ? 0 : 360) });
  const { ratio } = callerBias(atNight, mine, 'rate', 3)!;
  expect(ratio.lower).toBeLessThan(1);
  expect(ratio.upper).toBeLessThan(1.3);
});

test('callers who are now better, now worse, are known less well than callers who stay as they are', () => {
  const width = (spread: number): number => {
    const { ratio: { lower, upper } } = callerBias(day((cell, hour) => 0.02 * (cell < 5 && hour % 2 === 0 ? spread : 1), { requests: 360_000 }), mine, 'rate', 3)!;
    return Math.log(upper / lower);
  };
  expect(width(3)).toBeGreaterThan(3 * width(1));
});

test('of a cell that is cut nobody knows who of it failed', () => {
  const broken = day((cell) => (cell === 0 ? 1 : 0.001), { requests: 36_000 });
  const whole = callerBias(broken, mine, 'rate', 3)!;
  const half = callerBias(broken, (cell) => (cell === 0 ? part(0.5) : mine(cell)), 'rate', 3)!;
  expect(whole.ratio.upper / whole.ratio.lower).toBeLessThan(half.ratio.upper / half.ratio.lower);
  expect(half.ratio.upper).toBeGreaterThan(whole.ratio.lower);
});

test('no failure in a day is no proof that there never is one, and no history is none', () => {
  const { ratio, excess } = callerBias(day((cell) => (cell < 5 ? 0 : 0.01), { requests: 3_600 }), mine, 'rate', 3)!;
  expect(ratio.upper).toBeGreaterThan(0);
  expect(Number.isFinite(ratio.upper)).toBe(true);
  expect(excess!.upper).toBeGreaterThan(-0.01);
  expect(callerBias([], mine, 'rate', 3)).toBeUndefined();
  expect(callerBias(day(() => 0.5), () => part(0), 'odds', 3)).toBeUndefined();
});
