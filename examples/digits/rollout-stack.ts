import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import { BuiltInScenario, CanaryRollout, type Model, ModelEndpoint, RehearsalScenario, TrafficShift } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

export interface DigitsRolloutStackProps extends StackProps {
  /** The classifier; deploy another one and it is rolled out. */
  readonly model: Model;

  /**
   * How long a step is watched at the least.
   *
   * @default Duration.minutes(10)
   */
  readonly bakeTime?: Duration;

  /**
   * How long a fresh share settles before it counts.
   *
   * @default Duration.minutes(1)
   */
  readonly settlingTime?: Duration;

  /**
   * How often the rollout is judged.
   *
   * @default Duration.minutes(1)
   */
  readonly interval?: Duration;

  /**
   * The alarm on a candidate that fails half of its requests, on metric math.
   *
   * @default true
   */
  readonly circuitBreaker?: boolean;
}

/** One classifier behind one address. A change of it is a canary rollout that compares errors and latency by evidence. */
export class DigitsRolloutStack extends Stack {
  constructor(scope: Construct, id: string, props: DigitsRolloutStackProps) {
    super(scope, id, props);
    const endpoint = new ModelEndpoint(this, 'Digits', {
      model: props.model,
      timeout: Duration.seconds(10),
    });
    const rollout = new CanaryRollout(this, 'Rollout', {
      endpoint,
      shift: TrafficShift.steps([20, 50], { bakeTime: props.bakeTime ?? Duration.minutes(10) }),
      finalBakeTime: props.bakeTime,
      settlingTime: props.settlingTime,
      interval: props.interval,
      circuitBreaker: props.circuitBreaker,
    });
    // `model-rollout rehearse` fails where the plan above does not keep this.
    rollout.rehearse({
      expect: { falseRollbackRate: 0.01, missRate: 0.05, detectWithin: Duration.minutes(30), maxBadResponses: 150 },
      scenarios: [
        RehearsalScenario.healthy(), RehearsalScenario.worse(), RehearsalScenario.broken(), RehearsalScenario.slower(),
        RehearsalScenario.builtIn(BuiltInScenario.OUTAGE), RehearsalScenario.builtIn(BuiltInScenario.CONTROLLER_DEAD),
      ],
      requestsPerSecond: 10,
      productionErrorRate: 0.01,
      runs: 50,
    });
    new CfnOutput(this, 'Url', { value: endpoint.url });
    new CfnOutput(this, 'ApiId', { value: endpoint.api.restApiId });
  }
}
