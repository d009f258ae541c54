import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Duration } from 'aws-cdk-lib/core';

/** What a model is told when it becomes a version of an endpoint. */
export interface ModelBindOptions {
  /** The role of the endpoint's router; the version lets it, and nobody else, invoke it. */
  readonly invoker: iam.IRole;

  /**
   * The endpoint's time-out, that of a model without one.
   *
   * @default Duration.seconds(29)
   */
  readonly timeout?: Duration;
}
