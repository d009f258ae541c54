import { TimeZone } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { duration } from '../core/text';
import type { TimeWindowPlan } from '../core/rollout/plan';
import type { Schedule } from '../core/rollout/schedule';
import { longestGap } from '../core/rollout/window';
import { warn } from '../validate/warn';

/** A day of the week. */
export enum Weekday {
  /** Sunday. */
  SUNDAY = 'SUNDAY',
  /** Monday. */
  MONDAY = 'MONDAY',
  /** Tuesday. */
  TUESDAY = 'TUESDAY',
  /** Wednesday. */
  WEDNESDAY = 'WEDNESDAY',
  /** Thursday. */
  THURSDAY = 'THURSDAY',
  /** Friday. */
  FRIDAY = 'FRIDAY',
  /** Saturday. */
  SATURDAY = 'SATURDAY',
}

/** In the order of the week as JavaScript counts it. */
const WEEK = Object.values(Weekday);

/** Hours of a day. */
export interface DayHours {
  /** Start, such as `09:00`. */
  readonly start: string;

  /** End, such as `16:30`; one that is not after the start is on the next day. */
  readonly end: string;

  /**
   * Time zone of both.
   *
   * @default TimeZone.ETC_UTC
   */
  readonly timeZone?: TimeZone;
}

/** Hours of the week in which a rollout may advance. Outside of them it holds; rolling back needs no window. */
export abstract class TimeWindow {
  /** Monday to Friday. */
  public static weekdays(hours: DayHours): TimeWindow {
    return new Window(WEEK.slice(1, 6), hours);
  }

  /** Every day. */
  public static daily(hours: DayHours): TimeWindow {
    return new Window(WEEK, hours);
  }

  /** Days of your choice. */
  public static on(days: Weekday[], hours: DayHours): TimeWindow {
    return new Window(days, hours);
  }

  /** @internal */
  public abstract _plan(): TimeWindowPlan;

  /** @internal */
  public abstract _problems(): string[];
}

class Window extends TimeWindow {
  private readonly zone: string;

  constructor(private readonly days: readonly Weekday[], private readonly hours: DayHours) {
    super();
    this.zone = (hours.timeZone ?? TimeZone.ETC_UTC).timezoneName;
  }

  /** @internal */
  public _plan(): TimeWindowPlan {
    return {
      days: [...new Set(this.days.map((day) => WEEK.indexOf(day)))].sort(),
      fromMinute: minuteOf(this.hours.start)!,
      toMinute: minuteOf(this.hours.end)!,
      timeZone: this.zone,
    };
  }

  /** @internal */
  public _problems(): string[] {
    const problems: string[] = [];
    for (const [name, time] of [['start', this.hours.start], ['end', this.hours.end]] as const) {
      if (minuteOf(time) === undefined) {
        problems.push(
          `${name} of a time window is ${JSON.stringify(time)}, but must be a time of day such as "09:00"; write hours and minutes`,
        );
      }
    }
    if (this.days.length === 0) {
      problems.push('a time window has no days, so that the rollout could never advance; name at least one');
    }
    try {
      new Intl.DateTimeFormat('en-US', { timeZone: this.zone });
    } catch {
      problems.push(
        `the time zone of a time window is ${JSON.stringify(this.zone)}, which is not known; take a constant of TimeZone, such as `
          + 'TimeZone.EUROPE_BERLIN',
      );
    }
    return problems;
  }
}

/** Warns where a rollout may have to wait for its next window longer than it has time: what was deployed then is not rolled out. */
export function warnOfWindows(
  scope: Construct,
  timeWindows: readonly TimeWindow[],
  { deadlineSeconds }: Pick<Schedule, 'deadlineSeconds'>,
): void {
  const gapSeconds =
    timeWindows.length === 0
      ? 0
      : 60 *
        longestGap(
          timeWindows.map((window) => window._plan()),
          SOME_MONDAY,
        );
  if (gapSeconds > deadlineSeconds) {
    warn(
      scope,
      'windowGap',
      `the time windows of the rollout are closed for up to ${duration(gapSeconds)} at a stretch, but its deadline is `
        + `${duration(deadlineSeconds)}: a deployment that begins too long before they open, ` +
        'or too short before they close, is rolled back before the candidate has traffic. Deploy while a window is open, open more of '
          + 'them, or declare the new model as candidate, so that no deployment waits',
    );
  }
}

/** Any week is as good as another; this one has no change of the clocks. */
const SOME_MONDAY = Date.UTC(2026, 5, 1);

function minuteOf(time: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}
