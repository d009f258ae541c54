import { ROLLOUT_DEFAULTS } from '../core/rollout/defaults';
import type { Stage } from '../core/rollout/plan';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import { knownProblem, wholeProblem } from '../validate/limits';
import { wholeSecondsProblem } from '../validate/seconds';
import { optionalSeconds, YEAR_SECONDS } from './rollout-course';
import type { RolloutTerms } from './rollout-terms';

/** A rollout has the stage where its alias has a cohort. */
export function withCohort<T extends RolloutTerms>(options: T, { cohort }: Pick<EndpointAlias, 'cohort'>): T {
  return cohort === undefined || options.cohort !== undefined ? options : { ...options, cohort: {} };
}

/** The stage as one of the plan's; none where there is no cohort. */
export function cohortStages({ cohort }: RolloutTerms): readonly Stage[] {
  return cohort === undefined
    ? []
    : [{
        percent: 0,
        bakeSeconds: optionalSeconds(cohort.bakeTime) ?? ROLLOUT_DEFAULTS.cohort.bakeSeconds,
        approval: false,
        cohort: {
          minimumRequests: cohort.minRequests ?? ROLLOUT_DEFAULTS.cohort.minimumRequests,
          maximumErrorPercent: cohort.maxErrorPercent ?? ROLLOUT_DEFAULTS.cohort.maximumErrorPercent,
        },
      }];
}

export function cohortProblems({ cohort }: RolloutTerms): string[] {
  return cohort === undefined
    ? []
    : [
        ...wholeSecondsProblem('bakeTime of the cohort', optionalSeconds(cohort.bakeTime), 1, YEAR_SECONDS, 'give it some minutes'),
        ...knownProblem('maxErrorPercent of the cohort', cohort.maxErrorPercent, [0, 100], '%', 'choose what the cohort bears, such as 10'),
        ...wholeProblem('minRequests of the cohort', cohort.minRequests, [0, 1e9], 'requests', 'set how many must have been answered'),
      ];
}

/** What is wrong with a stage for a cohort that nobody is in. */
export function cohortless({ cohort }: RolloutTerms, alias: Pick<EndpointAlias, 'aliasName' | 'cohort'>): string[] {
  return cohort === undefined || alias.cohort !== undefined
    ? []
    : [
        `cohort of the rollout is set, but alias ${JSON.stringify(alias.aliasName)} has none; give its endpoint an Assignment.cohort, or `
          + 'leave cohort out',
      ];
}
