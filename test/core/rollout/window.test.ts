import { firstStart, inWindow, longestGap } from '../../../lib/core/rollout/window';

const at = (iso: string): number => Date.parse(iso);
const weekdays = { days: [1, 2, 3, 4, 5], fromMinute: 9 * 60, toMinute: 17 * 60, timeZone: 'Europe/Berlin' };

test('without windows it is always open', () => expect(inWindow([], 0)).toBe(true));

test.each([
  // Tuesday, winter: UTC+1
  ['2026-11-24T07:59:59Z', false], ['2026-11-24T08:00:00Z', true], ['2026-11-24T15:59:59Z', true], ['2026-11-24T16:00:00Z', false],
  // Tuesday, summer: UTC+2
  ['2026-07-14T06:59:59Z', false], ['2026-07-14T07:00:00Z', true], ['2026-07-14T15:00:00Z', false],
  // Sunday
  ['2026-11-22T10:00:00Z', false],
])('office hours in Berlin at %s: %s', (time, open) => expect(inWindow([weekdays], at(time))).toBe(open));

test.each([
  ['2026-11-21T21:30:00Z', false], ['2026-11-21T22:00:00Z', true], ['2026-11-22T03:59:00Z', true], ['2026-11-22T04:00:00Z', false],
  // The morning of the listed day belongs to the day before, which is not listed.
  ['2026-11-21T03:00:00Z', false],
])('the night from Saturday to Sunday at %s: %s', (time, open) =>
  expect(inWindow([{ days: [6], fromMinute: 22 * 60, toMinute: 4 * 60, timeZone: 'UTC' }], at(time))).toBe(open));

test('one open window is enough', () => {
  expect(inWindow([weekdays, { days: [0], fromMinute: 0, toMinute: 24 * 60, timeZone: 'UTC' }], at('2026-11-22T10:00:00Z'))).toBe(true);
});

describe('a rollout begins where it can go on', () => {
  const hours = 3_600_000;
  const tuesday = at('2026-11-24T08:00:00Z');

  test('at once while the window stays open for long enough, else when the next one opens', () => {
    expect(firstStart([weekdays], tuesday, tuesday + 48 * hours, 60)).toBe(tuesday);
    expect(firstStart([weekdays], at('2026-11-24T15:30:00Z'), tuesday + 48 * hours, 60)).toBe(at('2026-11-25T08:00:00Z'));
    expect(firstStart([weekdays], at('2026-11-20T15:30:00Z'), Infinity, 60)).toBe(at('2026-11-23T08:00:00Z'));
    expect(firstStart([], tuesday, tuesday, 1e6)).toBe(tuesday);
  });

  test('never before the deadline, if none opens until then', () => {
    expect(firstStart([weekdays], at('2026-11-24T15:30:00Z'), at('2026-11-25T03:00:00Z'), 60)).toBeUndefined();
    expect(firstStart([{ ...weekdays, days: [] }], tuesday, Infinity, 0)).toBeUndefined();
  });

  test('what is longer than any window has only to begin in one', () => {
    expect(firstStart([weekdays], at('2026-11-24T15:30:00Z'), Infinity, 9 * 60)).toBe(at('2026-11-24T15:30:00Z'));
  });

  test('the longest time without a window is that over a weekend', () => {
    expect(longestGap([weekdays], tuesday)).toBe((2 * 24 + 16) * 60);
    expect(longestGap([{ days: [0, 1, 2, 3, 4, 5, 6], fromMinute: 0, toMinute: 0, timeZone: 'UTC' }], tuesday)).toBe(0);
  });
});
