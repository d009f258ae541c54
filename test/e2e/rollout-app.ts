// One model behind a canary rollout that takes seconds instead of minutes; E2E_MODEL says which, see ModelSpec.
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnOutput, CfnWaitCondition, CfnWaitConditionHandle, Duration } from 'aws-cdk-lib/core';
import {
  Assignment,
  BlueGreenRollout,
  CanaryRollout,
  Guardrail,
  InsufficientData,
  ModelEndpoint,
  RolloutApproval,
  type RolloutOptions,
  TrafficShift,
} from '../../lib';
import { digitsStack, spec, specified } from './digits-app';

const { failsElsewhere, blueGreen, bakeSeconds = 15, deadlineSeconds = 600, leaseSeconds = 90 } = spec;
const stack = digitsStack();
const endpoint = new ModelEndpoint(stack, 'Digits', {
  model: specified(spec),
  timeout: Duration.seconds(28),
  assignment: Assignment.header('x-caller-id'),
});

// The emulator refuses alarms on metric math, which the built-in guardrails are; it evaluates plain ones.
const period = Duration.seconds(10);
const candidate = { variant: 'candidate', options: { period } };
const watch = {
  evaluationPeriods: 1,
  comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
  treatMissingData: TreatMissingData.NOT_BREACHING,
};
const failures = new Alarm(stack, 'CandidateFails', { metric: endpoint.metrics.failures(candidate), threshold: 2, ...watch });
// The fastest of a period: on a busy machine some request of a healthy model takes any time, but not each; one that sleeps always does.
const slowness = new Alarm(stack, 'CandidateIsSlow', {
  metric: endpoint.metrics.modelLatency({ ...candidate, options: { period, statistic: Stats.MINIMUM } }), threshold: 7_000, ...watch,
});
const checkout = new Alarm(stack, 'Checkout', { metric: new Metric({ namespace: 'Shop', metricName: 'LostSales' }), threshold: 0, ...watch });

const options: RolloutOptions = {
  endpoint,
  interval: Duration.seconds(5),
  // Steps of seconds have no minute to settle.
  settlingTime: Duration.seconds(0),
  // Longer than a controller on a busy machine needs from one look to the next: a lease that ends takes the share away, as it should.
  lease: Duration.seconds(leaseSeconds),
  minRequests: 10,
  circuitBreaker: false,
  guardrails: [failures, slowness, checkout].map((alarm) => Guardrail.alarm(alarm, { insufficientData: InsufficientData.OK })),
};
const rollout = blueGreen === true
  ? new BlueGreenRollout(stack, 'BlueGreen', { ...options, terminationWait: Duration.seconds(15), approval: RolloutApproval.FIRST_STEP })
  : new CanaryRollout(stack, 'Rollout', {
      ...options,
      shift: TrafficShift.steps([20, 50], { bakeTime: Duration.seconds(bakeSeconds) }),
      finalBakeTime: Duration.seconds(bakeSeconds),
      deadline: Duration.seconds(deadlineSeconds),
      previewAlias: 'preview',
    });
if (failsElsewhere === true) {
  // Something after the rollout that nobody signals.
  const condition = new CfnWaitCondition(stack, 'Broken', { handle: new CfnWaitConditionHandle(stack, 'Handle').ref, timeout: '1' });
  condition.node.addDependency(endpoint, rollout);
}
new CfnOutput(stack, 'ApiId', { value: endpoint.api.restApiId });
