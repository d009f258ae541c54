import { Annotations as Found, Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { App, Duration, Lazy, type Stack } from 'aws-cdk-lib/core';
import { CanaryRollout, Comparison, EndpointAuth, Guardrail, InferenceLog, Judge, type JudgeOptions, ShadowFilter, Model, ModelEndpoint, type ModelEndpointProps, ShadowMirror, type ShadowMirrorProps } from '../../lib';
import { measuresOf } from '../../lib/core/rollout/baseline';
import type { MirrorPlan } from '../../lib/core/mirroring/mirror-plan';
import type { DeclaredRoute } from '../../lib/core/routing/route';
import { mirrorCost } from '../../lib/core/mirroring/mirror-cost';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import { flat, inline, newEndpoint, newStack, planOf as rolloutPlanOf, routeOf, statementsOf, warnings } from '../fixtures/stacks';

const v2 = inline('v2');

const comparer = (stack = newStack()): lambda.Function => new lambda.Function(stack, 'Comparer', {
  code: lambda.Code.fromInline('exports.handler = async () => ({ agrees: true });'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X,
});

function mirrored(
  props: Partial<ShadowMirrorProps> = {},
  stack: Stack = newStack(),
): { stack: Stack; endpoint: ModelEndpoint; mirror: ShadowMirror; template: () => Template } {
  const endpoint = newEndpoint(stack);
  const mirror = new ShadowMirror(stack, 'Shadow', { endpoint, model: v2, ...props });
  return { stack, endpoint, mirror, template: () => Template.fromStack(stack) };
}

const declaredRoute = (template: Template, alias = 'live'): DeclaredRoute => JSON.parse(flat(routeOf(template, alias).Properties.Route)) as DeclaredRoute;

function mirrorFunction(template: Template): { readonly Properties: { readonly [name: string]: never }; readonly DependsOn: string[] } {
  const [, found] = Object.entries(template.findResources('AWS::Lambda::Function')).find(([id]) => id.startsWith('ShadowFunction'))!;
  return found as never;
}

const planOf = (template: Template): MirrorPlan =>
  JSON.parse(
    flat(
      (mirrorFunction(template).Properties as unknown as { Environment: { Variables: { [name: string]: unknown } } }).Environment.Variables
        .MODEL_ROLLOUT_MIRROR,
    ),
  ) as MirrorPlan;

test('a mirror is part of the alias\'s route, which is written after all that the mirror needs', () => {
  const { template } = mirrored({ sampleRate: 0.25, filters: [ShadowFilter.header('X-Tenant', 'a')], start: new Date('2026-01-01'), end: new Date('2999-01-01') });
  const route = routeOf(template());
  expect(declaredRoute(template()).mirrors).toEqual([{
    name: 'Shadow',
    version: expect.stringMatching(/^[0-9a-f]{64}$/),
    functionArn: expect.stringMatching(/^<ShadowFunction.*\.Arn>$/),
    sampleRate: 0.25,
    filters: [{ on: 'header', name: 'x-tenant', values: ['a'] }],
    startsAt: Date.parse('2026-01-01'),
    endsAt: Date.parse('2999-01-01'),
  }]);
  const needed = ['AWS::Lambda::Function', 'AWS::Lambda::EventInvokeConfig', 'AWS::IAM::Policy']
    .flatMap((type) => Object.keys(template().findResources(type))).filter((id) => id.startsWith('Shadow'));
  expect(needed.length).toBeGreaterThanOrEqual(5);
  expect(route.DependsOn).toEqual(expect.arrayContaining(needed));
});

test('an alias without mirrors has the route that it had', () => {
  const stack = newStack();
  newEndpoint(stack);
  expect(declaredRoute(Template.fromStack(stack))).not.toHaveProperty('mirrors');
});

test('the mirror function is told of the shadow, once the permission to ask it is there, and neither queues nor repeats', () => {
  const { template } = mirrored({ comparison: Comparison.number('$.score', { tolerance: 0.01 }), timeout: Duration.seconds(3), maxConcurrency: 7 });
  expect(planOf(template())).toEqual({
    endpoint: 'fraud', alias: 'live', shadow: 'Shadow', version: declaredRoute(template()).mirrors![0].version, timeoutMs: 3_000, sampleRate: 0.1,
    target: { kind: 'lambda', functionArn: expect.stringMatching(/^<ShadowVersions/), contract: 'json', maxRequestBytes: 6_291_456 },
    comparison: { kind: 'number', path: '$.score', absolute: 0.01, relative: 0 },
  });
  const { Properties: properties, DependsOn: after } = mirrorFunction(template());
  expect(properties).toMatchObject({ ReservedConcurrentExecutions: 7, Timeout: 18 });
  const [permission] = Object.keys(template().findResources('AWS::IAM::Policy')).filter((id) => id.startsWith('ShadowVersionsInvoke'));
  const [shadow] = Object.keys(template().findResources('AWS::Lambda::Function', { DependsOn: Match.arrayWith([permission]) }));
  expect(after).toContain(shadow);
  template().hasResourceProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
});

test('the router may invoke the mirror, the mirror may invoke its shadow, and nobody anything else', () => {
  const { template } = mirrored();
  const invoke = (role: string): string[] => statementsOf(template(), role)
    .filter(({ Action: action }) => action === 'lambda:InvokeFunction').map(({ Resource: resource }) => flat(resource));
  expect(invoke('ShadowFunctionRole')).toEqual([expect.stringMatching(/:function:stack-shadow-versions-.*-\*$/)]);
  expect(invoke('FraudRouterFunctionRole').sort()).toEqual([expect.stringMatching(/^<ShadowFunction/), expect.stringMatching(/:function:stack-fraud-versions-.*-\*$/)]);
  expect(statementsOf(template(), 'ShadowFunctionRole')).toHaveLength(2);
});

test('what is optional costs nothing of it: a bound of the minute has a table, the noise floor a permission to ask the router', () => {
  mirrored().template().resourceCountIs('AWS::DynamoDB::Table', 1);
  const { template } = mirrored({ maxRequestsPerMinute: 600, noiseFloorRate: 0.05 });
  template().resourceCountIs('AWS::DynamoDB::Table', 2);
  expect(planOf(template())).toMatchObject({ maximumPerMinute: 600, noise: { share: 0.05, routerFunction: expect.stringMatching(/^<FraudRouter/) } });
  const actions = statementsOf(template(), 'ShadowFunctionRole').map(({ Action: action }) => action);
  expect(actions).toContain('dynamodb:UpdateItem');
  expect(statementsOf(template(), 'ShadowFunctionRole').some(({ Resource: resource }) => flat(resource).startsWith('<FraudRouterFunction'))).toBe(true);
});

test('the router asks for time after its answers where it has a mirror and does not stream', () => {
  const variables = (options: Partial<ModelEndpointProps>): unknown => {
    const stack = newStack();
    new ShadowMirror(stack, 'Shadow', { endpoint: newEndpoint(stack, options), model: v2 });
    return Object.entries(Template.fromStack(stack).findResources('AWS::Lambda::Function'))
      .find(([id]) => id.startsWith('FraudRouterFunction'))![1].Properties.Environment.Variables;
  };
  expect(variables({})).toMatchObject({ MODEL_ROLLOUT_AFTERWARDS: 'true' });
  expect(variables({ responseStreaming: true })).not.toHaveProperty('MODEL_ROLLOUT_AFTERWARDS');
});

test('large bodies have a bucket of the mirror, closed to all but router and mirror, that forgets', () => {
  mirrored().template().resourceCountIs('AWS::S3::Bucket', 0);
  const { template } = mirrored({ largeBodies: true });
  template().hasResourceProperties('AWS::S3::Bucket', {
    BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
    PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
    LifecycleConfiguration: { Rules: [{ ExpirationInDays: 1, Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }] },
  });
  template().hasResourceProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })]) },
  });
  const onBucket = (role: string): [unknown, string][] => statementsOf(template(), role)
    .filter(({ Action: action }) => JSON.stringify(action).includes('s3:')).map(({ Action: action, Resource: resource }) => [action, flat(resource)]);
  expect(onBucket('FraudRouterFunctionRole')).toEqual([['s3:PutObject', expect.stringMatching(/^<ShadowBodiesBucket\w+\.Arn>\/bodies\/\*$/)]]);
  expect(onBucket('ShadowFunctionRole')).toEqual([[['s3:DeleteObject', 's3:GetObject'], expect.stringMatching(/\/bodies\/\*$/)]]);
  expect(declaredRoute(template()).mirrors).toMatchObject([{ bodiesBucket: expect.stringMatching(/^<ShadowBodiesBucket/) }]);
  const variables = (id: string): unknown => Object.entries(template().findResources('AWS::Lambda::Function')).find(([name]) => name.startsWith(id))![1].Properties.Environment.Variables;
  expect(variables('FraudRouterFunction')).toMatchObject({ MODEL_ROLLOUT_LARGE_BODIES: 'true' });
  expect(variables('ShadowFunction')).toMatchObject({ MODEL_ROLLOUT_MIRROR_BUCKET: expect.anything() });
});

test('the bucket is emptied before it is deleted, and after the route has stopped filling it', () => {
  const { template } = mirrored({ largeBodies: true });
  const [[id, { Properties: properties }]] = Object.entries(template().findResources('Custom::ModelRolloutEmptyBucket'));
  expect(flat(properties.Bucket)).toMatch(/^<ShadowBodiesBucket/);
  // What depends on a resource is deleted before it.
  expect(routeOf(template()).DependsOn).toEqual(expect.arrayContaining([id]));
});

test('removing a mirror removes all of it but the log of its model', () => {
  const without = (): Stack => {
    const stack = newStack();
    newEndpoint(stack);
    return stack;
  };
  const { template } = mirrored({ maxRequestsPerMinute: 600, noiseFloorRate: 0.05, largeBodies: true });
  const before = Template.fromStack(without()).toJSON() as { Resources: object };
  const after = template().toJSON() as { Resources: { [id: string]: { DeletionPolicy?: string } } };
  const added = Object.entries(after.Resources).filter(([id]) => !(id in before.Resources));
  expect(added.every(([id]) => id.startsWith('Shadow'))).toBe(true);
  expect(added.filter(([, { DeletionPolicy: policy }]) => policy?.startsWith('Retain')).map(([id]) => id)).toEqual([expect.stringMatching(/^ShadowVersionsLambda.*Log/)]);
});

test('any number of mirrors, on any backend, with and without a rollout', () => {
  const { stack, endpoint, template } = mirrored();
  new ShadowMirror(stack, 'SageMaker', { endpoint, model: Model.fromSageMakerEndpointName('fraud-v3'), sampleRate: 1 });
  new CanaryRollout(stack, 'Rollout', { endpoint, guardrails: [Guardrail.errorPercentAbove(1)] });
  endpoint.addAlias('beta', { model: v2 });
  new ShadowMirror(stack, 'OnBeta', { endpoint, alias: 'beta', model: inline('v1'), shadowName: 'Shadow' });
  expect(declaredRoute(template()).mirrors!.map(({ name }) => name)).toEqual(['Shadow', 'SageMaker']);
  expect(declaredRoute(template(), 'beta').mirrors!.map(({ name }) => name)).toEqual(['Shadow']);
});

test('metrics are those of the shadow', () => {
  const { mirror, stack } = mirrored();
  expect(stack.resolve(mirror.metrics.differenceSize({ statistic: 'p99' }).toMetricConfig().metricStat)).toMatchObject({
    namespace: 'ModelRollout', metricName: 'DifferenceSize', statistic: 'p99',
    dimensions: [{ name: 'Alias', value: 'live' }, { name: 'Endpoint', value: 'fraud' }, { name: 'Shadow', value: 'Shadow' }],
  });
  expect(mirror.metrics.agreementRate().expression).toBe('100 * agreements / comparisons');
});

test('a shadow that is production is warned of', () => {
  expect(warnings(mirrored({ model: inline('v1') }).stack)).toContainEqual(expect.stringContaining('cdk-model-rollout:shadowIsProduction'));
  expect(warnings(mirrored().stack)).not.toContainEqual(expect.stringContaining('shadowIsProduction'));
});

test('a custom comparison is a function that the mirror may invoke, and is told of', () => {
  const stack = newStack();
  const { template } = mirrored(
    { comparison: Comparison.custom(comparer(stack), { timeout: Duration.seconds(2) }), timeout: Duration.seconds(3) },
    stack,
  );
  expect(planOf(template()).comparison).toEqual({ kind: 'function', functionArn: expect.stringMatching(/^<Comparer/), timeoutMs: 2_000 });
  expect(mirrorFunction(template()).Properties).toMatchObject({ Timeout: 20 });
  expect(statementsOf(template(), 'ShadowFunctionRole').map(({ Resource: resource }) => flat(resource))).toContainEqual(expect.stringMatching(/^<Comparer/));
});

test('a duration is counted from the start', () => {
  const { template } = mirrored({ start: new Date('2999-01-01'), duration: Duration.days(1) });
  expect(declaredRoute(template()).mirrors![0]).toMatchObject({ startsAt: Date.parse('2999-01-01'), endsAt: Date.parse('2999-01-02') });
});

test('mirrors that set more concurrency aside than a new account has are warned of, together', () => {
  const { stack, endpoint } = mirrored({ maxConcurrency: 600 });
  expect(warnings(stack)).not.toContainEqual(expect.stringContaining('mirrorConcurrency'));
  new ShadowMirror(stack, 'Second', { endpoint, model: v2, maxConcurrency: 301 });
  expect(warnings(stack)).toContainEqual(expect.stringMatching(/set 901 of concurrency aside .* has 900 to set aside for all of its functions/));
});

test('the cost of a month is estimated where the load is known', () => {
  const information = (stack: Stack): string[] => Found.fromStack(stack).findInfo('*', Match.anyValue()).map(({ entry }) => String(entry.data));
  expect(information(mirrored().stack)).toEqual([]);
  expect(information(mirrored({ expectedRequestsPerSecond: 10 }).stack)).toEqual([
    expect.stringMatching(/^shadow Shadow: about 2,628,000 requests and \$\d+\.\d\d a month \(mirror \$\d+\.\d\d, shadow \$\d+\.\d\d, logs \$\d+\.\d\d, metrics \$6\.30\)/),
  ]);
});

test('an estimate is in proportion to the requests, and no more are asked than the bound allows', () => {
  const load = {
    requestsPerSecond: 10,
    sampleRate: 0.1,
    maximumPerMinute: undefined,
    latencySeconds: 0.1,
    noiseShare: 0,
    bins: 0,
    function: true,
  };
  const once = mirrorCost(load);
  // 2.628 million requests: 0.53 for the requests, and 0.1 s of 1 GB each.
  expect(once.shadow).toBeCloseTo(2.628e6 * (0.2e-6 + 0.1 * 0.0000166667), 6);
  expect(mirrorCost({ ...load, sampleRate: 0.2 }).shadow).toBeCloseTo(2 * once.shadow, 6);
  expect(mirrorCost({ ...load, maximumPerMinute: 6 }).requestsPerMonth).toBeCloseTo(6 * 730 * 60, 6);
  expect(mirrorCost({ ...load, function: false }).shadow).toBe(0);
  // Three bins of both models and their total, for the shadow and its version.
  expect(mirrorCost({ ...load, bins: 3 }).metrics).toBeCloseTo(once.metrics + 14 * 0.3, 6);
});

describe('a mirror', () => {
  test.each<[string, Partial<ShadowMirrorProps>, RegExp]>([
    ['samples nothing', { sampleRate: 0 }, /sampleRate is 0, but must be above 0/],
    ['samples more than all', { sampleRate: 1.1 }, /sampleRate is 1\.1/],
    ['samples what only the deployment knows', { sampleRate: Lazy.number({ produce: () => 1 }) }, /^[^]*sampleRate is known only at deployment; give a number$/],
    ['has a concurrency that only the deployment knows', { maxConcurrency: Lazy.number({ produce: () => 1 }) }, /maxConcurrency is known only at deployment; give a number$/],
    ['samples what is no number', { sampleRate: NaN }, /sampleRate is NaN/],
    ['compares at many places', { comparison: Comparison.number('$..score') }, /path is "\$\.\.score"/],
    ['has a negative tolerance', { comparison: Comparison.json({ tolerance: -1 }) }, /absolute of the comparison is -1/],
    ['filters by no header', { filters: [ShadowFilter.header('no header')] }, /not a header name/],
    ['filters by many places', { filters: [ShadowFilter.jsonPath('$.rows[*].id')] }, /must name one place/],
    ['filters by no type', { filters: [ShadowFilter.contentType()] }, /names none/],
    ['filters by a type with parameters', { filters: [ShadowFilter.contentType('application/json; charset=utf-8')] }, /without parameters/],
    ['filters by contradictions', { filters: [ShadowFilter.header('x-a', '1'), ShadowFilter.header('X-A', '2')] }, /two filters want different values of the header x-a/],
    ['ends before it starts', { start: new Date('2999-01-02'), end: new Date('2999-01-01') }, /is not after start/],
    ['has an end and a duration', { start: new Date('2999-01-01'), end: new Date('2999-01-02'), duration: Duration.hours(1) }, /has an end and a duration/],
    ['has a duration that nothing begins', { duration: Duration.hours(1) }, /has a duration, but no start/],
    ['lasts no time', { start: new Date('2999-01-01'), duration: Duration.seconds(1) }, /duration of the mirror is 1 s/],
    ['wants a header that no request has', { filters: [ShadowFilter.header('x-a', ' 1')] }, /the value " 1" of the header x-a, which no request has/],
    ['wants bodies that the model refuses', { filters: [ShadowFilter.contentType('image/png')] }, /a body of image\/png, but the models of the alias take JSON only/],
    ['reads a place of answers that are images', { filters: [ShadowFilter.header('accept', 'image/png', 'image/jpeg')], comparison: Comparison.label('$.label') },
      /accept image\/png, image\/jpeg only, .* the comparison "label" reads the value at \$\.label/],
    ['sorts nothing into bins', { outputs: [{ path: '$.score' }] }, /output 1 of the mirror has neither bins nor labels/],
    ['sorts one value twice', { outputs: [{ path: '$.score', bins: [1] }, { path: '$.score', bins: [2] }] }, /two outputs at "\$\.score"/],
    ['sorts into more bins than a record holds', { outputs: [1, 2, 3].map((n) => ({ path: `$.s${n}`, bins: Array.from({ length: 12 }, (_, i) => i) })) }, /have 42 bins together .* may have 40/],
    ['has a comparison that takes too long', { comparison: Comparison.custom(comparer(), { timeout: Duration.minutes(11) }) }, /timeout of the comparison is 660 s/],
    ['sets no concurrency aside and has no other bound', { reserveConcurrency: false }, /reserveConcurrency is false without maxRequestsPerMinute/],
    ['sets no concurrency aside and names one', { reserveConcurrency: false, maxConcurrency: 3 }, /maxConcurrency is 3, but reserveConcurrency is false/],
    ['has no concurrency', { maxConcurrency: 0 }, /maxConcurrency is 0/],
    ['has half a request', { maxRequestsPerMinute: 0.5 }, /maxRequestsPerMinute is 0\.5/],
    ['asks production too often', { noiseFloorRate: 0.9 }, /noiseFloorRate is 0\.9/],
    ['takes too long', { timeout: Duration.minutes(15) }, /timeout is 900 s/],
    ['takes too long with its comparison', { timeout: Duration.minutes(14), comparison: Comparison.custom(comparer(), { timeout: Duration.minutes(1) }) }, /timeout is 840 s and the comparison may take 60 s, together more than the 885 s/],
    ['cannot keep up', { expectedRequestsPerSecond: 1_000, sampleRate: 1 }, /would need 100 requests at a time .* maxConcurrency is 5/],
    ['has a name that is none', { shadowName: 'a b' }, /shadowName is "a b"/],
    ['is on no alias', { alias: 'beta' }, /alias "beta" is not declared/],
    ['has a model that is wrong', { model: inline('v2', { memorySize: 1 }) }, /memorySize/],
  ])('fails at synthesis when it %s', (_, props, message) => expect(() => mirrored(props)).toThrow(message));

  test.each<[string, Partial<ShadowMirrorProps>]>([
    ['at an end', { end: new Date('2020-01-01T01:00:00Z') }], ['after a duration', { start: new Date('2020-01-01'), duration: Duration.hours(1) }],
  ])('that is over %s gives a warning, for deployments must go on', (_, props) => {
    expect(warnings(mirrored(props).stack)).toContainEqual(expect.stringMatching(/end 2020-01-01T01:00:00\.000Z is in the past, so that nothing is mirrored/));
  });

  test('need not set concurrency aside, of which a new account has none to spare', () => {
    const { template } = mirrored({ reserveConcurrency: false, maxRequestsPerMinute: 60 });
    expect(mirrorFunction(template()).Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  test.each<[string, Partial<ShadowMirrorProps>, string[]]>([
    ['paths that are ignored', { comparison: Comparison.json({ ignoredPaths: Array.from({ length: 200 }, (_, i) => `$.member${i}.time`) }) }, []],
    ['labels of outputs', { outputs: [{ path: '$.label', labels: Array.from({ length: 19 }, (_, i) => `${'a'.repeat(250)}${i}`) }] }, []],
    ['what the log leaves out, attached later', {}, Array.from({ length: 140 }, (_, i) => `$.customer.address.line${i}`)],
    ['all of it together', {
      comparison: Comparison.json({ ignoredPaths: Array.from({ length: 60 }, (__, i) => `$.member${i}.time`) }), outputs: [{ path: '$.label', labels: Array.from({ length: 19 }, (__, i) => `${'a'.repeat(40)}${i}`) }],
    }, Array.from({ length: 70 }, (_, i) => `$.customer.line${i}`)],
  ])('has room in its function\'s environment for so much: %s', (_, props, redact) => {
    const { stack, endpoint, template } = mirrored(props);
    if (redact.length > 0) {
      new InferenceLog(stack, 'InferenceLog', { endpoint, redact, logRequests: true });
    }
    expect(template).toThrow(/environment variables of the function take \d{4} bytes, but Lambda allows 4096; the comparison, the labels of outputs and redact of the log share them/);
  });

  test('fails at synthesis when it wants a value in a body that is an image', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack, { model: Model.fromSageMakerEndpointName('fraud') });
    const filters = [ShadowFilter.contentType('image/png'), ShadowFilter.jsonPath('$.country')];
    expect(() => new ShadowMirror(stack, 'Shadow', { endpoint, model: v2, filters })).toThrow(/a body of image\/png, and another a value in a JSON body/);
  });

  test('of images compares what is made of them', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack, { model: Model.fromSageMakerEndpointName('fraud') });
    new ShadowMirror(stack, 'Shadow', { endpoint, model: v2, filters: [ShadowFilter.contentType('image/png')], comparison: Comparison.label('$.label') });
    expect(declaredRoute(Template.fromStack(stack)).mirrors).toHaveLength(1);
  });

  test('fails at synthesis with all problems together', () => {
    expect(() => mirrored({ sampleRate: 0, maxConcurrency: 0 })).toThrow(/2 problems:[^]*sampleRate[^]*maxConcurrency/);
  });

  test('fails at synthesis with the name of another on the alias', () => {
    const { stack, endpoint } = mirrored();
    expect(() => new ShadowMirror(stack, 'Other', { endpoint, model: v2, shadowName: 'Shadow' })).toThrow(/has a shadow "Shadow" already/);
  });

  test('fails at synthesis as a shadow of its own router', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    expect(() => new ShadowMirror(stack, 'Shadow', { endpoint, model: Model.fromFunction(endpoint._routerFunction, { version: '1' }) })).toThrow(/copied again/);
  });

  test('fails at synthesis as a shadow that is the router of another endpoint, or another mirror, which could mirror it back', () => {
    const { stack, endpoint } = mirrored();
    const other = new ModelEndpoint(stack, 'Other', { model: v2 });
    const shadow = (id: string, fn: lambda.IFunction): ShadowMirror => new ShadowMirror(stack, id, { endpoint: other, model: Model.fromFunction(fn, { version: '1' }) });
    expect(() => shadow('Back', endpoint._routerFunction)).toThrow(/copied again/);
    expect(() => shadow('Imported', lambda.Function.fromFunctionArn(stack, 'Router', endpoint._routerFunction.functionArn))).toThrow(/copied again/);
    expect(() => shadow('Twice', stack.node.findChild('Shadow').node.findChild('Function').node.findChild('Resource') as lambda.Function)).toThrow(/copied again/);
  });

  test('fails at synthesis on an endpoint of another stack', () => {
    const app = new App();
    const endpoint = newEndpoint(newStack('Endpoint', app));
    expect(() => new ShadowMirror(newStack('Mirror', app), 'Shadow', { endpoint, model: v2 })).toThrow(/define the mirror in the same stack/);
  });
});

describe('the drift of the outputs', () => {
  const outputs = [{ path: '$.score', bins: [0.2, 0.5] }, { path: '$.label', labels: ['a'] }];
  const guarded = (path: string, alias?: string): RolloutPlan => {
    const { stack, endpoint, mirror, template } = mirrored({ outputs });
    endpoint.addAlias('beta', { model: v2 });
    new CanaryRollout(stack, 'Rollout', { endpoint, alias, guardrails: [Guardrail.outputDrift({ mirror, path, maxRatio: 1.3 }), Guardrail.errorRate()] });
    return rolloutPlanOf(template(), alias);
  };

  test('is counted by the mirror, and shown beside production\'s', () => {
    const { mirror, template } = mirrored({ outputs });
    expect(planOf(template()).outputs).toEqual([{ path: '$.score', edges: [0.2, 0.5] }, { path: '$.label', labels: ['a'] }]);
    expect([mirror.metrics.shadowOutputs(1, 0).metricName, mirror.metrics.productionOutputs(0, 3).metricName]).toEqual(['ShadowOutputs2Bin1', 'ProductionOutputs1Bin4']);
    const [dashboard] = Object.values(template().findResources('AWS::CloudWatch::Dashboard'));
    expect(flat((dashboard.Properties as { DashboardBody: unknown }).DashboardBody)).toMatch(/ShadowOutputs2Bin3.*no value/);
  });

  test('is a guardrail that holds, and costs routers nothing', () => {
    const plan = guarded('$.label');
    expect(plan.guardrails).toContainEqual({ kind: 'drift', name: 'output-drift', action: 'hold', path: '$.label', labels: ['a'], shadow: 'Shadow', measure: 1, ratio: 1.3 });
    expect(measuresOf(plan, { thresholds: {}, overdispersion: {}, frequent: [], notes: [] })).toBeUndefined();
  });

  test('fails at synthesis where the mirror counts nothing, and on another alias', () => {
    expect(() => guarded('$.other')).toThrow(/counts nothing at "\$\.other"; add it to outputs of the mirror/);
    expect(() => guarded('$.label', 'beta')).toThrow(/is on another alias/);
  });
});

describe('agreement as a guardrail', () => {
  const guarded = (
    props: { minAgreementRate: number; certifiedAgreementRate?: number; beyondNoise?: boolean },
    alias?: string,
    noiseFloorRate?: number,
  ): RolloutPlan => {
    const { stack, endpoint, mirror, template } = mirrored({ noiseFloorRate });
    endpoint.addAlias('beta', { model: v2 });
    new CanaryRollout(stack, 'Rollout', {
      endpoint,
      alias,
      guardrails: [Guardrail.agreement({ mirror, ...props }), Guardrail.errorRate()],
    });
    return rolloutPlanOf(template(), alias);
  };

  test('is judged by the mirror\'s counts', () => {
    const agreement = { kind: 'agreement', name: 'agreement', action: 'rollback', shadow: 'Shadow' };
    expect(guarded({ minAgreementRate: 0.95 }).guardrails).toContainEqual({ ...agreement, bound: 0.05, margin: 0.1 });
    expect(guarded({ minAgreementRate: 0.95, certifiedAgreementRate: 0.93 }).guardrails).toContainEqual(
      { ...agreement, bound: 0.05, margin: 0.07 },
    );
    // Certainty of less than no agreement is none.
    expect(guarded({ minAgreementRate: 0.3 }).guardrails).toContainEqual({ ...agreement, bound: 0.7, margin: 0.85 });
  });

  test('is judged beyond the noise where the mirror measures it', () => {
    expect(guarded({ minAgreementRate: 0.95, beyondNoise: true }, undefined, 0.2).guardrails).toContainEqual(
      { kind: 'agreement', name: 'agreement', action: 'rollback', shadow: 'Shadow', beyondNoise: true, bound: 0.05, margin: 0.1 });
  });

  test.each<[string, Parameters<typeof guarded>, RegExp]>([
    ['a noise that nobody measures', [{ minAgreementRate: 0.95, beyondNoise: true }], /beyondNoise of guardrail "agreement" .* asks nothing twice; set noiseFloorRate/],
    ['percent', [{ minAgreementRate: 95 }], /minAgreementRate of guardrail "agreement" is 95/],
    ['a certainty that is no wider', [{ minAgreementRate: 0.9, certifiedAgreementRate: 0.95 }], /certifiedAgreementRate of guardrail "agreement" is 0\.95, but must be below minAgreementRate 0\.9/],
    ['a mirror of another alias', [{ minAgreementRate: 0.9 }, 'beta'], /the mirror of guardrail "agreement" is on another alias/],
  ])('fails at synthesis with %s', (_, args, message) => expect(() => guarded(...args)).toThrow(message));
});

describe('a judge', () => {
  const judged = (
    props: Partial<Parameters<typeof Guardrail.preference>[0]> = {},
    { judge = {}, alias, comparison }: { judge?: JudgeOptions; alias?: string; comparison?: Comparison } = {},
  ): ReturnType<typeof mirrored> => {
    const stack = newStack();
    const found = mirrored({ comparison: comparison ?? Comparison.judge(Judge.fromFunction(comparer(stack)), judge) }, stack);
    found.endpoint.addAlias('beta', { model: v2 });
    new CanaryRollout(stack, 'Rollout', {
      endpoint: found.endpoint, alias, guardrails: [Guardrail.preference({ mirror: found.mirror, ...props }), Guardrail.errorRate()],
    });
    return found;
  };

  test('has a minute and a thousand pairs a day, which a table counts, and the mirror may ask it', () => {
    const { template } = judged();
    expect(planOf(template()).comparison).toEqual({
      kind: 'judge', by: { kind: 'function', functionArn: expect.stringMatching(/^<Comparer/) }, timeoutMs: 60_000, maximumPerDay: 1_000,
    });
    expect(mirrorFunction(template()).Properties)
      .toMatchObject({ Environment: { Variables: { MODEL_ROLLOUT_MIRROR_TABLE: expect.anything() } } });
    const allowed = statementsOf(template(), 'ShadowFunctionRole');
    expect(allowed.map(({ Action: action }) => action)).toContain('dynamodb:UpdateItem');
    expect(allowed.some(({ Resource: resource }) => flat(resource).startsWith('<Comparer'))).toBe(true);
  });

  test('is given minutes and the request where that is said', () => {
    const { template } = judged({}, { judge: { timeout: Duration.minutes(5), includeRequest: true, maxPairsPerDay: 200 } });
    expect(planOf(template())).toMatchObject({ comparison: { timeoutMs: 300_000, withRequest: true, maximumPerDay: 200 } });
    expect(mirrorFunction(template()).Properties).toMatchObject({ Timeout: expect.any(Number) });
    expect((mirrorFunction(template()).Properties as unknown as { Timeout: number }).Timeout).toBeGreaterThan(300);
  });

  test('decides by losses and wins, and synthesis says how many decided pairs it takes', () => {
    const { stack, template } = judged();
    const preference = { kind: 'preference', name: 'preference', action: 'rollback', shadow: 'Shadow' };
    expect(rolloutPlanOf(template()).guardrails).toContainEqual({ ...preference, ratio: 1, margin: 1.5 });
    expect(rolloutPlanOf(judged({ maxRatio: 1.2 }).template()).guardrails).toContainEqual({ ...preference, ratio: 1.2, margin: 1.8 });
    // Errors and preference share one chance of a false rollback, so that each has half of it.
    const [said] = Found.fromStack(stack).findInfo('*', Match.stringLikeRegexp('guardrail "preference"'));
    expect(said.entry.data).toMatch(/1058 at 55:45, 263 at 60:40, 64 at 70:30, losses to wins/);
  });

  test.each<[string, Parameters<typeof judged>, RegExp]>([
    ['a mirror without one', [{}, { comparison: Comparison.exact() }], /the mirror of guardrail "preference" has no judge.*Comparison\.judge/],
    ['a mirror of another alias', [{}, { alias: 'beta' }], /the mirror of guardrail "preference" is on another alias/],
    ['a ratio below 1', [{ maxRatio: 0.5 }], /maxRatio of guardrail "preference" is 0\.5/],
    ['a certainty that is no wider', [{ maxRatio: 2, certifiedRatio: 2 }], /certifiedRatio of guardrail "preference" is 2, but must be above maxRatio 2/],
    ['no pairs', [{}, { judge: { maxPairsPerDay: 0 } }], /maxPairsPerDay of the judge is 0/],
    ['too much patience', [{}, { judge: { timeout: Duration.minutes(11) } }], /timeout of the comparison is 660 s/],
  ])('fails at synthesis with %s', (_, args, message) => expect(() => judged(...args).template()).toThrow(message));
});

describe('a model that judges', () => {
  const judgedBy = (
    judge: (stack: Stack, endpoint: ModelEndpoint) => Judge, props: Partial<ShadowMirrorProps> = {},
  ): ReturnType<typeof mirrored> & { statements: () => { Action: string | string[]; Resource: unknown }[] } => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    const mirror = new ShadowMirror(stack, 'Shadow', { endpoint, model: v2, comparison: Comparison.judge(judge(stack, endpoint), { includeRequest: true }), ...props });
    const template = (): Template => Template.fromStack(stack);
    return { stack, endpoint, mirror, template, statements: () => statementsOf(template(), 'ShadowFunctionRole') as never };
  };
  const otherIn = (stack: Stack, props: Partial<ModelEndpointProps> = {}): ModelEndpoint =>
    new ModelEndpoint(stack, 'Referee', { model: inline('referee'), endpointName: 'referee', ...props });

  test('behind an alias may be invoked by the mirror at that alias, for whole answers, and nowhere else', () => {
    const { template, statements } = judgedBy((stack) => {
      const other = otherIn(stack);
      other.addAlias('large', { model: v2 });
      return Judge.alias(other, { alias: 'large', criteria: 'Prefer what is kinder.', maxAnswerTokens: 64, maxTokensPerDay: 50_000, prices: { inputPerMillion: 1, outputPerMillion: 5, asOf: '2026-11-01' } });
    });
    expect(planOf(template()).comparison).toEqual({
      kind: 'judge', maximumPerDay: 1_000, timeoutMs: 60_000, withRequest: true,
      by: {
        kind: 'alias', alias: 'large', region: 'eu-west-1', url: expect.stringMatching(/^https:\/\/<RefereeApi.*\.execute-api\.eu-west-1\..*\/large\/invocations$/),
        criteria: 'Prefer what is kinder.', maximumAnswerTokens: 64, maximumTokensPerDay: 50_000, prices: { input: 1, output: 5 },
      },
    });
    const [{ Action: action, Resource: resource }, ...others] = statements().filter(({ Action: each }) => String(each).includes('execute-api'));
    expect([action, flat(resource), others]).toEqual(['execute-api:Invoke', expect.stringMatching(/:<RefereeApi\w+>\/.*POST\/large\/invocations$/), []]);
  });

  test('may be another alias of the endpoint itself', () => {
    const { template } = judgedBy((_, endpoint) => {
      endpoint.addAlias('referee', { model: inline('referee') });
      return Judge.alias(endpoint, { alias: 'referee' });
    });
    expect(planOf(template()).comparison).toMatchObject({ by: { kind: 'alias', alias: 'referee' } });
  });

  test('may be an endpoint of another stack', () => {
    const { statements } = judgedBy((stack) => Judge.alias(ModelEndpoint.fromEndpointAttributes(stack, 'Away', { endpointName: 'away', restApiId: 'abc123' })));
    expect(statements().map(({ Resource: resource }) => flat(resource))).toContainEqual(expect.stringMatching(/:abc123\/prod\/POST\/live\/invocations$/));
  });

  test('of Bedrock may be asked for whole answers, by exactly its id', () => {
    const { template, statements } = judgedBy(() => Judge.bedrock({ modelId: 'amazon.nova-lite-v1:0' }));
    expect(planOf(template()).comparison).toMatchObject({
      by: { kind: 'bedrock', target: { kind: 'bedrock', modelId: 'amazon.nova-lite-v1:0', settings: {} }, maximumAnswerTokens: 512, maximumTokensPerDay: 2_000_000 },
    });
    const allowed = statements().filter(({ Action: action }) => JSON.stringify(action).includes('bedrock'));
    expect(allowed.map(({ Action: action, Resource: resource }) => [action, flat(resource)])).toEqual([
      ['bedrock:InvokeModel', 'arn:<AWS::Partition>:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0'],
    ]);
  });

  test('of Bedrock by a profile may read that, and ask its model through it alone', () => {
    const { statements } = judgedBy(() => Judge.bedrock({ modelId: 'eu.amazon.nova-lite-v1:0' }));
    const allowed = statements().filter(({ Action: action }) => JSON.stringify(action).includes('bedrock')) as unknown as { Action: unknown; Condition?: object }[];
    expect(allowed.map(({ Action: action, Condition: condition }) => [action, condition !== undefined])).toEqual([
      [['bedrock:InvokeModel', 'bedrock:GetInferenceProfile'], false], ['bedrock:InvokeModel', true],
    ]);
  });

  test('is on the dashboard with verdicts, failures, contradictions and tokens', () => {
    const bodyOf = (template: Template): string =>
      flat((Object.values(template.findResources('AWS::CloudWatch::Dashboard'))[0].Properties as { DashboardBody: unknown }).DashboardBody);
    expect(bodyOf(judgedBy(() => Judge.bedrock({ modelId: 'amazon.nova-lite-v1:0' })).template()))
      .toMatch(/"Wins".*"Losses".*"ComparisonErrors".*"JudgeContradictions".*"NotJudged".*"JudgeTokens"/s);
    expect(bodyOf(mirrored().template())).not.toContain('"Wins"');
  });

  test('is in the estimate by its prices, or by its tokens', () => {
    const said = (options: object): string => {
      const { stack } = judgedBy(() => Judge.bedrock({ modelId: 'amazon.nova-lite-v1:0', ...options }), { expectedRequestsPerSecond: 1 });
      return Found.fromStack(stack).findInfo('*', Match.stringLikeRegexp('shadow Shadow: about')).map(({ entry }) => String(entry.data)).join('');
    };
    expect(said({ prices: { inputPerMillion: 3, outputPerMillion: 15, asOf: '2026-11-01' } })).toMatch(/judge \$\d+\.\d\d,/);
    expect(said({})).toMatch(/judge \d+\.\d million tokens at a price that its prices would tell/);
  });

  test('that is one of the two models is warned of, and one that is neither or both is not', () => {
    const told = (shadow: string, production: string, judge: string): boolean => {
      const stack = newStack();
      const endpoint = new ModelEndpoint(stack, 'Chat', { model: Model.bedrock({ modelId: production }) });
      new ShadowMirror(stack, 'Shadow', { endpoint, model: Model.bedrock({ modelId: shadow, maxTokens: 9 }), comparison: Comparison.judge(Judge.bedrock({ modelId: judge })) });
      return warnings(stack).some((warning) => warning.includes('cdk-model-rollout:judgeIsJudged'));
    };
    const [lite, pro, other] = ['amazon.nova-lite-v1:0', 'amazon.nova-pro-v1:0', 'mistral.mistral-7b-instruct-v0:2'];
    const judges = [told(lite, pro, lite), told(lite, pro, pro), told(lite, pro, other), told(lite, lite, lite)];
    expect(judges).toEqual([true, true, false, false]);
  });

  test.each<[string, Parameters<typeof judgedBy>[0], RegExp]>([
    ['the alias that is judged', (_, endpoint) => Judge.alias(endpoint), /the judge is alias "fraud\/live", whose own answers are judged by way of/],
    ['an alias that is not there', (stack) => Judge.alias(otherIn(stack), { alias: 'none' }), /alias "none" is not declared; add it with addAlias before the judge/],
    ['an endpoint that IAM does not guard', (stack) => Judge.alias(otherIn(stack, { auth: EndpointAuth.apiKey() })), /whose authentication is not IAM.*EndpointAuth\.iam/],
    ['no model', () => Judge.bedrock({ modelId: 'no model!' }), /modelId is "no model!"/],
    ['a model of another Region', () => Judge.bedrock({ modelId: 'arn:aws:bedrock:us-east-1:111111111111:inference-profile/us.amazon.nova-lite-v1:0' }), /is in us-east-1, but the mirror that would ask it is in eu-west-1/],
    ['a profile that hides its models', () => Judge.bedrock({ modelId: 'arn:aws:bedrock:eu-west-1:111111111111:application-inference-profile/abc' }), /give their ARNs as foundationModels/],
    ['answers without room', () => Judge.bedrock({ modelId: 'amazon.nova-lite-v1:0', maxAnswerTokens: 5 }), /maxAnswerTokens of the judge is 5 tokens, but must be between 16 and 65536/],
    ['a day without tokens', () => Judge.bedrock({ modelId: 'amazon.nova-lite-v1:0', maxTokensPerDay: 0 }), /maxTokensPerDay of the judge is 0 tokens/],
    ['a day that nobody knows', () => Judge.bedrock({ modelId: 'amazon.nova-lite-v1:0', maxTokensPerDay: Lazy.number({ produce: () => 1 }) }), /maxTokensPerDay of the judge is known only at deployment/],
    ['criteria without end', () => Judge.bedrock({ modelId: 'amazon.nova-lite-v1:0', criteria: 'x'.repeat(1_001) }), /criteria of the judge has 1001 characters/],
    ['prices without a day', () => Judge.bedrock({ modelId: 'amazon.nova-lite-v1:0', prices: { inputPerMillion: 1, outputPerMillion: 1, asOf: 'today' } }), /asOf of prices of the judge is "today"/],
  ])('fails at synthesis with %s', (_, judge, message) => expect(() => judgedBy(judge)).toThrow(message));

  test('fails at synthesis where two aliases would judge each other', () => {
    const stack = newStack();
    const [one, two] = [newEndpoint(stack), otherIn(stack)];
    new ShadowMirror(stack, 'One', { endpoint: one, model: v2, comparison: Comparison.judge(Judge.alias(two)) });
    expect(() => new ShadowMirror(stack, 'Two', { endpoint: two, model: v2, comparison: Comparison.judge(Judge.alias(one)) }))
      .toThrow(/the judge is alias "fraud\/live", whose own answers are judged by way of alias "referee\/live", so that every judgement would ask for others without end/);
  });
});
