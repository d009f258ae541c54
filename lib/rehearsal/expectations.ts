import type { RecordedExpectations } from '../core/rehearsal/recorded';
import { knownProblem } from '../validate/limits';
import { plainSeconds, secondsProblem } from '../validate/seconds';
import type { Duration } from 'aws-cdk-lib/core';

/** What is wrong with expectations; `of` says whose they are. */
export function expectationsProblems(expect: RehearsalExpectations, of: string): string[] {
  const { falseRollbackRate, missRate, detectWithin, maxBadResponses } = expect;
  return [
    ...(Object.values(expect).every((value) => value === undefined)
      ? [`expect ${of} expects nothing; give at least one of falseRollbackRate, missRate, detectWithin and maxBadResponses`]
      : []),
    ...knownProblem(`falseRollbackRate ${of}`, falseRollbackRate, [0, 1], 'of the rollouts', 'it is a share, not percent, such as 0.01'),
    ...knownProblem(`missRate ${of}`, missRate, [0, 1], 'of the rollouts', 'it is a share, not percent, such as 0.05'),
    ...secondsProblem(`detectWithin ${of}`, detectWithin && plainSeconds(detectWithin), 1, 31_536_000, 'leave it out if any time will do'),
    ...knownProblem(`maxBadResponses ${of}`, maxBadResponses, [0, 1e12], 'requests', 'leave it out if any number will do'),
  ];
}

/** Those that only a worse candidate can miss. */
export function aboutWorse({ missRate, detectWithin, maxBadResponses }: RehearsalExpectations): string[] {
  return Object.entries({ missRate, detectWithin, maxBadResponses }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

export function recordedExpectations(expect: RehearsalExpectations): RecordedExpectations {
  const { falseRollbackRate, missRate, detectWithin, maxBadResponses } = expect;
  return {
    falseRollbackRate,
    missRate,
    ...(detectWithin === undefined ? {} : { detectWithinMinutes: plainSeconds(detectWithin) / 60 }),
    maxBadResponses,
  };
}

/** What rehearsals of a scenario must show. Give at least one. */
export interface RehearsalExpectations {
  /**
   * Highest share of rollouts, 0 to 1, that a guardrail may roll back although the candidate is not, or not yet, worse than production.
   *
   * @default - any share
   */
  readonly falseRollbackRate?: number;

  /**
   * Highest share of rollouts, 0 to 1, that may promote a candidate that is worse.
   *
   * @default - any share
   */
  readonly missRate?: number;

  /**
   * Time within which 95 % of the rollouts roll a worse candidate back, from when it was worse and had requests. One that is never
   * rolled back is not in time.
   *
   * @default - any time
   */
  readonly detectWithin?: Duration;

  /**
   * Highest number of requests that a worse candidate may fail in a rollout, on average. Callers had production's answer in place of them.
   *
   * @default - any number
   */
  readonly maxBadResponses?: number;
}
