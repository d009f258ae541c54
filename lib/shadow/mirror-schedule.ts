import type { Duration } from 'aws-cdk-lib/core';
import { plainSeconds, secondsProblem } from '../validate/seconds';

/** When a mirror mirrors. */
export interface MirrorSchedule {
  readonly start?: Date;
  readonly end?: Date;
  readonly duration?: Duration;
}

/** When mirroring ends; undefined: with the construct. */
export function endOf({ start, end, duration }: MirrorSchedule): Date | undefined {
  return end ?? (start === undefined || duration === undefined ? undefined : new Date(start.getTime() + 1_000 * plainSeconds(duration)));
}

/** What is wrong with a schedule by itself. */
export function scheduleProblems(schedule: MirrorSchedule): string[] {
  const { start, end, duration } = schedule;
  const problems = secondsProblem(
    'duration of the mirror',
    duration && plainSeconds(duration),
    60,
    31_536_000,
    'leave it out to mirror until the construct is removed',
  );
  if (duration !== undefined && end !== undefined) {
    problems.push('the mirror has an end and a duration, which may contradict each other; leave one of them out');
  } else if (duration !== undefined && start === undefined) {
    // Counted from the synthesis, the end would be another one in every template.
    problems.push('the mirror has a duration, but no start that it is counted from; set start');
  }
  if (problems.length > 0) {
    return problems;
  }
  const until = endOf(schedule);
  if (until !== undefined && start !== undefined && until <= start) {
    return [`end ${until.toISOString()} is not after start ${start.toISOString()}, so that nothing would be mirrored; exchange them`];
  }
  return [];
}

/** That mirroring has ended, or nothing. The day on which it ends must not be the day from which nothing can be deployed any more. */
export function endedProblem(schedule: MirrorSchedule, now = Date.now()): string | undefined {
  const until = endOf(schedule);
  return until !== undefined && until.getTime() <= now
    ? `end ${until.toISOString()} is in the past, so that nothing is mirrored, while the shadow is still deployed; remove the mirror, `
      + 'or set a later end'
    : undefined;
}
