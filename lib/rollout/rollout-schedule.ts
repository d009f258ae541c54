import type { Stage } from '../core/rollout/plan';
import { type Schedule, type ScheduleInput, scheduleOf, scheduleProblems } from '../core/rollout/schedule';
import { replayOptionProblems } from '../replay/replay-plan';
import type { Mistakes } from '../validate/mistakes';
import { wholeSecondsProblem } from '../validate/seconds';
import { cohortProblems, cohortStages } from './rollout-cohort';
import { errorComparison, judgementProblems, settlingOf, uncertifiedSeconds } from './judgement-plan';
import { intervalOf, metricsOf, optionalSeconds, type RolloutCourse, stagesOf, timedStages, YEAR_SECONDS } from './rollout-course';
import type { RolloutTerms } from './rollout-terms';
import { settingProblems } from './rollout-settings';

/** When what happens. */
export interface RolloutSchedule extends Schedule {
  /** The cohort's stage where there is one, the steps and the final bake. */
  readonly stages: readonly Stage[];
}

/** Check all settings, and make the schedule; undefined where a setting that it is made of is wrong. */
export function rolloutSchedule(
  mistakes: Mistakes,
  options: RolloutTerms,
  course: RolloutCourse,
  { timeoutMs, drainSeconds }: { readonly timeoutMs: number; readonly drainSeconds: number },
): RolloutSchedule | undefined {
  const problems = timeProblems(options, course);
  mistakes.add(...problems, ...settingProblems(options, timeoutMs));
  if (problems.length > 0) {
    return undefined;
  }
  const stages = [...cohortStages(options), ...stagesOf(options, course)];
  const input = scheduleInput(options, stages, drainSeconds);
  const schedule = scheduleOf(input);
  mistakes.add(...scheduleProblems(input, schedule));
  return { ...schedule, stages };
}

/** What is wrong with the settings that the schedule is made of. */
function timeProblems(options: RolloutTerms, course: RolloutCourse): string[] {
  return [
    ...(course.problems ?? []),
    ...course.shift._problems(course.finalPercent, errorComparison(options, course.control !== undefined)),
    ...wholeSecondsProblem(course.finalBakeName, course.finalBakeSeconds, 1, YEAR_SECONDS, 'give it some minutes'),
    ...wholeSecondsProblem(
      'bakeTime of the shadow stage',
      optionalSeconds(options.shadow?.bakeTime),
      1,
      YEAR_SECONDS,
      'give it some minutes, in which requests can be compared',
    ),
    ...wholeSecondsProblem('settlingTime of the rollout', settlingOf(options), 0, 86_400, 'a minute is the default, none turns it off'),
    ...wholeSecondsProblem('interval of the rollout', intervalOf(options), 5, 3_600, 'a minute is the default'),
    ...wholeSecondsProblem(
      'deadline of the rollout', optionalSeconds(options.deadline), 1, YEAR_SECONDS, 'leave it out for twice the bake times',
    ),
    ...cohortProblems(options),
    ...judgementProblems(options),
    ...(options.replay === undefined ? [] : replayOptionProblems(options.replay._options())),
  ];
}

function scheduleInput(options: RolloutTerms, steps: readonly Stage[], drainSeconds: number): ScheduleInput {
  const stages = timedStages(options, steps);
  return {
    stages,
    intervalSeconds: intervalOf(options),
    drainSeconds,
    settlingSeconds: settlingOf(options),
    delaySeconds: metricsOf(stages, intervalOf(options)).delaySeconds,
    waitsForPeople:
      stages.some(({ approval }) => approval) || (options.timeWindows ?? []).length > 0 || (options.changeCalendars ?? []).length > 0,
    detached: options.candidate !== undefined,
    uncertifiedSeconds: uncertifiedSeconds(options),
    deadlineSeconds: optionalSeconds(options.deadline),
  };
}
