import { Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import { App, Duration, Lazy, type Stack } from 'aws-cdk-lib/core';
import type {
  ModelEndpoint} from '../../lib';
import {
  Assignment,
  BlueGreenRollout,
  CanaryRollout,
  type CanaryRolloutProps,
  EndpointAuth,
  FeedbackOutcome,
  Guardrail,
  GuardrailAction,
  InferenceFeedback,
  type InferenceFeedbackProps,
  InferenceLog,
  ShadowMirror,
  TrafficShift,
} from '../../lib';
import { parseDeclaredRoute } from '../../lib/core/routing/parse';
import type { DeclaredRoute } from '../../lib/core/routing/route';
import type { FeedbackPlan } from '../../lib/core/guardrails/feedback';
import type { GuardrailPlan } from '../../lib/core/guardrails/kinds';
import { flat, inline, newEndpoint, newStack, planOf, routeOf, statementsOf } from '../fixtures/stacks';

const LABEL = FeedbackOutcome.label('$.label');

function withFeedback(
  props: Partial<InferenceFeedbackProps> = {},
  stack: Stack = newStack(),
  endpoint: ModelEndpoint = newEndpoint(stack),
): { stack: Stack; endpoint: ModelEndpoint; feedback: InferenceFeedback; template: () => Template } {
  const feedback = new InferenceFeedback(stack, 'Feedback', { endpoint, outcome: LABEL, ...props });
  return { stack, endpoint, feedback, template: () => Template.fromStack(stack) };
}

const declared = (template: Template, alias = 'live'): DeclaredRoute => parseDeclaredRoute(flat(routeOf(template, alias).Properties.Route));
const tableActions = (template: Template, role: string): string[] => statementsOf(template, role)
  .filter(({ Resource: resource }) => flat(resource).startsWith('<FeedbackInferences')).flatMap(({ Action: action }) => action);

test('feedback is part of the alias\'s route, which is written after all that it needs', () => {
  const { template, feedback } = withFeedback({ sampleRate: 0.25, window: Duration.days(2), outcome: FeedbackOutcome.label('$.amount', { tolerance: 0.5 }) });
  expect(declared(template()).feedback).toEqual({
    table: expect.stringMatching(/^<FeedbackInferences/), sampleRate: 0.25, windowSeconds: 172_800, outcome: { kind: 'label', prediction: '$.amount', tolerance: 0.5 },
  });
  expect(routeOf(template()).DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^FeedbackInferences/), expect.stringMatching(/^FeedbackRecord/), expect.stringMatching(/^FeedbackSettle/)]));
  expect(feedback.metrics.outcomes({ variant: 'candidate' }).toMetricConfig().metricStat).toMatchObject({ metricName: 'FeedbackOutcomes', namespace: 'ModelRollout', statistic: 'Sum' });
  template().hasResourceProperties('AWS::DynamoDB::Table', { TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true }, BillingMode: 'PAY_PER_REQUEST' });
  expect(declared(withFeedback({ outcome: FeedbackOutcome.reward({ minScore: 1, prediction: '$.item' }) }).template()).feedback?.outcome).toEqual({ kind: 'reward', atLeast: 1, prediction: '$.item' });
});

test('an alias without feedback has the route that it had, and the endpoint no method for it', () => {
  const stack = newStack();
  newEndpoint(stack);
  expect(declared(Template.fromStack(stack))).not.toHaveProperty('feedback');
  Template.fromStack(stack).resourcePropertiesCountIs('AWS::ApiGateway::Resource', { PathPart: 'feedback' }, 0);
});

test('the method is protected as the endpoint is, and several aliases share it', () => {
  const { stack, endpoint, template } = withFeedback({}, undefined, undefined);
  endpoint.addAlias('beta', { model: inline('v2') });
  new InferenceFeedback(stack, 'BetaFeedback', { endpoint, alias: 'beta', outcome: FeedbackOutcome.score({ minScore: 0.5 }) });
  const posts = Object.values(template().findResources('AWS::ApiGateway::Method', { Properties: { HttpMethod: 'POST' } })) as { Properties: { AuthorizationType: string } }[];
  expect(posts.map(({ Properties: { AuthorizationType: type } }) => type)).toEqual(['AWS_IAM', 'AWS_IAM']);
  template().resourcePropertiesCountIs('AWS::ApiGateway::Resource', { PathPart: 'feedback' }, 1);
  expect(declared(template(), 'beta').feedback?.outcome).toEqual({ kind: 'score', atLeast: 0.5 });
});

test('API keys are asked for, browsers are answered, and an API that is given gets the method too', () => {
  const stack = newStack();
  withFeedback({}, stack, newEndpoint(stack, { auth: EndpointAuth.apiKey(), cors: { allowOrigins: ['https://a.example'] } }));
  Template.fromStack(stack).resourcePropertiesCountIs('AWS::ApiGateway::Method', { HttpMethod: 'POST', ApiKeyRequired: true }, 2);
  Template.fromStack(stack).resourcePropertiesCountIs('AWS::ApiGateway::Method', { HttpMethod: 'OPTIONS' }, 2);
  const shared = newStack('Shared');
  const { feedback } = withFeedback({}, shared, newEndpoint(shared, { api: new apigateway.RestApi(shared, 'Api') }));
  expect(flat(shared.resolve(feedback.url))).toMatch(/\/fraud\/live\/feedback$/);
});

test('who may send feedback may not thereby invoke', () => {
  const { stack, endpoint, template } = withFeedback();
  endpoint.grants.sendFeedback(new iam.Role(stack, 'Labeller', { assumedBy: new iam.AccountRootPrincipal() }));
  expect(statementsOf(template(), 'Labeller').map(({ Action: action, Resource: resource }) => [action, flat(resource)])).toEqual([['execute-api:Invoke', expect.stringMatching(/\/POST\/live\/feedback$/)]]);
});

test('router, feedback function and mirrors, before and after, may read and write the table, and nobody anything else of it', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  new ShadowMirror(stack, 'Before', { endpoint, model: inline('v2') });
  withFeedback({}, stack, endpoint);
  new ShadowMirror(stack, 'After', { endpoint, model: inline('v3') });
  const template = Template.fromStack(stack);
  const all = ['dynamodb:GetItem', 'dynamodb:PutItem'];
  expect(['FraudRouter', 'FraudFeedback', 'BeforeFunction', 'AfterFunction'].map((role) => tableActions(template, role))).toEqual([all, all, all, all]);
  expect(tableActions(template, 'ModelRolloutGate')).toEqual([]);
});

test('an inference log has the lines of feedback, whichever is defined first', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  endpoint.addAlias('beta', { model: inline('v2') });
  new InferenceLog(stack, 'Log', { endpoint });
  withFeedback({}, stack, endpoint);
  new InferenceFeedback(stack, 'BetaFeedback', { endpoint, alias: 'beta', outcome: LABEL });
  new InferenceLog(stack, 'BetaLog', { endpoint, aliases: ['beta'] });
  const filters = Object.values(Template.fromStack(stack).findResources('AWS::Logs::SubscriptionFilter')) as { Properties: { LogGroupName: unknown } }[];
  expect(filters.filter(({ Properties: { LogGroupName: name } }) => flat(name).startsWith('<FraudFeedbackFunctionLog'))).toHaveLength(2);
});

describe('synthesis', () => {
  test.each<[string, Partial<InferenceFeedbackProps>, RegExp]>([
    ['percent', { sampleRate: 25 }, /sampleRate of the feedback on alias "live" is 25 of the inferences, but must be between/],
    ['no sample', { sampleRate: 0 }, /sampleRate of the feedback on alias "live" is 0/],
    ['a sample known at deployment', { sampleRate: Lazy.number({ produce: () => 1 }) }, /known only at deployment/],
    ['a window longer than CloudWatch takes metrics', { window: Duration.days(14) }, /window of the feedback .* is 1209600 s.*14 days/],
    ['a path that is not definite', { outcome: FeedbackOutcome.label('$..label') }, /prediction of the outcome is "\$\.\.label", but must be one place/],
    ['a tolerance below none', { outcome: FeedbackOutcome.label('$.label', { tolerance: -1 }) }, /tolerance of the outcome is -1/],
    ['no number', { outcome: FeedbackOutcome.score({ minScore: NaN }) }, /minScore of the outcome is NaN/],
    ['an alias that is not there', { alias: 'beta' }, /alias "beta" is not declared/],
  ])('fails with %s', (_, props, message) => expect(() => withFeedback(props)).toThrow(message));

  test('fails with all problems at once, with feedback twice, and from another stack', () => {
    expect(() => withFeedback({ sampleRate: 7, window: Duration.seconds(1), outcome: FeedbackOutcome.label('label') })).toThrow(/3 problems/);
    const { stack, endpoint } = withFeedback();
    expect(() => new InferenceFeedback(stack, 'Again', { endpoint, outcome: LABEL })).toThrow(/alias "live" takes feedback already/);
    const app = new App();
    const elsewhere = newEndpoint(newStack('Endpoint', app));
    expect(() => new InferenceFeedback(newStack('Feedback', app), 'Feedback', { endpoint: elsewhere, outcome: LABEL })).toThrow(/define the feedback in the same stack/);
  });
});

describe('as a guardrail', () => {
  type Guard = (feedback: InferenceFeedback, mirror: ShadowMirror) => Guardrail;

  function guarded(guard: Guard, props: Partial<CanaryRolloutProps> = {}, outcome = LABEL): GuardrailPlan[] {
    const { stack, endpoint, feedback, template } = withFeedback({ outcome });
    endpoint.addAlias('beta', { model: inline('v2') });
    const mirror = new ShadowMirror(stack, 'Shadow', { endpoint, model: inline('v2') });
    new CanaryRollout(stack, 'Rollout', { endpoint, guardrails: [guard(feedback, mirror)], circuitBreaker: false, ...props });
    return [...planOf(template(), props.alias).guardrails];
  }

  const labelDelay = Duration.minutes(5);
  const long = {
    shift: TrafficShift.steps([10], { bakeTime: Duration.minutes(60) }),
    finalBakeTime: Duration.minutes(60),
    deadline: Duration.hours(4),
  };

  test('labels must come alike for both versions, unless callers stick to one or the tolerance is one\'s own', () => {
    const sticky = (labelTolerance?: number): unknown => {
      const stack = newStack();
      const endpoint = newEndpoint(stack, { assignment: Assignment.header('x-user') });
      const feedback = new InferenceFeedback(stack, 'Feedback', { endpoint, outcome: LABEL });
      new CanaryRollout(stack, 'Rollout', { endpoint, guardrails: [Guardrail.feedback({ feedback, labelDelay, labelTolerance })], circuitBreaker: false });
      return (planOf(Template.fromStack(stack)).guardrails[0] as FeedbackPlan).labelRatio;
    };
    expect([sticky(), sticky(0.5)]).toEqual([undefined, { tolerance: 0.5, alpha: 0.001 }]);
    expect(() => guarded((feedback) => Guardrail.feedback({ feedback, labelDelay, labelTolerance: 50 }))).toThrow(/labelTolerance of guardrail "feedback" is 50/);
  });

  test('outcomes are compared within bounds, and pairs by McNemar\'s test', () => {
    const bounds = { allowed: { ratio: 1.1, tolerance: 0.0005 }, margin: { ratio: 1.5, tolerance: 0.001 } };
    expect(guarded((feedback) => Guardrail.feedback({ feedback, labelDelay }))).toEqual([{ kind: 'feedback', name: 'feedback', action: 'rollback', labelDelayMinutes: 5, ...bounds, labelRatio: { tolerance: 0.05, alpha: 0.001 } }]);
    expect(guarded((feedback, mirror) => Guardrail.shadowAccuracy({ feedback, mirror, labelDelay, maxRatio: 2 }))).toEqual([
      { kind: 'shadow-accuracy', name: 'shadow accuracy', action: 'rollback', shadow: 'Shadow', ratio: 2, margin: 2.727273, labelDelayMinutes: 5 },
    ]);
    expect(guarded((feedback) => Guardrail.feedback({ feedback, labelDelay: Duration.minutes(60) }), long)).toMatchObject([
      { labelDelayMinutes: 60 },
    ]);
  });

  test.each<[string, Guard, Partial<CanaryRolloutProps>, RegExp]>([
    ['a delay beyond the window', (feedback) => Guardrail.feedback({ feedback, labelDelay: Duration.days(8) }), {}, /labelDelay of guardrail "feedback" is 691200 s.*feedback is accepted no longer/],
    ['a delay known at deployment', (feedback) => Guardrail.feedback({ feedback, labelDelay: Duration.minutes(Lazy.number({ produce: () => 5 })) }), {}, /known only at deployment/],
    ['steps over before their labels are there', (feedback) => Guardrail.feedback({ feedback, labelDelay: Duration.hours(1) }), {}, /labels of guardrail "feedback" are due 1 h after the inference.*a step of .* waits only/],
    ['a rollout over before them', (feedback) => Guardrail.feedback({ feedback, labelDelay: Duration.hours(2) }), { ...long, inconclusiveAfter: Duration.minutes(90), deadline: Duration.minutes(181) }, /the 2 steps take 4 h, more than the deadline of 3 h 1 min/],
    ['feedback on another alias', (feedback) => Guardrail.feedback({ feedback, labelDelay }), { alias: 'beta' }, /the feedback of guardrail "feedback" is on another alias/],
    ['a mirror of another alias', (feedback, mirror) => Guardrail.shadowAccuracy({ feedback, mirror, labelDelay }), { alias: 'beta' }, /the mirror of guardrail "shadow accuracy" is on another alias/],
    ['a certainty that is no wider', (feedback, mirror) => Guardrail.shadowAccuracy({ feedback, mirror, labelDelay, maxRatio: 2, certifiedRatio: 2 }), {}, /certifiedRatio of guardrail "shadow accuracy" is 2, but must be above maxRatio 2/],
    ['percent', (feedback) => Guardrail.feedback({ feedback, labelDelay, tolerance: 5 }), {}, /tolerance of guardrail "feedback" is 5/],
  ])('fails at synthesis with %s', (_, guard, props, message) => expect(() => guarded(guard, props)).toThrow(message));

  test('fails at synthesis with scores of answers that nobody saw, and where nothing is left to compare with', () => {
    expect(() => guarded((feedback, mirror) => Guardrail.shadowAccuracy({ feedback, mirror, labelDelay }), {}, FeedbackOutcome.score({ minScore: 1 }))).toThrow(/is a score, which says nothing of an answer that nobody saw/);
    const { stack, endpoint, feedback } = withFeedback();
    expect(() => new BlueGreenRollout(stack, 'Rollout', { endpoint, guardrails: [Guardrail.feedback({ feedback, labelDelay })] })).toThrow(/compare with production/);
  });

  test('ratings are compared by their means, within bounds of their own', () => {
    const stars = FeedbackOutcome.rating({ minValue: 1, maxValue: 5 });
    const plan = {
      kind: 'rating', name: 'feedback', action: 'rollback', lowest: 1, highest: 5, labelDelayMinutes: 5,
      labelRatio: { tolerance: 0.05, alpha: 0.001 },
    };
    const by = (changes: { maxChange?: number; certifiedChange?: number }): unknown[] =>
      guarded((feedback) => Guardrail.feedback({ feedback, labelDelay, ...changes }), {}, stars);
    expect(by({})).toEqual([{ ...plan, allowed: 0.95, margin: 0.9 }]);
    expect(by({ maxChange: 0.1, certifiedChange: 0.3 })).toEqual([{ ...plan, allowed: 0.9, margin: 0.7 }]);
  });

  test.each<[string, Parameters<typeof Guardrail.feedback>[0] extends infer Props ? Partial<Props> : never, FeedbackOutcome, RegExp]>([
    ['a ratio of ratings', { maxRatio: 2 }, FeedbackOutcome.rating({ minValue: 0, maxValue: 1 }), /maxRatio of guardrail "feedback" is about wrong answers, but its feedback takes a rating; use maxChange/],
    ['a change of labels', { maxChange: 0.1 }, LABEL, /maxChange of guardrail "feedback" is about mean ratings, but its feedback takes a label; use maxRatio, or have ratings told with FeedbackOutcome\.rating/],
    ['percent of ratings', { maxChange: 5 }, FeedbackOutcome.rating({ minValue: 0, maxValue: 1 }), /maxChange of guardrail "feedback" is 5/],
    ['a certainty of ratings that is no wider', { maxChange: 0.2, certifiedChange: 0.2 }, FeedbackOutcome.rating({ minValue: 0, maxValue: 1 }), /must rule out a change of 0\.2, which is not more than the 0\.2 that it allows/],
    ['bounds in the wrong order', {}, FeedbackOutcome.rating({ minValue: 5, maxValue: 1 }), /minValue of the outcome is 5 and maxValue 1, but they must be finite numbers with minValue below maxValue; give the worst and the best rating/],
    ['bounds known at deployment', {}, FeedbackOutcome.rating({ minValue: 0, maxValue: Lazy.number({ produce: () => 5 }) }), /minValue and maxValue of the outcome are known only at deployment/],
  ])('fails at synthesis with %s', (_, props, outcome, message) =>
    expect(() => guarded((feedback) => Guardrail.feedback({ feedback, labelDelay, ...props }), {}, outcome)).toThrow(message));

  test('the dashboard has the mean of ratings, between their bounds', () => {
    const stack = newStack();
    const { metrics } = new InferenceFeedback(stack, 'Feedback', { endpoint: newEndpoint(stack), outcome: FeedbackOutcome.rating({ minValue: 1, maxValue: 5 }) });
    expect(metrics.meanRating().expression).toBe('ratings_production / outcomes_production');
    const [board] = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Dashboard'));
    expect(flat((board.Properties as { DashboardBody: unknown }).DashboardBody)).toMatch(/"title":"Mean rating".*"min":1,"max":5/);
  });

  test('what CloudWatch takes to show counts of hours ago comes on top', () => {
    const due = [2, 3, 23, 24].map((hours) =>
      guarded((feedback) => Guardrail.feedback({ feedback, labelDelay: Duration.hours(hours), action: GuardrailAction.OBSERVE })).map(
        (plan) => (plan as { labelDelayMinutes: number }).labelDelayMinutes / 60,
      ),
    );
    expect(due).toEqual([[2], [5], [25], [72]]);
  });

  test('a guardrail that only observes may wait for as long as it likes', () => {
    expect(guarded((feedback) => Guardrail.feedback({ feedback, labelDelay: Duration.days(1), action: GuardrailAction.OBSERVE }))).toMatchObject([{ action: 'observe', labelDelayMinutes: 1_440 + 2_880 }]);
  });
});
