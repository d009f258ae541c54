import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Template } from 'aws-cdk-lib/assertions';
import { Duration, Lazy, type Stack } from 'aws-cdk-lib/core';
import { Assignment, BlueGreenRollout, CanaryRollout, type CanaryRolloutProps, Guardrail, GuardrailAction, type MetricPair, type MetricMeanGuardrailOptions, type ModelEndpoint, Segment, InconclusiveAction, RegressionDirection } from '../../lib';
import { judge } from '../../lib/core/judge/judge';
import { judgePlanOf } from '../../lib/core/rollout/judge-rollout';
import type { ErrorsPlan } from '../../lib/core/guardrails/errors';
import type { GuardrailPlan } from '../../lib/core/guardrails/kinds';
import type { Route } from '../../lib/core/routing/route';
import { flat, newEndpoint, newStack, planOf, routeOf, statementsOf, warnings } from '../fixtures/stacks';

type Given = Guardrail[] | ((stack: Stack, endpoint: ModelEndpoint) => Guardrail[]);

function rollout(guardrails: Given, props: Partial<CanaryRolloutProps> = {}): { stack: Stack; rollout: CanaryRollout; template: Template } {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  const given = typeof guardrails === 'function' ? guardrails(stack, endpoint) : guardrails;
  const canary = new CanaryRollout(stack, 'Rollout', { endpoint, guardrails: given, ...props });
  return { stack, rollout: canary, template: Template.fromStack(stack) };
}

const planned = (guardrails: Given): GuardrailPlan[] => planOf(rollout(guardrails).template).guardrails.slice(1);

const counts = (variant: string): MetricPair => {
  const of = (metricName: string): cloudwatch.Metric =>
    new cloudwatch.Metric({ namespace: 'Shop', metricName, dimensionsMap: { Variant: variant }, statistic: cloudwatch.Stats.SUM });
  return { total: of('Payments'), bad: of('Declined') };
};

const stars = (more: Partial<MetricMeanGuardrailOptions> = {}): Guardrail => {
  const of = (variant: string): cloudwatch.Metric => new cloudwatch.Metric({ namespace: 'Shop', metricName: 'Stars', dimensionsMap: { Variant: variant } });
  return Guardrail.metricMean({ candidate: of('new'), production: of('old'), minValue: 1, maxValue: 5, regression: RegressionDirection.DECREASE, label: 'stars', ...more });
};

const bounds = { allowed: { ratio: 1.1, tolerance: 0.0005 }, margin: { ratio: 1.5, tolerance: 0.001 } };

describe('guardrails by evidence', () => {
  test('need no argument', () => {
    expect(planned([Guardrail.errorRate(), Guardrail.latency(), Guardrail.sampleRatio()])).toEqual([
      { name: 'errors', action: 'rollback', kind: 'errors', ...bounds },
      { name: 'latency', action: 'rollback', kind: 'latency', quantiles: [0.5, 0.9, 0.99], slowdown: 1.1, ...bounds },
    ]);
  });

  test('allow what they are told, and have to rule out more than that', () => {
    expect(planned([Guardrail.errorRate({ maxRatio: 2, tolerance: 0, action: GuardrailAction.HOLD, name: 'failures' })])).toEqual([
      { name: 'failures', action: 'hold', kind: 'errors', allowed: { ratio: 2, tolerance: 0 }, margin: { ratio: 2.727273, tolerance: 0 } },
    ]);
  });

  test('allow milliseconds where they are about latency: a factor on it, beyond which shares of requests are compared as ever', () => {
    expect(planned([Guardrail.latency({ quantiles: [0.95], maxRatio: 1.5, certifiedRatio: 1.2, certifiedTolerance: 0.01 })])).toMatchObject(
      [{ quantiles: [0.95], slowdown: 1.5, allowed: bounds.allowed, margin: { ratio: 1.2, tolerance: 0.01 } }],
    );
  });

  test('compare in segments by a part of the request, which routers count while there is a rollout', () => {
    const { template } = rollout([
      Guardrail.errorRate({ by: Segment.header('X-Tenant') }), Guardrail.latency({ by: Segment.header('x-tenant') }), Guardrail.errorRate({ name: 'countries', by: Segment.jsonPath('$.country', { values: ['de', 'fr'] }) }),
    ]);
    const [errors, latency, countries] = planOf(template).guardrails.slice(1) as (ErrorsPlan & { name: string })[];
    const { counters, assignment } = JSON.parse(flat(routeOf(template).Properties.Route)) as Route;
    expect(assignment).toEqual({ source: 'inference-id' });
    expect(counters).toEqual([
      { name: expect.stringMatching(/^segments-[0-9a-f]{8}$/), table: expect.any(String), by: { source: 'header', name: 'x-tenant' }, cells: 64, names: 'plain', during: 'rollout', keepSeconds: expect.any(Number), slow: true },
      { name: expect.any(String), table: expect.any(String), by: { source: 'json-path', path: '$.country' }, cells: 3, values: ['de', 'fr'], during: 'rollout', keepSeconds: expect.any(Number) },
    ].map((each) => ({ ...each, table: counters![0].table })));
    expect([errors, latency, countries].map(({ by }) => [by?.label, by?.counter.name])).toEqual([['x-tenant', counters![0].name], ['x-tenant', counters![0].name], ['$.country', counters![1].name]]);
    // Counts are there for as long as the rollout may last.
    expect(counters![0].keepSeconds).toBe(planOf(template).deadlineSeconds + 86_400);
    const statements = (role: string): unknown[] => statementsOf(template, role).filter(({ Resource: resource }) => flat(resource).includes('Counters'));
    expect(statements('FraudRouter')).toEqual([expect.objectContaining({ Action: 'dynamodb:UpdateItem', Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['fraud/*'] } } })]);
    expect(statements('ModelRolloutController')).toEqual([expect.objectContaining({ Action: 'dynamodb:Query' })]);
    template.hasResourceProperties('AWS::DynamoDB::Table', { TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true }, KeySchema: [{ AttributeName: 'alias', KeyType: 'HASH' }, { AttributeName: 'item', KeyType: 'RANGE' }] });
  });

  test('cost no table where nothing is counted by segments', () => {
    expect(Object.keys(rollout([Guardrail.errorRate()]).template.findResources('AWS::DynamoDB::Table')).filter((id) => id.includes('Counters'))).toEqual([]);
  });

  test('share their part of the promise between all requests and the segments', () => {
    const [errors] = planned([Guardrail.errorRate({ by: Segment.claim('tenant', { hashed: true }) })]);
    const judged = judgePlanOf(
      { plan: { ...planOf(rollout([Guardrail.errorRate()]).template), guardrails: [errors] }, baseline: undefined },
      0,
    );
    expect(judged.guardrails).toMatchObject([{ kind: 'counts', name: 'errors', share: 0.5 }, { kind: 'segments', name: 'errors by tenant', share: 0.5, segments: 64, label: 'tenant' }]);
  });

  test.each<[string, () => Guardrail, string]>([
    ['a header that is none', () => Guardrail.errorRate({ by: Segment.header('x tenant') }), 'the segment of guardrail "errors" is by header "x tenant", which is not a header name'],
    ['a path with a wildcard', () => Guardrail.latency({ by: Segment.jsonPath('$.rows[*].id') }), 'the segment of guardrail "latency" is by path "$.rows[*].id", but must name one place'],
    ['no parameter', () => Guardrail.errorRate({ by: Segment.query('') }), 'is by parameter "", which is not 1 to 128 characters'],
    ['too many values', () => Guardrail.errorRate({ by: Segment.header('h', { values: Array.from({ length: 51 }, (_, i) => String(i)) }) }), 'has 51 values, but 1 to 50 can be compared each by itself'],
    ['no values', () => Guardrail.errorRate({ by: Segment.header('h', { values: [] }) }), 'has 0 values'],
    ['a value twice', () => Guardrail.errorRate({ by: Segment.header('h', { values: ['a', 'a'] }) }), 'names a value twice'],
    ['a value that no sentence can have', () => Guardrail.errorRate({ by: Segment.header('h', { values: ['Z\u00fcrich'] }) }), 'printable ASCII'],
    ['a value that is known only at deployment', () => Guardrail.errorRate({ by: Segment.header('h', { values: [Lazy.string({ produce: () => 'a' })] }) }), 'known only at deployment'],
  ])('by segments of %s are refused', (_, guardrail, message) => {
    expect(() => rollout([guardrail()])).toThrow(message);
  });

  test('by what decides the version have nothing to compare', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack, { assignment: Assignment.header('X-Tenant') });
    expect(() => new CanaryRollout(stack, 'Rollout', { endpoint, guardrails: [Guardrail.errorRate({ by: Segment.header('x-tenant') })] }))
      .toThrow('guardrail "errors" compares by x-tenant, which also decides the version on alias "live"');
    expect(() => new CanaryRollout(stack, 'Other', { endpoint, guardrails: [Guardrail.errorRate({ by: Segment.header('x-platform') })] })).not.toThrow();
  });

  test('compare any counts', () => {
    expect(planned([Guardrail.metric({ candidate: counts('new'), production: counts('old'), label: 'declined payments' })])).toEqual([{
      name: 'declined payments', action: 'rollback', kind: 'metric', label: 'declined payments', ...bounds,
      candidate: {
        total: { namespace: 'Shop', metricName: 'Payments', dimensions: { Variant: 'new' }, statistic: 'Sum' },
        bad: { namespace: 'Shop', metricName: 'Declined', dimensions: { Variant: 'new' }, statistic: 'Sum' },
      },
      production: {
        total: { namespace: 'Shop', metricName: 'Payments', dimensions: { Variant: 'old' }, statistic: 'Sum' },
        bad: { namespace: 'Shop', metricName: 'Declined', dimensions: { Variant: 'old' }, statistic: 'Sum' },
      },
    }]);
  });

  test('count samples where each is an outcome', () => {
    const samples = (variant: string): MetricPair => ({ ...counts(variant), total: new cloudwatch.Metric({ namespace: 'Shop', metricName: 'Duration', dimensionsMap: { Variant: variant }, statistic: 'n' }) });
    expect(planned([Guardrail.metric({ candidate: samples('new'), production: samples('old'), name: 'x' })])).toMatchObject([
      { name: 'x', label: 'x', candidate: { total: { statistic: 'SampleCount' } } },
    ]);
  });

  test('compare means of values within bounds, by a metric\'s own statistic', () => {
    expect(planned([stars(), stars({ name: 'cost', regression: RegressionDirection.INCREASE, maxChange: 0.2, action: GuardrailAction.HOLD })])).toEqual([{
      name: 'stars', action: 'rollback', kind: 'mean', label: 'stars', lowest: 1, highest: 5, worse: 'lower', allowed: 0.95, margin: 0.9,
      candidate: { namespace: 'Shop', metricName: 'Stars', dimensions: { Variant: 'new' } }, production: { namespace: 'Shop', metricName: 'Stars', dimensions: { Variant: 'old' } },
    }, expect.objectContaining({ name: 'cost', action: 'hold', worse: 'higher', allowed: 1.2, margin: 1.4 })]);
  });

  test('warn where a service counts what production answers in place of the candidate as production\'s own', () => {
    const of = (namespace: string, metricName: string): cloudwatch.Metric => new cloudwatch.Metric({ namespace, metricName, statistic: 'Sum' });
    const service = (namespace: string): MetricPair => ({ total: of(namespace, 'Invocations'), bad: of(namespace, 'Errors') });
    const told = (guardrail: Guardrail): string[] => warnings(rollout([guardrail]).stack).filter((each) => each.includes('metricCountsFallbacks'));
    expect(told(Guardrail.metric({ candidate: counts('new'), production: service('AWS/Lambda') }))).toEqual([expect.stringMatching(/guardrail "metric" reads production's side from AWS\/Lambda, which counts what production answers in place of/)]);
    expect(told(stars({ production: of('AWS/SageMaker', 'ModelLatency').with({ statistic: 'Average' }), action: GuardrailAction.HOLD }))).toHaveLength(1);
    expect(told(Guardrail.metric({ candidate: service('AWS/Lambda'), production: counts('old') }))).toEqual([]);
  });

  test('compare predictions, and hold rather than roll back', () => {
    expect(planned([
      Guardrail.errorRate(), Guardrail.predictionDrift({ path: '$.score', bins: [0.2, 0.5] }),
      Guardrail.predictionDrift({ path: '$.rows[0].label', labels: ['ham', 'spam'], maxRatio: 1.5, action: GuardrailAction.ROLLBACK, name: 'labels' }),
    ]).slice(1)).toEqual([
      { name: 'prediction-drift', action: 'hold', kind: 'drift', path: '$.score', edges: [0.2, 0.5] },
      { name: 'labels', action: 'rollback', kind: 'drift', path: '$.rows[0].label', labels: ['ham', 'spam'], ratio: 1.5 },
    ]);
  });

  test('are such that the judge accepts them', () => {
    const drift = Guardrail.predictionDrift({ path: '$.score', bins: [0.2, 0.5] });
    for (const guardrails of [
      [Guardrail.errorRate()],
      [Guardrail.errorRate({ maxRatio: 1, tolerance: 0 })],
      [Guardrail.errorRate({ maxRatio: 1, tolerance: 0.999 })],
      [Guardrail.sampleRatio()],
      [drift],
      [Guardrail.latency({ maxRatio: 100 }), drift, Guardrail.sampleRatio({ tolerance: 0 })],
      [Guardrail.errorRate({ action: GuardrailAction.OBSERVE })],
      [Guardrail.metric({ candidate: counts('new'), production: counts('old') }), Guardrail.errorRate({ action: GuardrailAction.HOLD })],
      [stars()],
      [stars({ maxChange: 0 })],
      [stars({ maxChange: 0.99 })],
      [stars({ regression: RegressionDirection.INCREASE, maxChange: 0.5, certifiedChange: 0.6, minValue: -1 })],
    ]) {
      const plan = planOf(rollout(guardrails, { falseRollbackRate: 1e-6, requestsPerBurst: 100 }).template);
      const baseline = { thresholds: { latency: [1, 2, 3] }, overdispersion: {}, frequent: [], notes: [] };
      expect(judge(judgePlanOf({ plan, baseline }, 0), [], { step: 0, closedUntil: 0 }).verdict).toBe('hold');
    }
  });
});

describe('a function of one\'s own', () => {
  const handler = (stack: Stack): lambda.IFunction => lambda.Function.fromFunctionArn(stack, 'Score', 'arn:aws:lambda:eu-west-1:111111111111:function:score');

  test('is in the plan, and the controller may call it and no other', () => {
    const { template } = rollout((stack) => [Guardrail.custom(handler(stack), { action: GuardrailAction.HOLD })]);
    expect(planOf(template).guardrails[1]).toEqual({ name: 'Score', action: 'hold', kind: 'function', functionArn: 'arn:aws:lambda:eu-west-1:111111111111:function:score' });
    expect(planOf(template)).not.toHaveProperty('judgement');
    const invoked = statementsOf(template, 'ModelRolloutControllerRole').filter(({ Action: action }) => action === 'lambda:InvokeFunction');
    expect(invoked.flatMap(({ Resource: resource }) => resource).map(flat)).toEqual([expect.stringMatching(/^<FraudRouter/), 'arn:aws:lambda:eu-west-1:111111111111:function:score']);
  });

  test('is something that rolls back', () => {
    expect(warnings(rollout((stack) => [Guardrail.custom(handler(stack))]).stack)).toEqual([]);
  });
});

describe('the judgement', () => {
  test('has defaults, and the sample ratio where it is asked for', () => {
    const uncertified = { afterSeconds: 600, policy: 'advance' };
    expect(planOf(rollout([Guardrail.errorRate()]).template).judgement).toEqual({ alpha: 0.01, uncertified });
    expect(planOf(rollout([Guardrail.errorRate(), Guardrail.sampleRatio()]).template).judgement).toEqual({
      alpha: 0.01,
      sampleRatio: { tolerance: 0.05, alpha: 0.001 },
      uncertified,
    });
    expect(planOf(rollout([Guardrail.errorPercentAbove(1), Guardrail.sampleRatio()]).template).judgement).toMatchObject({
      sampleRatio: { tolerance: 0.05, alpha: 0.001 },
    });
    expect(planOf(rollout([Guardrail.errorPercentAbove(1)]).template)).not.toHaveProperty('judgement');
  });

  test('has what it is told', () => {
    const { template } = rollout([Guardrail.errorRate(), Guardrail.sampleRatio({ tolerance: 0.2, alpha: 0.01 })], {
      falseRollbackRate: 0.001, requestsPerBurst: 3, inconclusive: InconclusiveAction.ROLLBACK, inconclusiveAfter: Duration.minutes(30),
    });
    expect(planOf(template)).toMatchObject({
      // Three steps of five minutes and one of ten, each settled within one, judged within two and certain within thirty more; and ten
      // minutes.
      deadlineSeconds: 900 + 600 + 4 * (60 + 120 + 1_800) + 600,
      judgement: { alpha: 0.001, overdispersion: 3, sampleRatio: { tolerance: 0.2, alpha: 0.01 }, uncertified: { afterSeconds: 1_800, policy: 'rollback' } },
    });
  });

  test('has time in every step to become certain, by default', () => {
    expect(planOf(rollout([Guardrail.errorRate()]).template)).toMatchObject({ answer: 'wait-condition', deadlineSeconds: 900 + 600 + 4 * (60 + 120 + 600) + 600 });
  });
});

describe('the alarm on evidence', () => {
  test('goes off at as much evidence as rolls the candidate back, and takes it back without the controller', () => {
    const { template, rollout: canary, stack } = rollout([Guardrail.errorRate()], { falseRollbackRate: 0.001 });
    const [[id, alarm]] = Object.entries(template.findResources('AWS::CloudWatch::Alarm', { Properties: { MetricName: 'LogEvidence' } }));
    expect(alarm.Properties).toMatchObject({
      Namespace: 'ModelRollout', Dimensions: [{ Name: 'Alias', Value: 'live' }, { Name: 'Endpoint', Value: 'fraud' }], Statistic: 'Maximum', Period: 60,
      Threshold: Math.log(1_000), ComparisonOperator: 'GreaterThanOrEqualToThreshold', EvaluationPeriods: 1, TreatMissingData: 'notBreaching',
    });
    expect(stack.resolve(canary.evidenceAlarm!.alarmArn)).toEqual({ 'Fn::GetAtt': [id, 'Arn'] });
    expect(canary.rollbackAlarms).toContain(canary.evidenceAlarm);
    const [rule] = Object.values(template.findResources('AWS::Events::Rule'));
    expect(JSON.stringify(rule.Properties.EventPattern)).toContain(id);
  });

  test('is no guardrail: what it says of the last rollout is nothing to the next one', () => {
    expect(planOf(rollout([Guardrail.errorRate()]).template).guardrails.map(({ name }) => name)).toEqual(['circuit-breaker', 'errors']);
  });

  test('is not there where no evidence rolls back', () => {
    expect(rollout([Guardrail.errorPercentAbove(1)]).rollout.evidenceAlarm).toBeUndefined();
    expect(rollout([Guardrail.errorRate({ action: GuardrailAction.HOLD })]).rollout.evidenceAlarm).toBeUndefined();
  });
});

describe('mistakes', () => {
  const lazy = Lazy.number({ produce: () => 1 });
  const expression = new cloudwatch.MathExpression({ expression: 'a + b', usingMetrics: { a: counts('a').total, b: counts('b').total } });
  const pair = (more: Partial<MetricPair>): Guardrail[] => [Guardrail.metric({ candidate: { ...counts('new'), ...more }, production: counts('old') })];
  const metric = (options: cloudwatch.MetricOptions): cloudwatch.Metric => new cloudwatch.Metric({ namespace: 'Shop', metricName: 'Declined', statistic: 'Sum', ...options });

  test.each<[string, Guardrail[], RegExp]>([
    ['a ratio below 1', [Guardrail.errorRate({ maxRatio: 0.9 })], /maxRatio of guardrail "errors" is 0.9 times production's share, but must be between 1 and 100/],
    ['a ratio that is none', [Guardrail.errorRate({ maxRatio: NaN })], /maxRatio of guardrail "errors" is NaN/],
    ['a ratio that nobody knows', [Guardrail.errorRate({ maxRatio: lazy })], /maxRatio of guardrail "errors" is known only at deployment/],
    ['a percentage for a tolerance', [Guardrail.errorRate({ tolerance: 5 })], /tolerance of guardrail "errors" is 5 of the requests, but must be between 0 and 0.999; it is a share/],
    ['nothing to rule out', [Guardrail.errorRate({ certifiedRatio: 1.1, certifiedTolerance: 0.0005 })], /is not wider than the 1.1 times and 0.0005 that it allows.*raise certifiedRatio/],
    ['less to rule out than is allowed', [Guardrail.errorRate({ maxRatio: 2, certifiedRatio: 1.5 })], /must rule out 1.5 times/],
    ['a latency of percent', [Guardrail.latency({ maxRatio: 0.1 })], /maxRatio of guardrail "latency" is 0.1 times production's latency, but must be between 1 and 100; 1.1 is the default/],
    ['a latency that is certified beyond what is allowed', [Guardrail.latency({ certifiedRatio: 1.1, certifiedTolerance: 0.0005 })], /guardrail "latency" must rule out 1.1 times/],
    ['no quantile', [Guardrail.latency({ quantiles: [] })], /quantiles of guardrail "latency" are 0, but must be 1 to 3/],
    ['many quantiles', [Guardrail.latency({ quantiles: [0.1, 0.2, 0.3, 0.4] })], /are 4, but must be 1 to 3/],
    ['a percentile', [Guardrail.latency({ quantiles: [99] })], /have 99, but must be above 0 and below 1; write 0.99/],
    ['quantiles in disorder', [Guardrail.latency({ quantiles: [0.9, 0.5] })], /are 0.9, 0.5, but must increase/],
    ['a quantile that nobody knows', [Guardrail.latency({ quantiles: [lazy] })], /are known only at deployment/],
    ['an expression', pair({ bad: expression }), /candidate.bad of guardrail "metric" is a math expression.*Guardrail.alarm/],
    ['an average', pair({ total: metric({ statistic: 'Average' }) }), /candidate.total of guardrail "metric" has statistic "Average".*Stats.SUM/],
    ['a percentile of a metric', pair({ total: metric({ statistic: 'p99' }) }), /has statistic "p99"/],
    ['a unit', pair({ total: metric({ unit: cloudwatch.Unit.COUNT }) }), /is limited to unit Count/],
    ['metrics of another region', pair({ bad: metric({ region: 'us-east-1' }) }), /candidate.bad of guardrail "metric" is in region us-east-1, but the endpoint is in eu-west-1/],
    ['metrics of another account', pair({ bad: metric({ account: '222222222222' }) }), /is in account 222222222222/],
    ['one metric for both versions', [Guardrail.metric({ candidate: counts('a'), production: counts('a') })], /candidate.bad and production.bad of guardrail "metric" are the same metric/],
    ['one metric for all and the bad', pair({ total: counts('new').bad }), /candidate.total and candidate.bad of guardrail "metric" are the same metric/],
    ['bounds in disorder', [stars({ minValue: 5, maxValue: 1 })], /minValue of guardrail "stars" is 5 and maxValue 1, but they must be finite.*give the bounds/],
    ['no bounds', [stars({ maxValue: Infinity })], /maxValue Infinity, but they must be finite.*cap values/],
    ['bounds that nobody knows', [stars({ maxValue: lazy })], /minValue and maxValue of guardrail "stars" are known only at deployment/],
    ['a change in percent', [stars({ maxChange: 5 })], /maxChange of guardrail "stars" is 5 of what production's mean is above minValue, but must be between 0 and 0.99; it is a share/],
    ['no change to rule out', [stars({ maxChange: 0.2, certifiedChange: 0.2 })], /must rule out a change of 0.2, which is not more than the 0.2 that it allows.*raise certifiedChange/],
    ['a sum for a mean', [stars({ candidate: metric({ statistic: 'Sum' }) })], /candidate of guardrail "stars" has statistic "Sum", but must be a mean; set statistic to Stats.AVERAGE/],
    ['an expression for a mean', [stars({ production: expression })], /production of guardrail "stars" is a math expression/],
    ['a mean of another region', [stars({ candidate: metric({ statistic: 'Average', region: 'us-east-1' }) })], /candidate of guardrail "stars" is in region us-east-1/],
    ['one mean for both versions', [stars({ candidate: metric({ statistic: 'Average' }), production: metric({ statistic: 'Average' }) })], /candidate and production of guardrail "stars" are the same metric/],
    ['a path with a wildcard', [Guardrail.predictionDrift({ path: '$..score', bins: [1] })], /path of guardrail "prediction-drift" is "\$\.\.score"/],
    ['neither bins nor labels', [Guardrail.predictionDrift({ path: '$.score' })], /has neither bins nor labels/],
    ['both bins and labels', [Guardrail.predictionDrift({ path: '$.score', bins: [1], labels: ['a'] })], /has both bins and labels/],
    ['bins in disorder', [Guardrail.predictionDrift({ path: '$.score', bins: [0.5, 0.5] })], /bins of guardrail "prediction-drift" are 0.5, 0.5, but must be finite numbers that increase/],
    ['infinite bins', [Guardrail.predictionDrift({ path: '$.score', bins: [0, Infinity] })], /must be finite/],
    ['no bins', [Guardrail.predictionDrift({ path: '$.score', bins: [] })], /are 0, but must be 1 to 19/],
    ['a label twice', [Guardrail.predictionDrift({ path: '$.score', labels: ['a', 'a'] })], /are a, a, but must all differ/],
    ['two sample ratios', [Guardrail.errorRate(), Guardrail.sampleRatio(), Guardrail.sampleRatio()], /more than one guardrail is named "sample-ratio"/],
    ['a tolerated ratio of everything', [Guardrail.errorRate(), Guardrail.sampleRatio({ tolerance: 5 })], /tolerance of Guardrail.sampleRatio is 5/],
    ['a certainty that is none', [Guardrail.errorRate(), Guardrail.sampleRatio({ alpha: 0 })], /alpha of Guardrail.sampleRatio is 0/],
    ['more quantiles than routers count', [1, 2, 3, 4, 5].map((n) => Guardrail.latency({ name: String(n) })), /have 15 quantiles together, but routers count 12 at the most/],
    ['more bins than routers count', [1, 2, 3].map((n) => Guardrail.predictionDrift({ name: String(n), path: '$.x', labels: [...'abcdefghijklmnopqrs'] })), /have 63 bins together.*routers count 60 at the most/],
  ])('fails for %s', (_, guardrails, message) => expect(() => rollout(guardrails)).toThrow(message));

  test.each<[string, Partial<CanaryRolloutProps>, RegExp]>([
    ['a chance of nothing', { falseRollbackRate: 0 }, /falseRollbackRate of the rollout is 0, but must be between/],
    ['a percentage for a chance', { falseRollbackRate: 1 }, /it is a chance, not percent/],
    ['less variation than independent requests have', { requestsPerBurst: 0.5 }, /requestsPerBurst of the rollout is 0.5/],
    ['a wait that nobody knows', { inconclusiveAfter: Duration.seconds(lazy) }, /inconclusiveAfter of the rollout is known only at deployment/],
  ])('fails for %s', (_, props, message) => expect(() => rollout([Guardrail.errorRate()], props)).toThrow(message));

  test('fails where production has no requests to compare with', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    expect(() => new BlueGreenRollout(stack, 'Rollout', { endpoint, guardrails: [Guardrail.errorRate()] }))
      .toThrow(/\("errors"\) compare with production, which has no requests once.*Guardrail.errorPercentAbove/);
    expect(() => rollout([Guardrail.errorRate()], { holdbackPercent: 0 })).toThrow(/keep a holdbackPercent/);
  });
});
