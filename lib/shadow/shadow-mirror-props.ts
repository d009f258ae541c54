import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Duration } from 'aws-cdk-lib/core';
import type { ModelEndpoint } from '../endpoint/model-endpoint';
import type { Model } from '../model/model';
import type { Comparison } from './comparison';
import type { ShadowFilter } from './shadow-filter';

/** A shadow of an alias. */
export interface ShadowMirrorProps {
  /** The endpoint, defined in the same stack. */
  readonly endpoint: ModelEndpoint;

  /**
   * Alias whose requests are mirrored.
   *
   * @default live
   */
  readonly alias?: string;

  /** What is asked beside production, on any backend. */
  readonly model: Model;

  /**
   * Name of the shadow, unique on the alias; a dimension of its metrics.
   *
   * @default - the construct's id
   */
  readonly shadowName?: string;

  /**
   * Share of the requests that are mirrored, above 0 and up to 1. Decided by inference id, so that all shadows of an alias see the same
   * requests.
   *
   * @default 0.1
   */
  readonly sampleRate?: number;

  /**
   * How answers are compared.
   *
   * @default Comparison.json()
   */
  readonly comparison?: Comparison;

  /**
   * What a request must have, all of it.
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
   * When mirroring begins.
   *
   * @default - with the deployment
   */
  readonly start?: Date;

  /**
   * When mirroring ends. The shadow stays deployed, and is paid for, until the construct is removed.
   *
   * @default - after `duration`, or when the construct is removed
   */
  readonly end?: Date;

  /**
   * How long after `start` mirroring ends, in the place of `end`: a minute to a year.
   *
   * @default - until `end`
   */
  readonly duration?: Duration;

  /**
   * How long the shadow may take, 100 milliseconds to 14 minutes.
   *
   * @default - the endpoint's time-out
   */
  readonly timeout?: Duration;

  /**
   * Requests that the shadow gets at a time, 1 to 1000, set aside from the account's concurrency. What comes faster waits for up to a
   * minute and is then dropped.
   *
   * @default 5
   */
  readonly maxConcurrency?: number;

  /**
   * Set the mirror's concurrency aside from the account's. A new account may have only 10, which cannot be set aside. With false the
   * mirror shares the account's concurrency with production, and `maxRequestsPerMinute`, which is then required, is the only bound.
   *
   * @default true
   */
  readonly reserveConcurrency?: boolean;

  /**
   * Requests that the shadow gets in a minute; more are dropped. Costs a write to DynamoDB for each mirrored request.
   *
   * @default - no bound but the concurrency
   */
  readonly maxRequestsPerMinute?: number;

  /**
   * Mirror requests too whose body and answer together do not fit into an event of Lambda (1 MB as base64, so about 780 kB). They travel
   * through a bucket of the mirror, which is encrypted and keeps what nobody fetched for a day. No caller waits for that, but the instance
   * of the router does, for as long as an upload takes.
   *
   * @default false - they are dropped and counted, and no body is ever stored
   */
  readonly largeBodies?: boolean;

  /**
   * Share of the mirrored requests that production is asked a second time, 0 to 0.5, to see how much it differs from itself. Only for
   * requests and answers that are text. Production bears these requests too.
   *
   * @default 0
   */
  readonly noiseFloorRate?: number;

  /**
   * Values in the answers whose distribution is counted, of the shadow's beside production's to the same requests: for
   * `Guardrail.outputDrift` and the dashboard.
   * Every bin is two metrics; 40 bins at the most, two of each output for all others and for answers without the value.
   *
   * @default - none
   */
  readonly outputs?: ShadowOutput[];

  /**
   * Requests of the alias that are expected, per second; with them the monthly cost is estimated at synthesis.
   *
   * @default - no estimate
   */
  readonly expectedRequestsPerSecond?: number;

  /**
   * How long the shadow is expected to take, for the estimate and the check of the concurrency.
   *
   * @default Duration.millis(100)
   */
  readonly expectedLatency?: Duration;

  /**
   * Define a dashboard.
   *
   * @default true
   */
  readonly dashboard?: boolean;

  /**
   * How long the mirror's log is kept: a line for each answer that does not agree, without the answers.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;
}

/** A value in the answers, and how it is sorted into bins. */
export interface ShadowOutput {
  /** Where in a JSON answer it is: one place such as `$.score`. */
  readonly path: string;

  /**
   * Inner borders of the bins of a number, increasing, 1 to 19.
   *
   * @default - none: `labels` must be given
   */
  readonly bins?: number[];

  /**
   * Class labels, 1 to 19, as texts; all others are one more bin.
   *
   * @default - none: `bins` must be given
   */
  readonly labels?: string[];
}
