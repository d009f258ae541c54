import { inWindow } from '../../../lib/core/rollout/window';

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
