import type { Duration } from 'aws-cdk-lib/core';

/**
 * The stage before the first share, in which the cohort of `Assignment.cohort` has the candidate, and nobody else. Alarms look at its
 * requests, and `maxErrorPercent`; it has nobody to be compared with.
 */
export interface CohortStage {
  /**
   * How long the cohort has the candidate by itself, at the least.
   *
   * @default Duration.minutes(10)
   */
  readonly bakeTime?: Duration;

  /**
   * Requests of the cohort that the candidate must have had before anybody else gets it. Who sends none proves nothing; what happens then
   * `insufficientTraffic` says.
   *
   * @default 20
   */
  readonly minRequests?: number;

  /**
   * Percent of them that the candidate may fail, 0 to 100; it is rolled back if it fails more, and more than twice as large a share as
   * production fails in the same time. A threshold, once `minRequests` are answered, and no evidence: the cohort has nobody to be compared
   * with.
   *
   * @default 10
   */
  readonly maxErrorPercent?: number;
}
