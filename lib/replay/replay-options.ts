import type { Duration } from 'aws-cdk-lib/core';
import type { Comparison } from '../shadow/comparison';

/**
 * How recorded requests are replayed, and what must be certain of the candidate then; where that is not, the rollout's `inconclusive`
 * decides.
 */
export interface ReplayOptions {
  /**
   * Share of the pairs of answers that agree below which the candidate is rolled back, above 0 and below 1.
   *
   * @default - agreement decides nothing: a better model differs. Labels or answers in the recorded requests do, where there are any
   */
  readonly minAgreementRate?: number;

  /**
   * Share of agreement that must be certain before the candidate gets traffic, above 0 and below `minAgreementRate`.
   *
   * @default - with twice the disagreement that `minAgreementRate` allows
   */
  readonly certifiedAgreementRate?: number;

  /**
   * Judge only the disagreement that goes beyond production's with itself, for models that answer differently each time. Needs
   * `noiseFloorRate`.
   *
   * @default false
   */
  readonly beyondNoise?: boolean;

  /**
   * Share of the requests that production is asked a second time, 0 to 1.
   *
   * @default 0
   */
  readonly noiseFloorRate?: number;

  /**
   * How answers are compared: with each other, and with those of the recorded requests.
   *
   * @default Comparison.json()
   */
  readonly comparison?: Comparison;

  /**
   * Where in a JSON answer the prediction is that a label is compared with, such as `$.label`. Needed where requests have labels; which of
   * them come back for an `InferenceLog` is read from it.
   *
   * @default - no labels
   */
  readonly labelPath?: string;

  /**
   * Share of the requests by which the candidate may fail more often than production, which must be ruled out before it gets traffic; above
   * 0 and below 1. Evidence that it fails more often at all rolls it back.
   *
   * @default 0.02
   */
  readonly failureTolerance?: number;

  /**
   * Share of the requests with a label or an answer by which the candidate may be wrong more often than production, which must be ruled out
   * before it gets traffic; above 0 and below 1. Evidence that it is wrong more often at all rolls it back.
   *
   * @default 0.05
   */
  readonly accuracyTolerance?: number;

  /**
   * How many times as long as production the candidate may take, 1 to 1000. It is rolled back by evidence that it takes longer in more than
   * half of the pairs. A few fresh environments are compared with production's, and their hosts differ; the tail of the latencies remains
   * for the steps with traffic.
   *
   * @default 1.5
   */
  readonly maxSlowdown?: number;

  /**
   * Requests that are replayed at the most, 1 to 10,000, drawn by lot where there are more.
   *
   * @default 1000
   */
  readonly maxRequests?: number;

  /**
   * Requests that each version gets in a second at the most, 0.01 to 1000.
   *
   * @default 5
   */
  readonly requestsPerSecond?: number;

  /**
   * Requests that each version gets at a time at the most, 1 to 20.
   *
   * @default 2
   */
  readonly maxConcurrency?: number;

  /**
   * Requests that both versions are asked before the first that counts, 0 to 500: what starts and fills with them is not the model.
   *
   * @default 10
   */
  readonly warmUpRequests?: number;
}

/** How requests of an inference log are replayed. */
export interface LoggedReplayOptions extends ReplayOptions {
  /**
   * How old the requests may be, 1 to 90 whole days.
   *
   * @default Duration.days(7)
   */
  readonly period?: Duration;
}
