import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Duration, Lazy, type Stack } from 'aws-cdk-lib/core';
import {
  type AlarmGuardrailOptions, CanaryRollout, type CanaryRolloutProps, Guardrail, GuardrailAction, InsufficientData,
  InsufficientTrafficAction, type ModelEndpoint, TrafficShift,
} from '../../lib';
import { inline, newEndpoint, newStack, planOf, warnings } from '../fixtures/stacks';

function rollout(
  define: (stack: Stack, endpoint: ModelEndpoint) => Guardrail[], alias = 'live', more: Partial<CanaryRolloutProps> = {},
): { stack: Stack; template: Template } {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  // Longer than the five minutes that CDK's metrics look back.
  const shift = TrafficShift.steps([5, 25, 50], { bakeTime: Duration.minutes(10) });
  new CanaryRollout(stack, 'Rollout', { endpoint, alias, shift, finalBakeTime: Duration.minutes(10), guardrails: define(stack, endpoint), ...more });
  return { stack, template: Template.fromStack(stack) };
}

const candidate = [{ Name: 'Alias', Value: 'live' }, { Name: 'Endpoint', Value: 'fraud' }, { Name: 'Variant', Value: 'candidate' }];

function metric(name: string, period: number, stat: string): object {
  return { MetricStat: { Metric: { Namespace: 'ModelRollout', MetricName: name, Dimensions: candidate }, Period: period, Stat: stat }, ReturnData: false };
}

describe('alarms that are defined', () => {
  test('circuit-breaker: half of at least five requests fail, in two of three periods of ten seconds', () => {
    rollout(() => []).template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Metrics: Match.arrayWith([
        Match.objectLike({ Expression: 'IF(requests >= 5, 100 * failures / requests, 0)', ReturnData: true }),
        Match.objectLike(metric('Invocations', 10, 'Sum')), Match.objectLike(metric('Failures', 10, 'Sum')),
      ]),
      Threshold: 50, ComparisonOperator: 'GreaterThanOrEqualToThreshold', EvaluationPeriods: 3, DatapointsToAlarm: 2, TreatMissingData: 'notBreaching',
    });
  });

  test('error rate', () => {
    rollout(() => [Guardrail.errorPercentAbove(0.5)]).template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Metrics: Match.arrayWith([
        Match.objectLike({ Expression: 'IF(requests >= 10, 100 * failures / requests, 0)' }),
        Match.objectLike(metric('Invocations', 60, 'Sum')), Match.objectLike(metric('Failures', 60, 'Sum')),
      ]),
      Threshold: 0.5, ComparisonOperator: 'GreaterThanThreshold', EvaluationPeriods: 3, DatapointsToAlarm: 2, TreatMissingData: 'notBreaching',
    });
  });

  test('latency', () => {
    const { template } = rollout(() => [
      Guardrail.latencyAbove(Duration.millis(250), {
        quantile: 0.999,
        evaluationMinutes: 5,
        minutesToAlarm: 4,
        minRequests: 100,
        action: GuardrailAction.OBSERVE,
      }),
    ]);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Metrics: Match.arrayWith([Match.objectLike({ Expression: 'IF(requests >= 100, latency, 0)' }), Match.objectLike(metric('ModelLatency', 60, 'p99.9'))]),
      Threshold: 250, EvaluationPeriods: 5, DatapointsToAlarm: 4,
    });
    expect(planOf(template).guardrails[1]).toMatchObject({ name: 'latency-p99.9', action: 'observe', insufficientData: 'ok' });
  });

  test('one minute is enough if only one is looked at', () => {
    rollout(() => [Guardrail.errorPercentAbove(1, { evaluationMinutes: 1 })]).template.hasResourceProperties('AWS::CloudWatch::Alarm', { EvaluationPeriods: 1, DatapointsToAlarm: 1 });
  });

  test('are the alias\'s own', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    endpoint.addAlias('beta', { model: inline('v1') });
    new CanaryRollout(stack, 'Rollout', { endpoint, alias: 'beta', guardrails: [Guardrail.errorPercentAbove(1)] });
    expect(JSON.stringify(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'))).not.toContain('{"Name":"Alias","Value":"live"}');
  });
});

describe('alarms of one\'s own', () => {
  const shop = (stack: Stack): cloudwatch.Alarm => new cloudwatch.Metric({ namespace: 'Shop', metricName: 'Orders' }).createAlarm(stack, 'Orders', { threshold: 1, evaluationPeriods: 1 });

  test('are known by name, silence is no health', () => {
    const { template } = rollout((stack) => [Guardrail.alarm(shop(stack))]);
    expect(planOf(template).guardrails[1]).toEqual({
      name: 'Orders', action: 'rollback', kind: 'alarm', alarmName: expect.stringMatching(/^<Orders/) as string, insufficientData: 'hold',
    });
  });

  test('may be imported, and say what silence means', () => {
    const { template, stack } = rollout((scope) => [
      Guardrail.alarm(cloudwatch.Alarm.fromAlarmArn(scope, 'Imported', 'arn:aws:cloudwatch:eu-west-1:111111111111:alarm:checkout'), {
        name: 'checkout', insufficientData: InsufficientData.OK, action: GuardrailAction.HOLD,
      }),
      Guardrail.alarm(shop(scope)),
    ]);
    expect(planOf(template).guardrails[1]).toEqual({ name: 'checkout', action: 'hold', kind: 'alarm', alarmName: 'checkout', insufficientData: 'ok' });
    expect(warnings(stack)).toEqual([]);
  });

  test('may be L1s', () => {
    const { template } = rollout((stack) => [
      Guardrail.alarm(new cloudwatch.CfnAlarm(stack, 'Raw', { comparisonOperator: 'GreaterThanThreshold', evaluationPeriods: 20, period: 60, threshold: 1 })),
    ]);
    expect(planOf(template).guardrails[1].name).toBe('Raw');
  });

  test('fail in another region, where they can be neither read nor heard', () => {
    expect(() => rollout((stack) => [Guardrail.alarm(cloudwatch.Alarm.fromAlarmArn(stack, 'Far', 'arn:aws:cloudwatch:us-east-1:111111111111:alarm:far'))]))
      .toThrow(/the alarm of guardrail "Far" is in region us-east-1, but the endpoint is in eu-west-1/);
  });
});

describe('warnings', () => {
  const alarmOn = (stack: Stack, each: cloudwatch.IMetric, evaluationPeriods = 1): Guardrail[] =>
    [Guardrail.alarm(new cloudwatch.Alarm(stack, 'Mine', { metric: each, threshold: 1, evaluationPeriods }))];

  test.each<[string, (endpoint: ModelEndpoint) => cloudwatch.IMetric]>([
    ['the API', ({ api }) => new cloudwatch.Metric({ namespace: 'AWS/ApiGateway', metricName: '5XXError', dimensionsMap: { ApiName: api.restApiName } })],
    ['the router', (endpoint) => endpoint._routerFunction.metricErrors()],
    ['the alias', () => new cloudwatch.Metric({ namespace: 'ModelRollout', metricName: 'Failures', dimensionsMap: { Endpoint: 'fraud', Alias: 'live' } })],
    ['an expression of these', ({ api }) => new cloudwatch.MathExpression({
      expression: 'a / b', usingMetrics: Object.fromEntries([['a', '5XXError'], ['b', 'Count']].map(([id, metricName]) =>
        [id, new cloudwatch.Metric({ namespace: 'AWS/ApiGateway', metricName, dimensionsMap: { ApiName: api.restApiName }, period: Duration.minutes(5) })])),
    })],
  ])('an alarm on %s watches both versions', (_, each) => {
    const { stack } = rollout((scope, endpoint) => alarmOn(scope, each(endpoint)));
    expect(warnings(stack)).toContainEqual(expect.stringMatching(/guardrail "Mine" watches .* of all requests.*cdk-model-rollout:alarmWatchesBothVersions/));
  });

  test.each<[string, (endpoint: ModelEndpoint) => cloudwatch.IMetric]>([
    ['the candidate', ({ metrics }) => metrics.failures({ variant: 'candidate' })],
    ['a comparison', ({ metrics }) => new cloudwatch.MathExpression({
      expression: 'c - p', period: Duration.minutes(1), usingMetrics: { c: metrics.failures({ variant: 'candidate' }), p: metrics.failures() },
    })],
    ['another API', () => new cloudwatch.Metric({ namespace: 'AWS/ApiGateway', metricName: '5XXError', dimensionsMap: { ApiName: 'checkout' } })],
  ])('an alarm on %s does not', (_, each) => {
    expect(warnings(rollout((scope, endpoint) => alarmOn(scope, each(endpoint))).stack)).toEqual([]);
  });

  test('an alarm that only observes may watch both', () => {
    const { stack } = rollout((scope, { _routerFunction: router }) => [
      Guardrail.errorPercentAbove(1), Guardrail.alarm(router.metricErrors().createAlarm(scope, 'Mine', { threshold: 1, evaluationPeriods: 1 }), { action: GuardrailAction.OBSERVE }),
    ]);
    expect(warnings(stack)).toEqual([]);
  });

  describe('an alarm that takes the candidate\'s silence for health', () => {
    const { NOT_BREACHING, IGNORE, MISSING, BREACHING } = cloudwatch.TreatMissingData;
    const labels = ({ endpointName: Endpoint }: ModelEndpoint, Variant = 'candidate'): cloudwatch.Metric =>
      new cloudwatch.Metric({ namespace: 'ModelRollout', metricName: 'FeedbackWrong', dimensionsMap: { Endpoint, Alias: 'live', Variant }, period: Duration.minutes(1) });
    const failures = ({ metrics }: ModelEndpoint): cloudwatch.Metric => metrics.failures({ variant: 'candidate' });
    type Watched = (endpoint: ModelEndpoint) => cloudwatch.Metric | cloudwatch.MathExpression;
    const said = (
      watched: Watched, treatMissingData?: cloudwatch.TreatMissingData, options?: AlarmGuardrailOptions, more?: Partial<CanaryRolloutProps>,
    ): string[] =>
      warnings(rollout((scope, endpoint) => [
        Guardrail.errorPercentAbove(1),
        Guardrail.alarm(watched(endpoint).createAlarm(scope, 'Mine', { threshold: 1, evaluationPeriods: 1, treatMissingData }), options),
      ], 'live', more).stack).filter((warning) => warning.includes('silenceIsHealth'));

    test.each<[string, cloudwatch.TreatMissingData | undefined, AlarmGuardrailOptions, RegExp]>([
      ['missing data does not breach', NOT_BREACHING, {}, /guardrail "Mine" watches FeedbackWrong of the candidate, and treatMissingData of the alarm is notBreaching: .* passes it; leave treatMissingData/],
      ['missing data changes nothing', IGNORE, { action: GuardrailAction.HOLD }, /treatMissingData of the alarm is ignore/],
      ['it is told so', MISSING, { insufficientData: InsufficientData.OK }, /insufficientData is OK/],
    ])('is warned of where %s', (_, missing, options, expected) => expect(said(labels, missing, options)).toEqual([expect.stringMatching(expected)]));

    test('is found in an expression', () => expect(said((endpoint) => new cloudwatch.MathExpression({
      expression: 'a / b', period: Duration.minutes(1), usingMetrics: { a: labels(endpoint), b: labels(endpoint, 'production') },
    }), NOT_BREACHING)).toHaveLength(1));

    test.each<[string, Watched, cloudwatch.TreatMissingData | undefined, AlarmGuardrailOptions?]>([
      ['holds by default', labels, undefined],
      ['is breached by silence', labels, BREACHING],
      ['only observes', labels, NOT_BREACHING, { action: GuardrailAction.OBSERVE }],
      ['watches production', (endpoint) => labels(endpoint, 'production'), NOT_BREACHING],
      ['watches something else', () => new cloudwatch.Metric({ namespace: 'Shop', metricName: 'Orders' }), NOT_BREACHING],
      ['watches what comes with every request, for which a rollout holds anyway', failures, NOT_BREACHING],
    ])('is none that %s', (_, watched, missing, options = {}) => expect(said(watched, missing, options)).toEqual([]));

    test('is warned of even so where the rollout goes on without requests', () => {
      expect(said(failures, NOT_BREACHING, {}, { insufficientTraffic: InsufficientTrafficAction.ADVANCE }))
        .toEqual([expect.stringMatching(/watches Failures of the candidate.*goes on, as insufficientTraffic is ADVANCE/)]);
    });
  });

  test('an alarm that looks back longer than the bake', () => {
    const { stack } = rollout((scope, { metrics }) => alarmOn(scope, metrics.failures({ variant: 'candidate', options: { period: Duration.minutes(5) } }), 2));
    expect(warnings(stack)).toEqual([expect.stringMatching(/the shortest bake time is 10 min, but guardrail "Mine" sees a fault only after 12 min: 2 periods of 300 s and 120 s/)]);
  });
});

describe('mistakes', () => {
  test.each<[string, Guardrail, RegExp]>([
    ['an error rate of 0', Guardrail.errorPercentAbove(0), /the threshold of Guardrail.errorPercentAbove is 0 %, but must be above 0 and below 100/],
    ['an error rate of 100', Guardrail.errorPercentAbove(100), /is 100 %/],
    ['an error rate of more', Guardrail.errorPercentAbove(101), /is 101 %/],
    ['an error rate that is none', Guardrail.errorPercentAbove(NaN), /is NaN %/],
    ['a latency that only the deployment knows', Guardrail.latencyAbove(Duration.seconds(Lazy.number({ produce: () => 1 }))), /threshold of Guardrail\.latencyAbove is known only at deployment; give a duration/],
    ['no latency', Guardrail.latencyAbove(Duration.millis(0)), /the threshold of Guardrail.latencyAbove is 0 ms/],
    ['a quantile of 1', Guardrail.latencyAbove(Duration.millis(1), { quantile: 1 }), /quantile of Guardrail.latencyAbove is 1/],
    ['a percentage for a quantile', Guardrail.latencyAbove(Duration.millis(1), { quantile: 99 }), /quantile of Guardrail.latencyAbove is 99/],
    ['no requests', Guardrail.errorPercentAbove(1, { minRequests: 0 }), /minRequests of guardrail "error-rate" is 0/],
    ['no minutes', Guardrail.errorPercentAbove(1, { evaluationMinutes: 0 }), /evaluationMinutes of guardrail "error-rate" is 0/],
    ['more minutes than are looked at', Guardrail.errorPercentAbove(1, { evaluationMinutes: 2, minutesToAlarm: 3 }), /minutesToAlarm of guardrail "error-rate" is 3 min, but must be between 1 and 2/],
  ])('fails for %s', (_, guardrail, message) => expect(() => rollout(() => [guardrail])).toThrow(message));
});
