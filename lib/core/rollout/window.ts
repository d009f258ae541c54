import type { TimeWindowPlan } from './plan';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Whether one of the windows is open at `now`, epoch milliseconds. Without windows it always is. */
export function inWindow(windows: readonly TimeWindowPlan[], now: number): boolean {
  return windows.length === 0 || windows.some((window) => isOpen(window, now));
}

function isOpen({ days, fromMinute, toMinute, timeZone }: TimeWindowPlan, now: number): boolean {
  const { day, minute } = localTime(timeZone, now);
  if (fromMinute < toMinute) {
    return days.includes(day) && minute >= fromMinute && minute < toMinute;
  }
  // Over midnight: the evening of a listed day, and the morning after it.
  return (days.includes(day) && minute >= fromMinute) || (days.includes((day + 6) % 7) && minute < toMinute);
}

function localTime(timeZone: string, now: number): { day: number; minute: number } {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: 'numeric', minute: 'numeric', hourCycle: 'h23' })
    .formatToParts(now);
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((candidate) => candidate.type === type)!.value;
  return { day: DAYS.indexOf(part('weekday')), minute: Number(part('hour')) * 60 + Number(part('minute')) };
}
