import { App, Duration, Stack } from 'aws-cdk-lib/core';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Guardrail, LambdaAliasRollout, type LambdaAliasRolloutProps, Segment, TrafficShift } from '../../lib';
import { parsePlan } from '../../lib/core/rollout/parse';

interface Deployed {
  readonly stack: Stack;
  readonly rollout: LambdaAliasRollout;
  readonly template: Template;
}

function deployed(props: Partial<LambdaAliasRolloutProps> = {}, code = 'exports.handler = async () => 1;'): Deployed {
  const stack = new Stack(new App(), 'Shop', { env: { account: '111111111111', region: 'eu-west-1' } });
  const handler = new lambda.Function(stack, 'Fraud', { code: lambda.Code.fromInline(code), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_22_X, timeout: Duration.seconds(20) });
  const rollout = new LambdaAliasRollout(stack, 'Rollout', { handler, ...props });
  const caller = new iam.Role(stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() });
  rollout.alias.grantInvoke(caller);
  return { stack, rollout, template: Template.fromStack(stack) };
}

/** Properties of the resource that moves the alias, with references as their names. */
function routeOf(template: Template): { readonly [name: string]: string } {
  const [{ Properties: properties }] = Object.values(template.findResources('Custom::ModelRolloutRoute'));
  const text = (value: unknown): string => {
    if (typeof value !== 'object') {
      return String(value);
    }
    const { 'Fn::Join': join, Ref: ref, 'Fn::GetAtt': attribute } = value as { 'Fn::Join'?: [string, unknown[]]; Ref?: string; 'Fn::GetAtt'?: string[] };
    return join?.[1].map(text).join(join[0]) ?? `{${ref ?? attribute!.join('.')}}`;
  };
  return Object.fromEntries(Object.entries(properties as object).map(([name, value]) => [name, text(value)]));
}

const actionsOf = (template: Template, policy: RegExp): { readonly [actions: string]: unknown } =>
  Object.fromEntries(Object.entries(template.findResources('AWS::IAM::Policy')).filter(([id]) => policy.test(id)).flatMap(([, { Properties: { PolicyDocument } }]) =>
    (PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[]).map(({ Action: actions, Resource: resources }) => [[actions].flat().join(' '), resources])));

test('the alias is the gate\'s: its version by number and by content, without a router, on the plan', () => {
  const { template } = deployed();
  template.resourceCountIs('AWS::Lambda::Alias', 0);
  template.resourceCountIs('AWS::ApiGateway::RestApi', 0);
  const { Alias: key, Route: route, Plan: plan, RouterFunction: router, DrainSeconds: drain } = routeOf(template);
  expect([key, router, drain]).toEqual([expect.stringMatching(/^lambda:\{Fraud\w+\}\/live$/), 'none', '30']);
  const { variants: [variant], direct } = JSON.parse(route) as { variants: object[]; direct: object };
  const version = expect.stringMatching(/^\{FraudCurrentVersion\w+\.Version\}$/) as string;
  expect(variant).toMatchObject({ version, content: expect.stringMatching(/^FraudCurrentVersion\w{40}/), target: { kind: 'lambda', contract: 'json' } });
  expect(direct).toMatchObject({ kind: 'lambda-alias', aliasName: 'live', schedule: expect.stringMatching(/^[\w-]{1,64}$/) });
  expect(parsePlan(plan)).toMatchObject({
    answer: 'response', ignoresCapacity: true, metrics: { periodSeconds: 60, delaySeconds: 120 }, guardrails: [{ kind: 'errors' }, { kind: 'latency' }], drainSeconds: 30,
    stages: [{ percent: 5 }, { percent: 25 }, { percent: 50 }, { percent: 80 }],
  });
});

test('another code is another version with another content', () => {
  const [one, other] = ['1', '2'].map((value) => JSON.parse(routeOf(deployed({}, `exports.handler = async () => ${value};`).template).Route) as { variants: { content: string }[] });
  expect(one.variants[0].content).not.toBe(other.variants[0].content);
});

test('gate, controller and abort may move this alias and no other, and only the controller may lease; the schedule may put it back', () => {
  const { template } = deployed();
  const fn = { 'Fn::GetAtt': [expect.stringMatching(/^Fraud/), 'Arn'] };
  const aliases = [fn, { 'Fn::Join': ['', [fn, ':live']] }];
  const schedule = { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, expect.stringMatching(/^:scheduler:eu-west-1:111111111111:schedule\/default\/[\w-]+$/)]] };
  expect(actionsOf(template, /^RolloutGate/)).toEqual({ 'lambda:CreateAlias lambda:DeleteAlias lambda:GetAlias lambda:UpdateAlias': aliases, 'scheduler:DeleteSchedule': schedule });
  expect(actionsOf(template, /^RolloutPutBack/)).toEqual({ 'lambda:GetAlias lambda:UpdateAlias': aliases, 'scheduler:DeleteSchedule': schedule });
  expect(actionsOf(template, /^RolloutMove/)).toEqual({
    'lambda:GetAlias lambda:UpdateAlias': aliases, 'scheduler:CreateSchedule scheduler:DeleteSchedule scheduler:UpdateSchedule': schedule,
    'iam:PassRole': { 'Fn::GetAtt': [expect.stringMatching(/^RolloutLease/), 'Arn'] },
  });
  expect(actionsOf(template, /^RolloutControl/)).toEqual({ 'lambda:InvokeFunction': { Ref: expect.stringMatching(/^FraudCurrentVersion/) } });
  template.hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'scheduler.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': Match.anyValue(), 'aws:SourceArn': Match.anyValue() } } }] },
    Policies: [{ PolicyDocument: { Statement: [{ Action: 'lambda:UpdateAlias' }] } }],
  });
});

test('everything that the alias needs is there before it, and goes after it; what is granted on the alias waits for it', () => {
  const { template } = deployed();
  const [{ DependsOn: before }] = Object.values(template.findResources('Custom::ModelRolloutRoute')) as { DependsOn: string[] }[];
  for (const each of [/^RolloutGate/, /^RolloutMove/, /^RolloutPutBack/, /^RolloutLease/, /^FraudCurrentVersion/, /Controller/, /Machine/]) {
    expect(before.some((id) => each.test(id))).toBe(true);
  }
});

test('evidence has an alarm for others, and an alarm of yours takes the alias back', () => {
  const stack = new Stack(new App(), 'Alarmed');
  const handler = new lambda.Function(stack, 'Fraud', { code: lambda.Code.fromInline('x'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_22_X });
  const alarm = new cloudwatch.Alarm(stack, 'Errors', { metric: handler.metricErrors(), threshold: 1, evaluationPeriods: 1 });
  const rollout = new LambdaAliasRollout(stack, 'Rollout', { handler, guardrails: [Guardrail.errorRate(), Guardrail.alarm(alarm)] });
  expect([rollout.evidenceAlarm !== undefined, rollout.rollbackAlarms.length]).toEqual([true, 2]);
  Template.fromStack(stack).hasResourceProperties('AWS::Events::Rule', { Targets: [Match.objectLike({ InputTransformer: Match.anyValue() })] });
  expect(rollout.abortPolicy).toBeDefined();
  expect(rollout.operatePolicy).toBeDefined();
});

test.each<[string, Partial<LambdaAliasRolloutProps>, string]>([
  ['a name that Lambda refuses', { aliasName: '12' }, 'aliasName is "12", but must have'],
  ['a deadline that CloudFormation does not wait for', { deadline: Duration.hours(2) }, 'lower the deadline and the bake times, or take a ModelEndpoint'],
  ['steps that take longer', { shift: TrafficShift.steps([5], { bakeTime: Duration.minutes(50) }) }, 'the deadline is'],
  ['a guardrail that a router counts for', { guardrails: [Guardrail.errorPercentAbove(1)] }, 'reads what a router counts, and an alias of Lambda has none'],
  ['segments', { guardrails: [Guardrail.errorRate({ by: Segment.header('x-tenant') })] }, 'segments are counted by a router'],
  ['a holdback of more than half', { holdbackPercent: 60 }, 'holdbackPercent is 60 %'],
])('%s is a mistake', (_, props, message) => {
  expect(() => deployed(props)).toThrow(message);
});

test('a function of another stack is a mistake', () => {
  const app = new App();
  const handler = new lambda.Function(new Stack(app, 'Other'), 'Fraud', { code: lambda.Code.fromInline('x'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_22_X });
  expect(() => new LambdaAliasRollout(new Stack(app, 'Mine'), 'Rollout', { handler })).toThrow('handler is in stack "Other"');
});
