import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Duration } from 'aws-cdk-lib/core';
import type { Guardrail } from '../guardrail/guardrail';
import type { RolloutBaseOptions } from '../rollout/rollout-base-options';

/** A rollout of an alias of a Lambda function. */
export interface LambdaAliasRolloutProps extends RolloutBaseOptions {
  /** The function, defined in the same stack. Its current version is what the alias moves to. */
  readonly handler: lambda.Function;

  /**
   * Name of the alias, 1 to 128 letters, digits, hyphens and underscores, and not a number. The construct makes it: one that is there
   * already is refused at deployment.
   *
   * @default live
   */
  readonly aliasName?: string;

  /**
   * What protects users: `errorRate()`, `latency()`, `sampleRatio()`, `metric()`, `metricMean()`, `function()` and `alarm()`. Others read
   * what only a router counts, and are refused.
   *
   * @default - `errorRate()`, `latency()` and `sampleRatio()`
   */
  readonly guardrails?: Guardrail[];

  /**
   * How long the candidate serves all but the holdback, before it becomes production.
   *
   * @default Duration.minutes(10)
   */
  readonly finalBakeTime?: Duration;

  /**
   * Share that production keeps in the final bake, percent, 0 to 50, so that the two can be compared to the end.
   *
   * @default 20
   */
  readonly holdbackPercent?: number;
}
