import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Duration } from 'aws-cdk-lib/core';
import type { InconclusiveAction } from '../rollout/rollout-policies';

/** What a hook judges a service of Amazon ECS by. */
export interface EvidenceHookProps {
  /** Cluster of the service. */
  readonly cluster: ecs.ICluster;

  /** One of the two target groups between which the service goes back and forth. It is behind an Application Load Balancer. */
  readonly targetGroup: elbv2.IApplicationTargetGroup;

  /** The other one, `alternateTargetGroup` of `ecs.AlternateTarget`, behind the same load balancer. */
  readonly alternateTargetGroup: elbv2.IApplicationTargetGroup;

  /**
   * Answers that take longer are counted, and compared as errors are. Choose what production seldom exceeds, such as its 99th percentile:
   * 1 ms to 1 hour.
   *
   * @default - errors and connections that failed are compared alone
   */
  readonly slowerThan?: Duration;

  /**
   * Chance of rolling back a candidate that is no worse, over all steps of a deployment, above 0 and up to 0.5.
   *
   * @default 0.01
   */
  readonly falseRollbackRate?: number;

  /**
   * Requests that the candidate must have had in a step, at least.
   *
   * @default 50
   */
  readonly minRequests?: number;

  /**
   * How long a step waits for certainty after its bake time, 2 minutes to 23 hours. Amazon ECS itself gives up after 24 hours.
   *
   * @default Duration.hours(1)
   */
  readonly inconclusiveAfter?: Duration;

  /**
   * What happens then to a candidate that had its requests, and of which nothing is known but that it is not certain. One that had too few
   * requests, or of which counts could not be read, is rolled back whatever this says. `HOLD` is refused: a hook cannot wait for people.
   *
   * @default InconclusiveAction.ROLLBACK
   */
  readonly inconclusive?: InconclusiveAction;
}
