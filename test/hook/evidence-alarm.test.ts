import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import { EvidenceAlarm, type EvidenceAlarmProps } from '../../lib';

const counts = (metricName: string, config?: string, statistic: string = Stats.SUM): Metric => new Metric({
  namespace: 'AWS/SageMaker', metricName, statistic,
  dimensionsMap: { EndpointName: 'fraud', VariantName: 'AllTraffic', ...(config !== undefined && { EndpointConfigName: config }) },
});
const alarmOf = (props: Partial<EvidenceAlarmProps> = {}): Template => {
  const stack = new Stack(new App(), 'Stack');
  new EvidenceAlarm(stack, 'Worse', {
    candidate: { total: counts('Invocations', 'fraud-2'), bad: counts('Invocation5XXErrors', 'fraud-2') },
    whole: { total: counts('Invocations'), bad: counts('Invocation5XXErrors') },
    ...props,
  });
  return Template.fromStack(stack);
};

test('a function judges both every minute, and an alarm is on what it publishes', () => {
  const template = alarmOf();
  const [{ Properties: { Environment: { Variables: variables } } }] = Object.values(template.findResources('AWS::Lambda::Function'));
  const plan = JSON.parse(variables.MODEL_ROLLOUT_HOOK) as { name: string };
  expect(plan).toMatchObject({ label: 'errors', alpha: 0.01, lookbackMinutes: 180, candidate: { total: { dimensions: { EndpointConfigName: 'fraud-2' } } } });
  template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 minute)' });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'ModelRollout', MetricName: 'LogEvidence', Dimensions: [{ Name: 'EvidenceAlarm', Value: plan.name }],
    ComparisonOperator: 'GreaterThanOrEqualToThreshold', Threshold: -Math.log(0.01), TreatMissingData: 'notBreaching', EvaluationPeriods: 1,
  });
});

test('everything that is wrong is told at synthesis', () => {
  expect(() => alarmOf({
    candidate: { total: counts('Invocations', 'fraud-2', 'p90'), bad: counts('Invocation5XXErrors', 'fraud-2') }, falseAlarmRate: 0.9, longestDeployment: Duration.days(1),
  })).toThrow(/3 problems:[^]*must be a count[^]*falseAlarmRate[^]*longestDeployment/);
});

test('one metric for both compares nothing', () => {
  const same = { total: counts('Invocations'), bad: counts('Invocation5XXErrors') };
  expect(() => alarmOf({ candidate: same, whole: same })).toThrow(/same metrics/);
});
