// One model behind a canary rollout that takes seconds instead of minutes; E2E_MODEL says which, see ModelSpec.
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { App, CfnOutput, CfnWaitCondition, CfnWaitConditionHandle, Duration, Stack } from 'aws-cdk-lib/core';
import { join } from 'node:path';
import { Assignment, CanaryRollout, Guardrail, InsufficientData, Model, ModelEndpoint, TrafficShift } from '../../lib';
import type { ModelSpec } from './rollout-stage';

const { artifact, defect, tag, failsElsewhere } = JSON.parse(process.env.E2E_MODEL ?? '{"artifact":"v1"}') as ModelSpec;

const stack = new Stack(new App(), 'Digits', { env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION } });
const endpoint = new ModelEndpoint(stack, 'Digits', {
  model: Model.pythonFunction({
    entry: join(__dirname, '../../examples/digits/model'),
    timeout: Duration.seconds(10),
    environment: { MODEL_ARTIFACT: `${artifact}.json`, ...(defect && { MODEL_DEFECT: defect }), ...(tag && { TAG: tag }) },
  }),
  timeout: Duration.seconds(10),
  assignment: Assignment.header('x-caller-id'),
});

// The emulator refuses alarms on metric math, which the built-in guardrails are; it evaluates plain ones, whatever their dimensions.
const period = Duration.seconds(10);
const candidate = { variant: 'candidate', options: { period } };
const watch = { evaluationPeriods: 1, comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD, treatMissingData: TreatMissingData.NOT_BREACHING };
const failures = new Alarm(stack, 'CandidateFails', { metric: endpoint.metrics.failures(candidate), threshold: 2, ...watch });
const slowness = new Alarm(stack, 'CandidateIsSlow', {
  metric: endpoint.metrics.modelLatency({ ...candidate, options: { period, statistic: Stats.MAXIMUM } }), threshold: 1_400, ...watch,
});
const checkout = new Alarm(stack, 'Checkout', { metric: new Metric({ namespace: 'Shop', metricName: 'LostSales' }), threshold: 0, ...watch });

const rollout = new CanaryRollout(stack, 'Rollout', {
  endpoint,
  shift: TrafficShift.steps([20, 50], { bakeTime: Duration.seconds(15) }),
  finalBakeTime: Duration.seconds(15),
  interval: Duration.seconds(5),
  lease: Duration.seconds(20),
  minimumRequests: 10,
  deadline: Duration.minutes(10),
  catastrophicAlarm: false,
  previewAlias: 'preview',
  guardrails: [failures, slowness, checkout].map((alarm) => Guardrail.alarm(alarm, { insufficientData: InsufficientData.OK })),
});
if (failsElsewhere === true) {
  // Something after the rollout that nobody signals.
  const condition = new CfnWaitCondition(stack, 'Broken', { handle: new CfnWaitConditionHandle(stack, 'Handle').ref, timeout: '1' });
  condition.node.addDependency(endpoint, rollout);
}
new CfnOutput(stack, 'ApiId', { value: endpoint.api.restApiId });
