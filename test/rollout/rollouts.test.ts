import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { App, Duration, Lazy, Size, type Stack, TimeZone } from 'aws-cdk-lib/core';
import {
  Assignment,
  BlueGreenRollout,
  type BlueGreenRolloutProps,
  CanaryRollout,
  Cohort,
  type CanaryRolloutProps,
  EndpointAuth,
  Guardrail,
  GuardrailAction,
  Model,
  ModelEndpoint,
  ModelImage,
  type ModelEndpointProps,
  RolloutApproval,
  RolloutHookPoint,
  TargetVariantAccess,
  TimeWindow,
  InsufficientTrafficAction,
  TrafficShift,
  InconclusiveAction,
  Weekday,
  type CopyCount,
  SharedCapacity,
} from '../../lib';
import { countTypes, flat, inline, newEndpoint, newStack, planOf, routeOf, statementsOf, warnings } from '../fixtures/stacks';

type Without<T> = Omit<T, 'endpoint'>;

function canary(
  props: Without<CanaryRolloutProps> = {},
  endpointProps: Partial<ModelEndpointProps> = {},
): { stack: Stack; rollout: CanaryRollout; endpoint: ModelEndpoint; template: () => Template } {
  const stack = newStack();
  const endpoint = newEndpoint(stack, endpointProps);
  const rollout = new CanaryRollout(stack, 'Rollout', { endpoint, ...props });
  return { stack, rollout, endpoint, template: () => Template.fromStack(stack) };
}

function blueGreen(
  props: Without<BlueGreenRolloutProps> = {},
  endpointProps: Partial<ModelEndpointProps> = {},
): { stack: Stack; rollout: BlueGreenRollout; endpoint: ModelEndpoint; template: () => Template } {
  const stack = newStack();
  const endpoint = newEndpoint(stack, endpointProps);
  const rollout = new BlueGreenRollout(stack, 'Rollout', { endpoint, ...props });
  return { stack, rollout, endpoint, template: () => Template.fromStack(stack) };
}

function sageMaker(instances: { min: number; max?: number }, text = 'a'): (stack: Stack) => Model {
  return (stack) => Model.sageMaker({
    image: ModelImage.fromEcr((stack.node.tryFindChild('Repo') as ecr.IRepository | undefined) ?? ecr.Repository.fromRepositoryName(stack, 'Repo', 'models'), `sha256:${text.repeat(64)}`),
    instanceType: 'ml.c6i.xlarge',
    instances,
  });
}

const failing = (define: () => unknown): string => {
  try {
    define();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

const bounds = { allowed: { ratio: 1.1, tolerance: 0.0005 }, margin: { ratio: 1.5, tolerance: 0.001 } };

describe('CanaryRollout', () => {
  test('the defaults: small shares that grow fivefold at most, a fifth for production to the end, a minute to settle, answered by a wait condition', () => {
    const { template } = canary();
    expect(planOf(template())).toEqual({
      schema: 1,
      kind: 'canary',
      answer: 'wait-condition',
      stages: [
        [5, 300],
        [25, 300],
        [50, 300],
        [80, 600],
      ].map(([percent, bakeSeconds]) => ({ percent, bakeSeconds, approval: false })),
      settlingSeconds: 60,
      deadlineSeconds: 5_220,
      intervalSeconds: 60,
      leaseSeconds: 180,
      metrics: { periodSeconds: 60, delaySeconds: 60 },
      minimumRequests: 50,
      tooFewRequests: 'hold',
      guardrails: [
        {
          name: 'circuit-breaker',
          action: 'rollback',
          kind: 'alarm',
          alarmName: expect.stringMatching(/^<RolloutGuardrailcircuitbreaker/) as string,
          insufficientData: 'ok',
        },
        { name: 'errors', action: 'rollback', kind: 'errors', ...bounds },
        { name: 'latency', action: 'rollback', kind: 'latency', quantiles: [0.5, 0.9, 0.99], slowdown: 1.1, ...bounds },
      ],
      judgement: { alpha: 0.01, sampleRatio: { tolerance: 0.05, alpha: 0.001 }, uncertified: { afterSeconds: 600, policy: 'advance' } },
      readinessSeconds: 300,
      smokeTests: [],
      hooks: [],
      windows: [],
      calendars: [],
      drainSeconds: 34,
      candidateTimeBudgetMs: 28_250,
      rollbackWindowSeconds: 0,
    });
  });

  test('compares nothing where it is told so, or where production keeps no requests', () => {
    for (const plan of [canary({ guardrails: [] }), canary({ holdbackPercent: 0 }), blueGreen()].map(({ template }) =>
      planOf(template()),
    )) {
      expect(plan.guardrails).toHaveLength(1);
      expect(plan).not.toHaveProperty('judgement');
    }
  });

  test('does not check the split of requests where callers stick to a variant', () => {
    expect(planOf(canary({}, { assignment: Assignment.header('x-user') }).template()).judgement).toEqual({ alpha: 0.01, uncertified: { afterSeconds: 600, policy: 'advance' } });
  });

  test('is the same plan when its guardrails are written out, and changes by nothing but the alarm when one is beside them', () => {
    const written = [Guardrail.errorRate(), Guardrail.latency(), Guardrail.sampleRatio()];
    const implied = planOf(canary({}).template());
    expect(planOf(canary({ guardrails: written }).template())).toEqual(implied);
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    new CanaryRollout(stack, 'Rollout', { endpoint, guardrails: [...written, Guardrail.alarm(cloudwatch.Alarm.fromAlarmArn(stack, 'Checkout', 'arn:aws:cloudwatch:eu-west-1:111111111111:alarm:checkout'))] });
    const { guardrails, ...others } = planOf(Template.fromStack(stack));
    expect({ ...others, guardrails: guardrails.filter((guardrail) => guardrail.kind !== 'alarm' || guardrail.alarmName !== 'checkout') }).toEqual(implied);
  });

  test('waits for certainty if it is told so', () => {
    expect(planOf(canary({ inconclusive: InconclusiveAction.HOLD }).template()).judgement?.uncertified.policy).toBe('pause');
  });

  test('everything set', () => {
    const stack = newStack();
    const hook = lambda.Function.fromFunctionArn(stack, 'Hook', 'arn:aws:lambda:eu-west-1:111111111111:function:hook');
    const key = new kms.Key(stack, 'Key');
    const topic = new sns.Topic(stack, 'Topic', { masterKey: key });
    const calendar = new ssm.CfnDocument(stack, 'Calendar', { content: {}, documentType: 'ChangeCalendar', name: 'freeze' });
    const endpoint = newEndpoint(stack);
    new CanaryRollout(stack, 'Rollout', {
      endpoint,
      shift: TrafficShift.exponential({ startPercent: 1, factor: 5, stepBakeTime: Duration.minutes(5) }),
      guardrails: [
        Guardrail.errorPercentAbove(2),
        Guardrail.latencyAbove(Duration.millis(500), { quantile: 0.95, action: GuardrailAction.HOLD, name: 'slow' }),
      ],
      circuitBreaker: false,
      finalBakeTime: Duration.minutes(30),
      holdbackPercent: 10,
      deadline: Duration.hours(3),
      minRequests: 200,
      insufficientTraffic: InsufficientTrafficAction.ROLLBACK,
      warmUpRequests: 5,
      readinessTimeout: Duration.minutes(2),
      smokeTests: [
        {
          body: '{"x":1}',
          expect: [
            { path: '$.score', value: 0.5, tolerance: 0.1 },
            { path: '$.label', value: 'ham' },
          ],
        },
        { name: 'bad', body: 'x', contentType: 'text/csv', status: 400 },
      ],
      hooks: [
        { point: RolloutHookPoint.BEFORE_TRAFFIC, handler: hook },
        { point: RolloutHookPoint.ON_ROLLBACK, handler: hook },
      ],
      approval: RolloutApproval.FINAL_BAKE,
      timeWindows: [
        TimeWindow.weekdays({ start: '09:00', end: '16:30', timeZone: TimeZone.EUROPE_BERLIN }),
        TimeWindow.on([Weekday.SUNDAY], { start: '22:00', end: '02:00' }),
      ],
      changeCalendars: [calendar],
      interval: Duration.seconds(30),
      lease: Duration.minutes(2),
      rollbackWindow: Duration.days(7),
      notifications: topic,
      previewAlias: 'next',
      dashboard: false,
      candidateTimeBudget: Duration.millis(1_500),
    });
    const template = Template.fromStack(stack);
    expect(planOf(template)).toMatchObject({
      answer: 'wait-condition',
      stages: [
        [1, 300, false],
        [5, 300, false],
        [25, 300, false],
        [90, 1_800, true],
      ].map(([percent, bakeSeconds, approval]) => ({ percent, bakeSeconds, approval })),
      deadlineSeconds: 10_800,
      intervalSeconds: 30,
      leaseSeconds: 120,
      metrics: { periodSeconds: 10, delaySeconds: 20 },
      minimumRequests: 200,
      tooFewRequests: 'rollback',
      guardrails: [
        { name: 'error-rate', action: 'rollback' },
        { name: 'slow', action: 'hold' },
      ],
      readinessSeconds: 120,
      warmUpRequests: 5,
      smokeTests: [
        {
          name: 'smoke test 1',
          body: '{"x":1}',
          contentType: 'application/json',
          status: 200,
          expect: [
            { path: '$.score', value: 0.5, tolerance: 0.1 },
            { path: '$.label', value: 'ham' },
          ],
        },
        { name: 'bad', body: 'x', contentType: 'text/csv', status: 400, expect: [] },
      ],
      hooks: [
        { point: 'before-traffic', functionArn: hook.functionArn },
        { point: 'on-rollback', functionArn: hook.functionArn },
      ],
      windows: [
        { days: [1, 2, 3, 4, 5], fromMinute: 540, toMinute: 990, timeZone: 'Europe/Berlin' },
        { days: [0], fromMinute: 1_320, toMinute: 120, timeZone: 'Etc/UTC' },
      ],
      calendars: [expect.stringMatching(/:ssm:eu-west-1:111111111111:document\/<Calendar>$/)],
      rollbackWindowSeconds: 604_800,
      candidateTimeBudgetMs: 1_500,
      topicArn: expect.stringMatching(/^<Topic/) as string,
      previewAlias: 'fraud/next',
    });
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
    expect(statementsOf(template, 'ModelRolloutControllerRole').flatMap(({ Action: actions }) => actions).sort()).toEqual(expect.arrayContaining([
      'kms:Decrypt', 'kms:GenerateDataKey', 'lambda:InvokeFunction', 'sns:Publish', 'ssm:GetCalendarState',
    ]));
  });

  test('the resources of an endpoint with a rollout', () => expect(countTypes(canary().template())).toMatchSnapshot());

  test('a last step of 100 % is the final bake, for the longer of the two times', () => {
    const shift = TrafficShift.custom([
      { percent: 20, bakeTime: Duration.minutes(1) },
      { percent: 100, bakeTime: Duration.minutes(20), approval: true },
    ]);
    expect(planOf(canary({ shift }).template()).stages).toEqual([
      { percent: 20, bakeSeconds: 60, approval: false }, { percent: 80, bakeSeconds: 1_200, approval: true },
    ]);
  });

  test.each([
    [RolloutApproval.FIRST_STEP, [true, false, false, false]],
    [RolloutApproval.EVERY_STEP, [true, true, true, true]],
    [RolloutApproval.FINAL_BAKE, [false, false, false, true]],
    [RolloutApproval.NONE, [false, false, false, false]],
  ])('approval %s', (approval, expected) =>
    expect(planOf(canary({ approval }).template()).stages.map((stage) => stage.approval)).toEqual(expected),
  );

  test('short intervals with long steps read minutes, because CloudWatch forgets seconds', () => {
    expect(planOf(canary({ interval: Duration.seconds(5), finalBakeTime: Duration.hours(3) }).template()).metrics).toEqual({
      periodSeconds: 60,
      delaySeconds: 60,
    });
  });
});

describe('BlueGreenRollout', () => {
  test('the defaults: everything at once, 15 minutes warm, a preview for whom IAM admits', () => {
    const { template, rollout, stack } = blueGreen();
    expect(planOf(template())).toMatchObject({
      kind: 'blue-green', answer: 'response', stages: [{ percent: 100, bakeSeconds: 900, approval: false }], previewAlias: 'fraud/live-preview',
    });
    expect(planOf(template())).not.toHaveProperty('previewAccess');
    expect(JSON.stringify(stack.resolve(rollout.previewUrl))).toContain('/live-preview/invocations');
  });

  test('by steps', () => {
    expect(
      planOf(blueGreen({
        shift: TrafficShift.steps([50], { bakeTime: Duration.minutes(5) }),
        terminationWait: Duration.hours(1),
      }).template())
        .stages,
    ).toEqual([
      { percent: 50, bakeSeconds: 300, approval: false },
      { percent: 100, bakeSeconds: 3_600, approval: false },
    ]);
  });

  test.each<[string, TargetVariantAccess | undefined, object]>([
    ['nobody', undefined, { kind: 'nobody' }],
    ['whom a rule admits', TargetVariantAccess.claim('scope', 'tester'), { kind: 'claim', name: 'scope', value: 'tester' }],
  ])('without IAM the preview is for %s', (_, previewAccess, expected) => {
    expect(planOf(blueGreen({ previewAccess }, { auth: EndpointAuth.apiKey() }).template()).previewAccess).toEqual(expected);
  });

  test('the preview may be granted', () => {
    const { stack, rollout, template } = blueGreen();
    rollout.grants.invokePreview(new iam.Role(stack, 'Tester', { assumedBy: new iam.AccountRootPrincipal() }));
    expect(JSON.stringify(statementsOf(template(), 'Tester'))).toMatch(/\/POST\/live-preview\/invocations"/);
  });

  test('the resources of an endpoint with a rollout', () => expect(countTypes(blueGreen().template())).toMatchSnapshot());
});

describe('the deploy gate', () => {
  test('waits for the custom resource\'s answer as long as the rollout may take', () => {
    expect(Number(routeOf(canary({ deadline: Duration.minutes(50) }).template()).Properties.ServiceTimeout)).toBe(3_000 + 120 + 34 + 120);
  });

  test('has no plan and the old time-out without a rollout', () => {
    const stack = newStack();
    newEndpoint(stack);
    const { Properties: properties } = routeOf(Template.fromStack(stack));
    expect(Number(properties.ServiceTimeout)).toBe(214);
    expect(Object.keys(properties)).not.toEqual(expect.arrayContaining(['Plan']));
    expect(Object.keys(properties).filter((name) => ['Plan', 'Candidate', 'WaitHandle'].includes(name))).toEqual([]);
  });

  test('has a wait condition for every version, which waits for the route', () => {
    const conditionOf = (
      text: string,
      deadline?: Duration,
    ): [string, { Properties: { Handle: unknown; Timeout: string; Count: number }; DependsOn: string[] }, string] => {
      const { template } = canary({ finalBakeTime: Duration.hours(2), deadline }, { model: inline(text) });
      const [[id, condition]] = Object.entries(template().findResources('AWS::CloudFormation::WaitCondition'));
      return [id, condition as never, flat(routeOf(template()).Properties.WaitHandle)];
    };
    const [id, condition, handle] = conditionOf('v1');
    expect(handle).toBe(flat(condition.Properties.Handle));
    expect(condition.Properties).toMatchObject({ Count: 1, Timeout: String(2 * (900 + 7_200 + 4 * 60) + 600 + 34 + 300) });
    expect(condition.DependsOn).toEqual([expect.stringMatching(/^FraudAliasliveRoute/)]);
    expect(id).toMatch(/^FraudAliasliveVerdict[0-9a-f]{12}17614/);
    expect(conditionOf('v2')[0]).not.toBe(id);
    expect(conditionOf('v2')[2]).not.toBe(handle);
    expect(conditionOf('v1')[0]).toBe(id);
    // CloudFormation refuses to update a wait condition.
    expect(conditionOf('v1', Duration.hours(6))[0]).not.toBe(id);
    expect(conditionOf('v1', Duration.hours(6))[2]).not.toBe(handle);
  });

  test('does not wait for a candidate, which is a version like any other', () => {
    const detached = canary({ candidate: inline('v2'), finalBakeTime: Duration.days(3) }).template();
    const { Properties: properties, DependsOn: dependencies } = routeOf(detached);
    expect(planOf(detached)).toMatchObject({ answer: 'detached', deadlineSeconds: 604_800 });
    expect(JSON.parse(flat(properties.Candidate))).toMatchObject({ name: 'candidate', role: 'candidate', weight: 1, timeBudgetMs: 28_250, target: { kind: 'lambda' } });
    detached.resourceCountIs('AWS::CloudFormation::WaitCondition', 0);
    expect(Number(properties.ServiceTimeout)).toBe(274);
    const { version } = JSON.parse(flat(properties.Candidate)) as { version: string };
    const own = dependencies.filter((id) => id.startsWith(`FraudVersionsLambda${version.slice(0, 12)}`));
    expect(own).toHaveLength(3);

    const promotedInCode = canary({}, { model: inline('v2') }).template().toJSON().Resources as object;
    expect(Object.keys(promotedInCode)).toEqual(expect.arrayContaining(own));
  });

  test('finds everything that a rollout needs in place', () => {
    const { template } = canary({ guardrails: [Guardrail.errorPercentAbove(1)] });
    const ids = routeOf(template()).DependsOn.join();
    for (const needed of ['ModelRolloutRollouts', 'ModelRolloutMachine', 'ModelRolloutController', 'ModelRolloutAbort', 'ModelRolloutOperate', 'ModelRolloutHandOver',
      'ModelRolloutGateRollouts', 'RolloutControl', 'RolloutAbort', 'RolloutGuardrailerrorrate', 'RolloutGuardrailcircuitbreaker']) {
      expect(ids).toContain(needed);
    }
  });
});

test('alarms that a rollout defines take actions, and those that are given keep their own', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  const mine = new cloudwatch.Metric({ namespace: 'Shop', metricName: 'Errors' }).createAlarm(stack, 'Errors', { threshold: 1, evaluationPeriods: 1 });
  new CanaryRollout(stack, 'Rollout', {
    endpoint, guardrails: [Guardrail.errorRate(), Guardrail.errorPercentAbove(1, { action: GuardrailAction.OBSERVE }), Guardrail.alarm(mine)], alarmActions: [new SnsAction(new sns.Topic(stack, 'OnCall'))],
  });
  const alarms = Object.entries(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'));
  expect(alarms.map(([id, { Properties: { AlarmActions: actions } }]) => [id.replace(/[0-9A-F]{8}$/, ''), (actions as unknown[] | undefined)?.map(flat)]).sort()).toEqual([
    ['Errors', undefined],
    ['RolloutEvidence', [expect.stringMatching(/^<OnCall/)]],
    ['RolloutGuardrailcircuitbreaker', [expect.stringMatching(/^<OnCall/)]],
    ['RolloutGuardrailerrorrate', [expect.stringMatching(/^<OnCall/)]],
  ]);
});

describe('the abort rule', () => {
  test('sends every alarm that rolls back, composite ones too, to the abort function', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    const alarm = new cloudwatch.Metric({ namespace: 'Shop', metricName: 'Errors' }).createAlarm(stack, 'Errors', { threshold: 1, evaluationPeriods: 1 });
    const composite = new cloudwatch.CompositeAlarm(stack, 'Both', { alarmRule: cloudwatch.AlarmRule.anyOf(alarm) });
    new CanaryRollout(stack, 'Rollout', { endpoint, guardrails: [Guardrail.alarm(composite), Guardrail.alarm(alarm, { action: GuardrailAction.OBSERVE })] });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Events::Rule', 1);
    const [rule] = Object.values(template.findResources('AWS::Events::Rule'));
    expect(rule.Properties.EventPattern).toMatchObject({ 'source': ['aws.cloudwatch'], 'detail-type': ['CloudWatch Alarm State Change'], 'detail': { state: { value: ['ALARM'] } } });
    expect(rule.Properties.EventPattern.resources.map(flat)).toEqual([expect.stringMatching(/circuitbreaker.*Arn/), expect.stringMatching(/^<Both/)]);
    const [target] = rule.Properties.Targets as {
      Arn: unknown;
      InputTransformer: { InputTemplate: string; InputPathsMap: object };
      RetryPolicy: object;
    }[];
    expect(flat(target.Arn)).toMatch(/^<ModelRolloutAbort/);
    expect(target.InputTransformer).toEqual({
      InputTemplate: '{"verb":"abort","alias":"fraud/live","by":"alarm <detail-alarmName>","reason":<detail-state-reason>,"at":<time>}',
      InputPathsMap: { 'detail-alarmName': '$.detail.alarmName', 'detail-state-reason': '$.detail.state.reason', 'time': '$.time' },
    });
    expect(target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 10 });
  });

  test('reaches nobody once it is old: neither EventBridge nor the queue of Lambda keeps it', () => {
    const stack = newStack();
    new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack) });
    const queues = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::EventInvokeConfig')).map(({ Properties }) => [flat(Properties.FunctionName), Properties.MaximumEventAgeInSeconds]);
    expect(queues).toContainEqual([expect.stringMatching(/^<ModelRolloutAbort/), 60]);
    expect(queues).toContainEqual([expect.stringMatching(/^<ModelRolloutGate/), 180]);
  });

  test('is split before its pattern gets too long', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    const guardrails = Array.from({ length: 11 }, (_, index) =>
      Guardrail.alarm(cloudwatch.Alarm.fromAlarmArn(stack, `Alarm${index}`, `arn:aws:cloudwatch:eu-west-1:111111111111:alarm:${'x'.repeat(253)}${10 + index}`)));
    new CanaryRollout(stack, 'Rollout', { endpoint, guardrails });
    const patterns = Object.values(Template.fromStack(stack).findResources('AWS::Events::Rule')).map(({ Properties: { EventPattern: pattern } }) => pattern as { resources: unknown[] });
    expect(patterns.map(({ resources }) => resources.length)).toEqual([5, 5, 2]);
    expect(Math.max(...patterns.map((pattern) => JSON.stringify(pattern).length))).toBeLessThan(2_048);
  });

  test('is not there without such an alarm', () => {
    canary({ circuitBreaker: false, guardrails: [] }).template().resourceCountIs('AWS::Events::Rule', 0);
  });
});

describe('versions on SageMaker', () => {
  const define = (instances: { min: number; max?: number }, props: Without<CanaryRolloutProps> = {}): { template: Template } => {
    const stack = newStack();
    const endpoint = newEndpoint(stack, { model: sageMaker(instances)(stack) });
    new CanaryRollout(stack, 'Rollout', { endpoint, ...props });
    return { template: Template.fromStack(stack) };
  };

  test('may be looked at by the controller, all of the stack by one policy that names nothing else', () => {
    const { template } = define({ min: 1 });
    const [id, policy] = Object.entries(template.findResources('AWS::IAM::Policy')).find(([, { Properties: p }]) => JSON.stringify(p).includes('sagemaker:DescribeEndpoint'))!;
    expect(id).toMatch(/^ModelRolloutControllerRoleOwnEndpoints/);
    const [, tag] = /:sagemaker:eu-west-1:111111111111:endpoint\/\*-([0-9a-f]{8})-\*$/.exec(flat(policy.Properties.PolicyDocument.Statement[0].Resource))!;
    const [{ Properties: { EndpointName: name } }] = Object.values(template.findResources('AWS::SageMaker::Endpoint'));
    expect(name).toMatch(new RegExp(`^stack-fraud-versions-.*-${tag}-[0-9a-f]{12}$`));
    expect(JSON.stringify(template.toJSON())).not.toContain('RegisterScalableTarget');
    expect(planOf(template)).not.toHaveProperty('capacity');
  });

  test('that scale are pre-warmed, and keep what they have while others have their requests', () => {
    const { template } = define({ min: 2, max: 8 });
    expect(planOf(template).capacity).toEqual({ min: 2, max: 8 });
    template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({
      Action: ['application-autoscaling:DeleteScheduledAction', 'application-autoscaling:PutScheduledAction', 'application-autoscaling:RegisterScalableTarget'], Resource: '*',
      Condition: { StringEquals: { 'application-autoscaling:service-namespace': 'sagemaker', 'application-autoscaling:scalable-dimension': 'sagemaker:variant:DesiredInstanceCount' } },
    })]) } });
  });

  test('unless pre-warming is turned off: what they have is kept all the same', () => {
    const { template } = define({ min: 2, max: 8 }, { preWarm: false });
    expect(planOf(template)).not.toHaveProperty('capacity');
    expect(JSON.stringify(template.toJSON())).toContain('RegisterScalableTarget');
  });

  test('a candidate\'s capacity is the candidate\'s', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack, { model: sageMaker({ min: 1 })(stack) });
    new CanaryRollout(stack, 'Rollout', { endpoint, candidate: sageMaker({ min: 1, max: 4 }, 'b')(stack) });
    const template = Template.fromStack(stack);
    expect(planOf(template).capacity).toMatchObject({ min: 1, max: 4 });
    expect(Object.keys(template.findResources('AWS::IAM::Policy')).filter((id) => /^ModelRolloutControllerRoleOwn/.test(id))).toHaveLength(2);
  });

  describe('as components of shared capacity', () => {
    const components = (copies: CopyCount, props: Without<CanaryRolloutProps> = {}): Template => {
      const stack = newStack();
      const on = new SharedCapacity(stack, 'Gpus', { instanceTypes: ['ml.g5.12xlarge'], instances: { min: 1, max: 4 } });
      const image = ModelImage.fromUri(`111111111111.dkr.ecr.eu-west-1.amazonaws.com/llm@sha256:${'0'.repeat(64)}`);
      const model = Model.sageMakerComponent({ on, image, memorySize: Size.gibibytes(8), accelerators: 1, copies });
      new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack, { model }), ...props });
      return Template.fromStack(stack);
    };

    test('grow by their copies, which the controller may do with those of the stack only', () => {
      const template = components({ min: 1, max: 4 });
      expect(planOf(template)).toMatchObject({ capacity: { min: 1, max: 4 }, readinessSeconds: 300 });
      const statements = statementsOf(template, 'ModelRolloutControllerRole')
        .filter(({ Action: action }) => /InferenceComponent/.test(JSON.stringify(action)));
      expect(statements.map(({ Action: action }) => action).sort()).toEqual([
        'sagemaker:DescribeInferenceComponent', 'sagemaker:UpdateInferenceComponentRuntimeConfig',
      ]);
      for (const { Resource: resource } of statements) {
        expect(flat(resource)).toMatch(/:sagemaker:eu-west-1:111111111111:inference-component\/\*-[0-9a-f]{8}-\*$/);
      }
    });

    test('that begin without a copy are waited for as long as the rollout may last, unless told otherwise', () => {
      const { readinessSeconds, deadlineSeconds } = planOf(components({ min: 1, max: 4, initial: 0 }));
      expect(readinessSeconds).toBe(deadlineSeconds);
      expect(planOf(components({ min: 0, max: 4 }, { readinessTimeout: Duration.minutes(20) }))).toMatchObject({ readinessSeconds: 1_200 });
    });
  });
});

describe('permissions', () => {
  const grantee = (stack: Stack): iam.Role => new iam.Role(stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() });
  const own = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['fraud/live'] } };

  test('to read are limited to the alias', () => {
    const { stack, rollout, template } = canary();
    rollout.grants.read(grantee(stack));
    const statements = statementsOf(template(), 'Caller');
    expect(statements.flatMap(({ Action: actions }) => actions).sort()).toEqual(['cloudformation:ListStackResources', 'dynamodb:GetItem', 'dynamodb:GetItem', 'dynamodb:Query']);
    expect(statements.filter(({ Condition: condition }) => condition !== undefined).map(({ Condition: condition }) => condition)).toEqual([
      own,
      own,
    ]);
    expect(JSON.stringify(statements)).not.toContain('"*"');
  });

  test('may be given to a role of another stack', () => {
    const app = new App();
    const stack = newStack('A', app);
    const rollout = new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack) });
    const other = newStack('B', app);
    rollout.grants.abort(grantee(other));
    const resources = statementsOf(Template.fromStack(other), 'Caller').map(({ Resource: resource }) => JSON.stringify(resource));
    expect(resources).toHaveLength(4);
    expect(resources.join()).not.toContain('AWS::StackId');
  });

  test.each(['abort', 'operate'] as const)('to %s are one function', (verb) => {
    const { stack, rollout, template } = canary();
    rollout.grants[verb](grantee(stack));
    const invoked = statementsOf(template(), 'Caller').filter(({ Action: action }) => action === 'lambda:InvokeFunction').map(({ Resource: resource }) => flat(resource));
    expect(invoked).toEqual([expect.stringMatching(verb === 'abort' ? /^<ModelRolloutAbort/ : /^<ModelRolloutOperate/)]);
  });

  test('as managed policies are there when asked for, once', () => {
    const { rollout, template } = canary();
    expect(rollout.abortPolicy).toBe(rollout.abortPolicy);
    expect(rollout.operatePolicy).not.toBe(rollout.abortPolicy);
    template().resourceCountIs('AWS::IAM::ManagedPolicy', 2);
    canary().template().resourceCountIs('AWS::IAM::ManagedPolicy', 0);
  });

  test('fails for a preview that is not there', () => {
    const { stack, rollout } = canary();
    expect(() => rollout.grants.invokePreview(grantee(stack))).toThrow(/has no preview alias; set previewAlias/);
    expect(rollout.previewUrl).toBeUndefined();
  });
});

describe('the dashboard', () => {
  test('shows share, requests, failures, latency, alarms and decisions', () => {
    const { template } = canary({ guardrails: [Guardrail.errorPercentAbove(1)], dashboardName: 'fraud' });
    const [dashboard] = Object.values(template().findResources('AWS::CloudWatch::Dashboard'));
    expect(dashboard.Properties.DashboardName).toBe('fraud');
    const body = JSON.parse(flat(dashboard.Properties.DashboardBody)) as {
      widgets: { type: string; properties: { title?: string; alarms?: string[]; markdown?: string } }[];
    };
    expect(body.widgets.map(({ type, properties: { title } }) => title ?? type)).toEqual([
      'text', 'Guardrails', 'Share of the candidate, %', 'Requests', 'Failed requests, %', 'Latency, ms', 'Requests that nobody answered',
      'Requests that production was asked for the candidate', 'Decisions',
    ]);
    expect(body.widgets[0].properties.markdown).toContain('5 % for 5 min, 25 % for 5 min, 50 % for 5 min, 80 % for 10 min, then production.');
    expect(body.widgets[1].properties.alarms).toHaveLength(2);
  });

  test('shows the evidence, and from where it rolls the candidate back', () => {
    const [dashboard] = Object.values(canary({ falseRollbackRate: 0.001 }).template().findResources('AWS::CloudWatch::Dashboard'));
    const { widgets } = JSON.parse(flat(dashboard.Properties.DashboardBody)) as {
      widgets: { properties: { title?: string; metrics?: unknown[][]; annotations?: { horizontal: object[] } } }[];
    };
    const evidence = widgets.find(({ properties: { title } }) => title?.startsWith('Evidence') === true)!.properties;
    expect(evidence.title).toBe('Evidence against the candidate (errors, latency), ln');
    expect(evidence.metrics).toEqual([['ModelRollout', 'LogEvidence', 'Alias', 'live', 'Endpoint', 'fraud', expect.objectContaining({ stat: 'Maximum' })]]);
    expect(evidence.annotations!.horizontal).toEqual([expect.objectContaining({ value: -Math.log(0.001), label: 'rolled back from here: 1000 to 1' })]);
    expect(JSON.stringify(canary({ guardrails: [] }).template().findResources('AWS::CloudWatch::Dashboard'))).not.toContain('LogEvidence');
  });
});

describe('warnings', () => {
  const texts = (stack: Stack): string[] => warnings(stack);

  test('a rollout with a guardrail has none', () => {
    expect(texts(canary({ guardrails: [Guardrail.errorPercentAbove(1)] }).stack)).toEqual([]);
  });

  test('nothing rolls back', () => {
    expect(texts(canary().stack)).toEqual([]);
    for (const { stack } of [canary({ guardrails: [] }), blueGreen()]) {
      expect(texts(stack)).toEqual([expect.stringMatching(/fails half of its requests.*Guardrail\.errorPercentAbove.*cdk-model-rollout:noRollbackGuardrail/)]);
    }
    expect(texts(canary({ guardrails: [Guardrail.errorPercentAbove(1, { action: GuardrailAction.HOLD })] }).stack)).toHaveLength(1);
  });

  test('steps that look like shares', () => {
    const steps = (...percents: number[]): string[] =>
      texts(
        canary({ guardrails: [Guardrail.errorPercentAbove(1)], shift: TrafficShift.steps(percents, { bakeTime: Duration.minutes(10) }) })
          .stack,
      );
    expect(steps(0.05, 0.5)).toEqual([expect.stringMatching(/the largest step before the final bake is 0\.5 %.*half of the requests is 50 and not 0\.5.*cdk-model-rollout:percentNotShare/)]);
    expect(steps(0.1, 1, 10)).toEqual([]);
  });

  test('none for a split of requests, where routers count the callers who keep their version', () => {
    const sticky = canary({ guardrails: [Guardrail.errorPercentAbove(1), Guardrail.sampleRatio()] }, { assignment: Assignment.jsonPath('$.user') });
    expect(texts(sticky.stack)).toEqual([]);
    const counters = (JSON.parse(JSON.stringify(sticky.template().findResources('Custom::ModelRolloutRoute') )) as { readonly [id: string]: unknown });
    expect(JSON.stringify(counters)).toContain('callers-');
  });

  test('evidence by requests where callers keep their version', () => {
    const sticky = { assignment: Assignment.header('x-user') };
    const said = [expect.stringMatching(/prediction-drift counts requests or answers without knowing whose they are.*falseRollbackRate of 0\.01.*cdk-model-rollout:stickyEvidence/)];
    expect(texts(canary({ guardrails: [Guardrail.errorRate(), Guardrail.predictionDrift({ path: '$.score', bins: [0.5] })] }, sticky).stack)).toEqual(said);
    // Routers count these by caller.
    expect(texts(canary({}, sticky).stack)).toEqual([]);
    expect(texts(canary({ guardrails: [Guardrail.latency(), Guardrail.errorPercentAbove(1)] }, sticky).stack)).toEqual([]);
    // Limits promise nothing about chance.
    expect(texts(canary({ guardrails: [Guardrail.errorPercentAbove(1)] }, sticky).stack)).toEqual([]);
    expect(
      texts(canary({ guardrails: [Guardrail.errorPercentAbove(1), Guardrail.latency({ action: GuardrailAction.OBSERVE })] }, sticky).stack),
    ).toEqual([]);
  });

  test('a model that is too slow for two versions in one time-out', () => {
    const slow = { model: inline('v1', { timeout: Duration.seconds(20) }) };
    const said = (props: Without<CanaryRolloutProps> = {}, endpoint: Partial<ModelEndpointProps> = slow): string[] =>
      texts(canary(props, endpoint).stack);
    expect(said()).toEqual([expect.stringMatching(/the model may take 20000 ms, but when a candidate does not answer, production has 14250 ms.*cdk-model-rollout:slowModel/)]);
    expect(said({ candidateTimeBudget: Duration.seconds(10) })).toEqual([expect.stringMatching(/the model may take 20000 ms, but candidateTimeBudget is 10000 ms.*cdk-model-rollout:slowModel/)]);
    expect(said({ candidate: inline('v2', { timeout: Duration.seconds(15) }) }, {})).toEqual([expect.stringMatching(/the model may take 15000 ms.*slowModel/)]);
    // What nobody said is no statement about the model.
    expect(said({ candidateTimeBudget: Duration.seconds(10) }, {})).toEqual([]);
    expect(said({}, { model: inline('v1', { timeout: Duration.seconds(14) }) })).toEqual([]);
  });

  test('a bake shorter than the alarm needs, with the arithmetic', () => {
    const { stack } = canary({
      guardrails: [Guardrail.errorPercentAbove(1)],
      shift: TrafficShift.canary({ stepPercent: 10, stepBakeTime: Duration.minutes(2) }),
    });
    expect(texts(stack)).toEqual([
      expect.stringMatching(/the shortest bake time is 2 min, but guardrail "error-rate" sees a fault only after 5 min: 3 periods of 60 s and 120 s.*cdk-model-rollout:bakeTooShort/),
    ]);
  });

  test('an alias without a rollout', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    endpoint.addAlias('split', { variants: [{ name: 'a', model: inline('v1') }, { name: 'b', model: inline('v2') }] });
    expect(texts(stack)).toEqual([expect.stringMatching(/alias "live" gets all requests at once.*cdk-model-rollout:noRollout/)]);
  });
});

describe('time windows', () => {
  const office = TimeWindow.weekdays({ start: '09:00', end: '16:00', timeZone: TimeZone.EUROPE_BERLIN });
  const said = (props: Without<CanaryRolloutProps>): string[] => {
    const stack = newStack();
    new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack), ...props });
    return warnings(stack).filter((text) => text.includes('windowGap'));
  };

  test('that are closed for longer than the deployment may last are warned of, with both times', () => {
    expect(said({ timeWindows: [office] })).toEqual([expect.stringMatching(/closed for up to 65 h at a stretch, but its deadline is 11 h 54 min: .*cdk-model-rollout:windowGap/)]);
    expect(said({ timeWindows: [TimeWindow.daily({ start: '06:00', end: '20:00' })] })).toEqual([]);
    expect(said({ timeWindows: [office], candidate: inline('v2') })).toEqual([]);
    expect(said({})).toEqual([]);
  });
});

describe('mistakes', () => {
  const v1 = inline('v1');
  test.each<[string, Without<CanaryRolloutProps>, RegExp]>([
    ['shares that fall', { shift: TrafficShift.steps([50, 10], { bakeTime: Duration.minutes(10) }) }, /step 2 of the traffic shift is 10 %/],
    ['a canary in the final bake\'s share', { shift: TrafficShift.canary({ stepPercent: 96, stepBakeTime: Duration.minutes(10) }) }, /the final bake, which follows by itself, has 80 %; leave the step out or lower holdbackPercent/],
    ['a negative holdback', { holdbackPercent: -1 }, /holdbackPercent is -1 %, but must be between 0 and 50/],
    ['a large holdback', { holdbackPercent: 51 }, /holdbackPercent is 51 %/],
    ['no final bake', { finalBakeTime: Duration.seconds(0) }, /finalBakeTime is 0 s, but must be between 1 and/],
    ['a final bake that nobody knows', { finalBakeTime: Duration.seconds(Lazy.number({ produce: () => 60 })) }, /finalBakeTime is known only at deployment/],
    ['a lease that nobody knows', { lease: Duration.seconds(Lazy.number({ produce: () => 60 })) }, /lease of the rollout is known only at deployment/],
    ['a step that nobody knows', { shift: TrafficShift.canary({ stepPercent: 1, stepBakeTime: Duration.seconds(Lazy.number({ produce: () => 60 })) }) }, /bake time of step 1 of the traffic shift is known only/],
    ['an interval of half a second more', { interval: Duration.millis(7_500), lease: Duration.minutes(3) }, /interval of the rollout is 7\.5 s, but Step Functions waits for whole seconds only; take 8 s/],
    ['a deadline of half a second more', { deadline: Duration.millis(3_000_500) }, /deadline of the rollout is 3000\.5 s, but Step Functions waits for whole seconds only; take 3001 s/],
    ['a bake time of half a second more', { shift: TrafficShift.steps([5], { bakeTime: Duration.millis(60_500) }) }, /bake time of step 1 of the traffic shift is 60\.5 s, .* take 61 s/],
    ['settling for longer than a day', { settlingTime: Duration.days(2) }, /settlingTime of the rollout is 172800 s, but must be between 0 and 86400/],
    ['a deadline before the end', { deadline: Duration.minutes(15) }, /the deadline is 15 min, but the stages take 37 min at the least/],
    ['a rollout longer than a deployment', { finalBakeTime: Duration.days(1) }, /a deployment waits for 12 h at the most.*declare the new model as candidate/],
    ['a deadline longer than a deployment', { deadline: Duration.hours(12) }, /the rollout may take 12 h/],
    ['a short interval', { interval: Duration.seconds(1) }, /interval of the rollout is 1 s, but must be between 5 and 3600/],
    ['a lease shorter than two intervals', { lease: Duration.minutes(1) }, /lease of the rollout is 60 s, less than two intervals of 60 s/],
    ['a fraction of a request', { minRequests: 1.5 }, /minRequests of the rollout is 1.5/],
    ['warm-up without a request', { warmUpRequests: 5 }, /warmUpRequests is 5, but there is no smoke test/],
    ['a readiness of nothing', { readinessTimeout: Duration.seconds(0) }, /readinessTimeout of the rollout is 0 s/],
    ['two guardrails with a name', { guardrails: [Guardrail.errorPercentAbove(1), Guardrail.errorPercentAbove(2)] }, /more than one guardrail is named "error-rate"/],
    ['a guardrail with the built-in name', { guardrails: [Guardrail.errorPercentAbove(1, { name: 'circuit-breaker' })] }, /more than one guardrail is named "circuit-breaker"/],
    ['a golden request that is not valid JSON', { smokeTests: [{ body: '{' }] }, /body of "smoke test 1" is not valid JSON/],
    ['a golden request with a wildcard', { smokeTests: [{ body: '1', expect: [{ path: '$..x', value: 1 }] }] }, /without wildcards/],
    ['a negative tolerance', { smokeTests: [{ body: '1', expect: [{ path: '$.x', value: 1, tolerance: -1 }] }] }, /tolerance of \$\.x of "smoke test 1" is -1/],
    ['an impossible status', { smokeTests: [{ body: '1', status: 99 }] }, /status of "smoke test 1" is 99/],
    ['large golden requests', { smokeTests: [{ body: JSON.stringify('x'.repeat(65_536)) }] }, /the smoke tests have 65\d+ bytes together, but may have 65536/],
    ['an hour that is none', { timeWindows: [TimeWindow.daily({ start: '9', end: '24:00' })] }, /start of a time window is "9".*\n.*end of a time window is "24:00"/],
    ['a window without days', { timeWindows: [TimeWindow.on([], { start: '09:00', end: '10:00' })] }, /has no days/],
    ['a time zone that is none', { timeWindows: [TimeWindow.daily({ start: '09:00', end: '10:00', timeZone: TimeZone.of('Mars/Olympus') })] }, /"Mars\/Olympus", which is not known/],
    ['a preview with the name of an alias', { previewAlias: 'live' }, /previewAlias is "live", which is an alias of the endpoint already/],
    ['a preview with a bad name', { previewAlias: 'a/b' }, /previewAlias "a\/b" must have 1 to 63/],
    ['a candidate that is production', { candidate: v1 }, /candidate is the same version as the model/],
    ['a candidate with mistakes', { candidate: inline('v2', { memorySize: 1 }) }, /memorySize of the Lambda model is 1 MiB/],
    ['a candidate slower than the endpoint', { candidate: inline('v2', { timeout: Duration.minutes(1) }) }, /timeout of the model of variant "candidate" is 60 s/],
    ['a candidate that takes all the time', { candidateTimeBudget: Duration.seconds(29) }, /candidateTimeBudget is 29000 ms, but must be between 1 ms and the 28500 ms/],
    ['an alias that is not there', { alias: 'beta' }, /alias "beta" is not declared/],
  ])('fails for %s', (_, props, message) => expect(failing(() => canary(props, { model: v1 }))).toMatch(message));

  test('fails with all mistakes at once', () => {
    expect(failing(() => canary({ interval: Duration.seconds(1), minRequests: -1, warmUpRequests: 1, lease: Duration.seconds(1) }))).toMatch(/^4 problems:/m);
  });

  test('fails for a time of keeping warm that is none', () => expect(failing(() => blueGreen({ terminationWait: Duration.seconds(0) }))).toMatch(/terminationWait is 0 s/));

  test('fails for a second rollout of an alias', () => {
    const { stack, endpoint } = canary();
    expect(() => new CanaryRollout(stack, 'Again', { endpoint })).toThrow(/alias "live" has a rollout already/);
  });

  test('fails for an alias that splits for good', () => {
    const stack = newStack();
    const endpoint = new ModelEndpoint(stack, 'Fraud', { variants: [{ name: 'a', model: v1 }, { name: 'b', model: inline('v2') }] });
    expect(() => new CanaryRollout(stack, 'Rollout', { endpoint })).toThrow(/alias "live" splits its requests between 2 variants for good/);
  });

  test('fails for an endpoint of another stack', () => {
    const app = new App();
    const endpoint = newEndpoint(newStack('A', app));
    expect(() => new CanaryRollout(newStack('B', app), 'Rollout', { endpoint })).toThrow(/the endpoint is in stack "A"/);
  });

  test('fails for an alias with the name of a preview', () => {
    const { endpoint } = blueGreen();
    expect(() => endpoint.addAlias('live-preview', { model: v1 })).toThrow(/is the preview alias of a rollout/);
  });
});

test('two rollouts of a stack share a control plane', () => {
  const stack = newStack();
  const api = new apigateway.RestApi(stack, 'Api');
  for (const id of ['A', 'B']) {
    new CanaryRollout(stack, `Rollout${id}`, { endpoint: new ModelEndpoint(stack, id, { model: inline('v1'), api }) });
  }
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::StepFunctions::StateMachine', 1);
  template.resourceCountIs('AWS::DynamoDB::Table', 2);
  template.resourceCountIs('AWS::Events::Rule', 2);
});

describe('the cohort of an alias', () => {
  const assignment = Assignment.cohort({ members: [Cohort.header('x-tenant', 'own')] });
  const stagesOf = (...of: Parameters<typeof canary>): unknown => planOf(canary(...of).template()).stages[0];

  test('has the candidate before anybody else, for ten minutes and twenty requests unless something else is said', () => {
    expect(stagesOf({}, { assignment })).toEqual({
      percent: 0, bakeSeconds: 600, approval: false, cohort: { minimumRequests: 20, maximumErrorPercent: 10 },
    });
    const said = { bakeTime: Duration.hours(1), minRequests: 5, maxErrorPercent: 0 };
    expect(stagesOf({ cohort: said }, { assignment })).toMatchObject({
      bakeSeconds: 3_600, cohort: { minimumRequests: 5, maximumErrorPercent: 0 },
    });
    expect(planOf(blueGreen({}, { assignment }).template()).stages[0]).toMatchObject({ cohort: { minimumRequests: 20 } });
    expect(stagesOf()).not.toHaveProperty('cohort');
  });

  test.each<[string, Without<CanaryRolloutProps>, Partial<ModelEndpointProps>, RegExp]>([
    ['a stage for nobody', { cohort: {} }, {}, /cohort of the rollout is set, but alias "live" has none; give its endpoint an/],
    ['no time', { cohort: { bakeTime: Duration.seconds(0) } }, { assignment }, /bakeTime of the cohort is 0 s/],
    ['more than all', { cohort: { maxErrorPercent: 101 } }, { assignment }, /maxErrorPercent of the cohort is 101 %/],
    ['half a request', { cohort: { minRequests: 0.5 } }, { assignment }, /minRequests of the cohort is 0.5/],
  ])('%s is refused', (_, props, endpoint, message) => {
    expect(() => canary(props, endpoint)).toThrow(message);
  });

  test('conversations are judged by what they send, with the split of conversations, and no control', () => {
    const sessions = { assignment: Assignment.session() };
    const { guardrails, judgement } = planOf(canary({}, sessions).template());
    expect(guardrails.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['errors', 'latency']));
    expect(judgement?.sampleRatio).toBeDefined();
    expect(warnings(canary({}, sessions).stack)).toEqual(warnings(canary().stack));
    expect(() => canary({ freshControl: true }, sessions)).toThrow(/keeps callers or conversations with a version/);
  });
});
