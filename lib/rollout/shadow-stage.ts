import type { Duration } from 'aws-cdk-lib/core';
import type { Comparison } from '../shadow/comparison';
import type { ShadowOutput } from '../shadow/shadow-mirror-props';
import type { ShadowFilter } from '../shadow/shadow-filter';
import type { InconclusiveAction } from './rollout-policies';

/**
 * The first stage of a rollout, before any traffic: the candidate is asked what production is asked, and nobody gets its answers. Only when
 * they are certain to agree with production's often enough does the candidate get its first share.
 */
export interface ShadowStage {
  /** How long the candidate is a shadow at the least. */
  readonly bakeTime: Duration;

  /** Share of the comparisons that agree below which the candidate is rolled back, above 0 and below 1. */
  readonly minAgreementRate: number;

  /**
   * Share of agreement that must be certain before the candidate gets traffic, above 0 and below `minAgreementRate`.
   *
   * @default - with twice the disagreement that `minAgreementRate` allows
   */
  readonly certifiedAgreementRate?: number;

  /**
   * Judge only the disagreement that goes beyond production's with itself. Needs `noiseFloorRate`.
   *
   * @default false
   */
  readonly beyondNoise?: boolean;

  /**
   * What happens when the bake time and `inconclusiveAfter` of the rollout are over, and the agreement is not certain: too few requests, or
   * too close to the border.
   *
   * @default InconclusiveAction.HOLD - until the deadline; then the candidate is rolled back
   */
  readonly inconclusive?: InconclusiveAction;

  /**
   * How answers are compared.
   *
   * @default Comparison.json()
   */
  readonly comparison?: Comparison;

  /**
   * Share of the requests that are mirrored, above 0 and up to 1.
   *
   * @default 0.1
   */
  readonly sampleRate?: number;

  /**
   * What a request must have to be mirrored, all of it.
   *
   * @default - all requests are in the sample
   */
  readonly filters?: ShadowFilter[];

  /**
   * Headers that the shadow gets beside the type, encoding and language of the body, `Accept` and SageMaker's own: names in any case. A
   * header may prove who calls, so no other is passed on.
   *
   * @default - no other
   */
  readonly passHeaders?: string[];

  /**
   * Parameters of the query string that the shadow gets.
   *
   * @default - none: a parameter may prove who calls
   */
  readonly passQueryParameters?: string[];

  /**
   * How long the shadow may take, 100 milliseconds to 14 minutes.
   *
   * @default - the endpoint's time-out
   */
  readonly timeout?: Duration;

  /**
   * Requests that the shadow gets at a time, 1 to 1000, set aside from the account's concurrency, between rollouts too.
   *
   * @default 5
   */
  readonly maxConcurrency?: number;

  /**
   * Set the mirror's concurrency aside from the account's. Without it `maxRequestsPerMinute` is needed.
   *
   * @default true
   */
  readonly reserveConcurrency?: boolean;

  /**
   * Requests that the shadow gets in a minute; more are dropped.
   *
   * @default - no bound but the concurrency
   */
  readonly maxRequestsPerMinute?: number;

  /**
   * Share of the mirrored requests that production is asked a second time, 0 to 0.5.
   *
   * @default 0
   */
  readonly noiseFloorRate?: number;

  /**
   * Values in the answers whose distribution is counted, of the candidate's beside production's; shown with the evidence of the stage,
   * which they do not decide.
   *
   * @default - none
   */
  readonly outputs?: ShadowOutput[];

  /**
   * Name of the shadow, unique on the alias; a dimension of its metrics.
   *
   * @default candidate
   */
  readonly shadowName?: string;
}
