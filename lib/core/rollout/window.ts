import type { TimeWindowPlan } from './plan';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** After a week everything is as it was. */
const WEEK_MINUTES = 7 * DAY_MINUTES;

/** Whether one of the windows is open at `now`, epoch milliseconds. Without windows it always is. */
export function inWindow(windows: readonly TimeWindowPlan[], now: number): boolean {
  return windows.length === 0 || windows.some((window) => isOpen(window, now));
}

/**
 * The first minute from `now` on, and before `before`, from which the windows stay open for so long; undefined if there is none. What is
 * longer than every window is only asked to begin in one.
 */
export function firstStart(windows: readonly TimeWindowPlan[], now: number, before: number, minutes: number): number | undefined {
  if (windows.length === 0) {
    return now;
  }
  const longest = Math.max(...windows.map(({ fromMinute, toMinute }) => toMinute - fromMinute + (toMinute > fromMinute ? 0 : DAY_MINUTES)));
  const needed = minutes <= longest ? Math.ceil(minutes) : 0;
  const last = Math.min(WEEK_MINUTES, Math.ceil((before - now) / MINUTE_MS));
  let open = 0;
  for (let minute = 0; minute < last + needed; minute++) {
    open = inWindow(windows, now + minute * MINUTE_MS) ? open + 1 : 0;
    if (open > needed) {
      return now + (minute - needed) * MINUTE_MS;
    }
  }
  return undefined;
}

/** The longest time for which no window is open, minutes. */
export function longestGap(windows: readonly TimeWindowPlan[], now: number): number {
  let [longest, closed] = [0, 0];
  for (let minute = 0; minute < 2 * WEEK_MINUTES; minute++) {
    closed = inWindow(windows, now + minute * MINUTE_MS) ? 0 : closed + 1;
    longest = Math.max(longest, closed);
  }
  return longest;
}

function isOpen({ days, fromMinute, toMinute, timeZone }: TimeWindowPlan, now: number): boolean {
  const { day, minute } = localTime(timeZone, now);
  if (fromMinute < toMinute) {
    return days.includes(day) && minute >= fromMinute && minute < toMinute;
  }
  // Over midnight: the evening of a listed day, and the morning after it.
  return (days.includes(day) && minute >= fromMinute) || (days.includes((day + 6) % 7) && minute < toMinute);
}

/** Making one takes much longer than asking it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(timeZone: string, now: number): { day: number; minute: number } {
  let format = formats.get(timeZone);
  if (format === undefined) {
    formats.set(
      timeZone,
      (format = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: 'numeric', minute: 'numeric', hourCycle: 'h23' })),
    );
  }
  const parts = format.formatToParts(now);
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((candidate) => candidate.type === type)!.value;
  return { day: DAYS.indexOf(part('weekday')), minute: Number(part('hour')) * 60 + Number(part('minute')) };
}
