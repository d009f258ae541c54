import type { Duration } from 'aws-cdk-lib/core';
import type { RehearsalScenario } from './rehearsal-scenario';

/** What rehearsals of a scenario must show. Give at least one. */
export interface RehearsalExpectations {
  /**
   * Highest share of rollouts, 0 to 1, that a guardrail may take back although the candidate is not, or not yet, worse than production.
   *
   * @default - any share
   */
  readonly falseRollback?: number;

  /**
   * Highest share of rollouts, 0 to 1, that may promote a candidate that is worse.
   *
   * @default - any share
   */
  readonly miss?: number;

  /**
   * Time within which 95 % of the rollouts take a worse candidate back, from when it was worse and had requests. One that is never taken
   * back is not in time.
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

/** A rehearsal that `model-rollout rehearse` holds a rollout against. */
export interface RehearsalOptions {
  /**
   * What must hold in every scenario that has no expectations of its own. Probabilities are refused when the 95 % interval of what was seen is
   * above the limit.
   */
  readonly expect: RehearsalExpectations;

  /**
   * What happens in the rehearsals.
   *
   * @default - healthy, worse and broken
   */
  readonly scenarios?: RehearsalScenario[];

  /**
   * Rehearsals of each scenario, 1 to 100,000. The more, the smaller a difference from the limits is told from chance.
   *
   * @default 200
   */
  readonly runs?: number;

  /**
   * The same seed is the same rehearsal: a whole number from 1 to 1,000,000.
   *
   * @default 1
   */
  readonly seed?: number;

  /**
   * Requests per second that the alias gets, all versions together.
   *
   * @default - the rollout's expectedRequestsPerSecond, or 10
   */
  readonly requestsPerSecond?: number;

  /**
   * Share of its requests that production fails, from 0 to below 1.
   *
   * @default - the rollout's baselineErrorRate, or 0.01
   */
  readonly baselineErrorRate?: number;
}
