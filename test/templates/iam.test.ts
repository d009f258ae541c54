import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { App } from 'aws-cdk-lib/core';
import type { DeclaredRoute } from '../../lib/core/routing/route';
import { walk } from '../../rehearsal/harness/walk';
import { apiEvent } from '../fixtures/serving';
import { ACCOUNT, type Deployed, deployed, type DeployedResource, policiesOf, stackId } from '../fixtures/deployed';
import { type Call, RecordingAws, type Running } from '../fixtures/recording-aws';
import { STACKS } from './stacks';
import type { Machine } from '../../rehearsal/assembly/machine';

// Every function of every stack does its work once, as the bundle that ships, with the clients of the SDK; what they call is compared with
// what the templates allow.

/** By the beginning of its description, what a function is. */
const KINDS: { readonly [description: string]: string } = {
  'Routes the requests': 'router', 'Asks shadow': 'mirror', 'Takes feedback': 'feedback', 'Writes the routes': 'gate', 'Decides what': 'controller', 'Puts an alias': 'abort', 'Takes orders': 'operate',
  'Empties': 'empty-bucket', 'Judges deployments': 'evidence-hook', 'Publishes evidence': 'evidence-alarm',
};

/** What no call of a handler is, and why it is allowed all the same. */
const UNUSED: { readonly [permission: string]: string } = {
  '* logs:CreateLogStream': 'Lambda writes the log with the function\'s role',
  '* logs:PutLogEvents': 'Lambda writes the log with the function\'s role',
  '* xray:PutTelemetryRecords': 'Lambda sends the traces with the function\'s role',
  '* xray:PutTraceSegments': 'Lambda sends the traces with the function\'s role',
  '* ec2:AssignPrivateIpAddresses': 'Lambda makes the network interfaces with the function\'s role',
  '* ec2:CreateNetworkInterface': 'Lambda makes the network interfaces with the function\'s role',
  '* ec2:DeleteNetworkInterface': 'Lambda makes the network interfaces with the function\'s role',
  '* ec2:DescribeNetworkInterfaces': 'Lambda makes the network interfaces with the function\'s role',
  '* ec2:DescribeSubnets': 'Lambda makes the network interfaces with the function\'s role',
  '* ec2:UnassignPrivateIpAddresses': 'Lambda makes the network interfaces with the function\'s role',
  '* bedrock:GetInferenceProfile': 'Bedrock looks up an inference profile with the caller\'s permission',
  '* kms:Decrypt': 'DynamoDB and SNS use a customer\'s key with the caller\'s permission',
  '* kms:DescribeKey': 'DynamoDB uses a customer\'s key with the caller\'s permission',
  '* kms:Encrypt': 'DynamoDB uses a customer\'s key with the caller\'s permission',
  '* kms:GenerateDataKey': 'DynamoDB and SNS use a customer\'s key with the caller\'s permission',
  'controller sagemaker:UpdateEndpointWeightsAndCapacities': 'Application Auto Scaling scales with the permission of whoever registers the target',
  'controller sagemaker:UpdateInferenceComponentRuntimeConfig': 'Application Auto Scaling scales with the permission of whoever registers the target',
  'mirror execute-api:Invoke': 'a judge behind an alias is asked with a request that the mirror signs itself, see the tests of judges',
  'controller states:StartExecution': 'an execution hands over to another after 1,500 ticks, see the tests of the controller',
};

/** Enough that every variant is chosen, and every sample has some. */
const REQUESTS = 100;

/** What this run may not come to, because it takes a certain answer or time; and the tests in which the code calls it. */
const ELSEWHERE: { readonly [permission: string]: string } = {
  'controller application-autoscaling:DeleteScheduledAction': 'test/lambda/controller: capacity',
  'controller application-autoscaling:DescribeScalableTargets': 'test/lambda/controller: capacity',
  'controller application-autoscaling:PutScheduledAction': 'test/lambda/controller: capacity',
  'controller application-autoscaling:RegisterScalableTarget': 'test/lambda/controller: capacity',
  'controller dynamodb:Query': 'test/core/rollout/segments, test/lambda/router/keyed-counts',
  'controller lambda:DeleteFunction': 'test/lambda/controller: control-arm',
  'controller lambda:GetAccountSettings': 'test/lambda/controller: room',
  'controller lambda:GetFunctionConcurrency': 'test/lambda/controller: room',
  'controller lambda:GetProvisionedConcurrencyConfig': 'test/lambda/controller: room',
  'controller lambda:PublishVersion': 'test/lambda/controller: control-arm',
  'controller scheduler:CreateSchedule': 'test/lambda/direct',
  'controller s3:GetObject': 'test/lambda/controller/replay',
  'controller s3:ListBucket': 'test/lambda/controller/replay',
  'controller sagemaker:DescribeEndpointConfig': 'test/lambda/controller: room',
  'empty-bucket s3:DeleteObject': 'test/lambda/empty-bucket',
  'evidence-hook cloudwatch:GetMetricData': 'test/lambda/evidence-hook',
  'feedback dynamodb:PutItem': 'test/lambda/feedback',
  'gate dynamodb:Scan': 'test/lambda/gate',
  'mirror bedrock:InvokeModelWithResponseStream': 'test/lambda/shared/backends/bedrock',
  'mirror dynamodb:GetItem': 'test/lambda/mirror: predictions',
  'mirror dynamodb:PutItem': 'test/lambda/mirror: predictions',
  'mirror s3:DeleteObject': 'test/lambda/mirror/bodies',
  'mirror s3:GetObject': 'test/lambda/mirror/bodies',
  'mirror sagemaker:InvokeEndpoint': 'test/lambda/mirror',
  'router bedrock:InvokeModelWithResponseStream': 'test/lambda/router/streaming/bedrock',
  'router dynamodb:UpdateItem': 'test/lambda/router/counting',
};

interface Fn {
  readonly id: string;
  readonly kind: string;
  readonly arn: string;
  readonly role: string;
  readonly env: { readonly [name: string]: string };
}

let aws: RecordingAws;
const stacks: { [name: string]: Deployed } = {};
const functions: Fn[] = [];

beforeAll(async () => {
  aws = await RecordingAws.start();
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'iam-')) });
  Object.entries(STACKS).forEach(([name, define]) => define(app, name));
  app.synth();
  for (const name of Object.keys(STACKS)) {
    stacks[name] = deployed(name, JSON.parse(readFileSync(join(app.outdir, `${name}.template.json`), 'utf8')) as never);
    const found = functionsOf(name, stacks[name]);
    functions.push(...found);
    await work(name, stacks[name], found);
  }
});
afterAll(() => aws.close());

/** Of a key as CDK makes it: it trusts its account, whose IAM then decides. */
const KEY_POLICY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }],
};

test('no call of a handler is denied', async () => {
  const denied = new Set<string>();
  // IAM says the same of the same question; a hundred requests ask few.
  const questions = new Map(aws.calls.map((call) => [JSON.stringify([call.by, call.action, call.resource, call.context]), call]));
  for (const call of questions.values()) {
    const fn = functions.find(({ id }) => id === call.by);
    const policies = fn === undefined ? [] : policiesOf(stacks[fn.id.split('.')[0]], fn.role);
    const result = await runSimulation({
      request: { principal: `arn:aws:iam::${ACCOUNT}:role/${fn?.role}`, action: call.action, resource: { resource: call.resource, accountId: ACCOUNT }, contextVariables: { ...call.context } },
      identityPolicies: policies, serviceControlPolicies: [], resourceControlPolicies: [],
      ...(call.action.startsWith('kms:') ? { resourcePolicy: KEY_POLICY } : {}),
    }, {});
    if (result.resultType === 'error' || result.overallResult !== 'Allowed') {
      denied.add(`${call.by} ${call.action} ${call.resource} ${result.resultType === 'error' ? JSON.stringify(result.errors) : result.overallResult}`);
    }
  }
  expect([...denied]).toEqual([]);
});

test('every action that is allowed is called, or there is a reason', () => {
  const called = new Set(aws.calls.map(({ by, action }) => `${functions.find(({ id }) => id === by)?.kind} ${action}`));
  const allowed = new Set(functions.flatMap(({ id, kind, role }) =>
    policiesOf(stacks[id.split('.')[0]], role).flatMap(({ policy }) => policy.Statement).flatMap(({ Action: actions }) => [actions].flat().map((action) => `${kind} ${action}`))));
  const reasonFor = (permission: string): string => (`* ${permission.split(' ')[1]}` in UNUSED ? `* ${permission.split(' ')[1]}` : permission);
  const unused = [...allowed]
    .filter((permission) => !called.has(permission))
    .filter((permission) => !(permission in ELSEWHERE))
    .map(reasonFor);
  expect([...new Set(unused)].sort()).toEqual(Object.keys(UNUSED).sort());
});

function functionsOf(stack: string, { resources }: Deployed): Fn[] {
  return Object.entries(resources).flatMap(([id, { type, arn, properties }]) => {
    const { Description: description = '', Role: role, Environment: environment } = properties as { Description?: string; Role?: string; Environment?: { Variables?: { [name: string]: string } } };
    const kind = Object.entries(KINDS).find(([start]) => description.startsWith(start))?.[1];
    return type !== 'AWS::Lambda::Function' || kind === undefined ? [] : [{ id: `${stack}.${id}`, kind, arn, role: role!.split('/').at(-1)!, env: environment?.Variables ?? {} }];
  });
}

/** Deploy, serve, mirror, take feedback, roll out and back, and remove. */
async function work(stack: string, { resources }: Deployed, all: readonly Fn[]): Promise<void> {
  const running = new Map<string, Running>();
  const start = (fn: Fn): Running => {
    const found = running.get(fn.arn) ?? aws.run(fn.id, fn.kind, fn.env);
    running.set(fn.arn, found);
    return found;
  };
  const named = (arn: string): Fn | undefined => all.find((fn) => fn.arn === arn);
  const since = (): readonly Call[] => aws.calls.slice(mark);
  let mark = aws.calls.length;
  let requests = 0;

  for (const [id, { properties }] of of(resources, 'Custom::ModelRolloutRoute')) {
    const {
      ServiceToken: _token,
      ServiceTimeout: _timeout,
      ...given
    } = properties as { [name: string]: string } & { ServiceToken: string; ServiceTimeout: string };
    const event = (type: string, more: object = {}): object => ({
      RequestType: type, ResponseURL: `${aws.url}/answer`, StackId: stackId(stack), RequestId: `${id}-${requests++}`, LogicalResourceId: id,
      PhysicalResourceId: given.Alias, ResourceProperties: { ...given, WaitHandle: given.WaitHandle && `${aws.url}/answer` }, ...more,
    });
    const gate = start(of('gate')!);
    const router = named(given.RouterFunction);
    const route = JSON.parse(given.Route) as DeclaredRoute;
    await gate.handle(event('Create'));

    // Every variant is chosen by some of these requests, and large ones too.
    const said = (text: string): string =>
      (route.variants.some(({ target }) => target.kind === 'bedrock')
        ? JSON.stringify({ messages: [{ role: 'user', content: [{ text }] }] })
        : JSON.stringify({ x: text, user: { id: 1 }, country: 'x' }));
    const bodies = [said('1'), said('y'.repeat(900_000))];
    for (let request = 0; router !== undefined && request < REQUESTS; request++) {
      await start(router).handle(apiEvent({ alias: given.Alias.split('/')[1], body: bodies[request % 25 === 0 ? 1 : 0], headers: { 'X-Amzn-SageMaker-Inference-Id': `${id}-${request}`, 'x-tenant': 'a' } }));
    }
    if (router !== undefined) {
      await start(router).handle({ modelRollout: 'probe', targets: route.variants.map(({ target }) => target) });
    }
    for (const call of since().filter(({ action, by }) => action === 'lambda:InvokeFunction' && by === router?.id)) {
      const mirror = named(call.resource);
      if (mirror?.kind === 'mirror') {
        await start(mirror).handle(JSON.parse(call.body));
      }
    }
    const feedback = of('feedback');
    const recorded = since().find(({ action, by }) => action === 'dynamodb:PutItem' && by === router?.id);
    const inferenceId = Array.from({ length: REQUESTS }, (_, request) => `${id}-${request}`).find((each) => recorded?.body.includes(`${each}"`) === true);
    if (feedback !== undefined && recorded !== undefined) {
      await start(feedback).handle(apiEvent({ alias: given.Alias.split('/')[1], body: JSON.stringify({ inferenceId, label: 'a', score: 1 }) }));
    }

    if (given.Plan !== undefined) {
      // Production is another version so far, unless it is a second model that is rolled out.
      const before = given.Candidate !== undefined ? route : { ...route, variants: route.variants.map((variant) => ({ ...variant, version: 'f'.repeat(64) })) };
      const old = { ...given, Plan: undefined, Candidate: undefined, Route: JSON.stringify(before) };
      await gate.handle(event('Delete'));
      await gate.handle(event('Create', { ResourceProperties: old }));
      mark = aws.calls.length;
      await gate.handle(event('Update', { OldResourceProperties: old }));
      await rollOut(start, of, given.Alias, since());
    }
    // Under another name, and gone.
    await gate.handle(event('Update', { ResourceProperties: { ...given, Alias: `${given.Alias}-2` }, OldResourceProperties: given }));
    await gate.handle(event('Delete'));
    mark = aws.calls.length;
  }
  for (const [id, { properties }] of of(resources, 'Custom::ModelRolloutEmptyBucket')) {
    const emptier = named(String(properties.ServiceToken));
    if (emptier !== undefined) {
      await start(emptier).handle({ RequestType: 'Delete', ResponseURL: `${aws.url}/answer`, StackId: stackId(stack), RequestId: id, LogicalResourceId: id, PhysicalResourceId: id, ResourceProperties: properties });
    }
  }
  for (const hook of all.filter(({ kind }) => kind === 'evidence-hook')) {
    const deployment = `arn:aws:ecs:eu-west-1:${ACCOUNT}:service-deployment/shop/fraud/1`;
    await start(hook).handle({ lifecycleStage: 'PRE_PRODUCTION_TRAFFIC_SHIFT', resourceArn: deployment });
  }
  for (const alarm of all.filter(({ kind }) => kind === 'evidence-alarm')) {
    await start(alarm).handle({});
  }
  running.forEach((each) => each.end());

  function of(kind: string): Fn | undefined;
  function of(within: Deployed['resources'], type: string): [string, DeployedResource][];
  function of(kind: string | Deployed['resources'], type?: string): unknown {
    return typeof kind === 'string' ? all.find((fn) => fn.kind === kind) : Object.entries(kind).filter(([, resource]) => resource.type === type);
  }

  async function rollOut(
    run: (fn: Fn) => Running,
    find: (kind: string) => Fn | undefined,
    alias: string,
    calls: readonly Call[],
  ): Promise<void> {
    const machine = Object.values(resources).find(({ type }) => type === 'AWS::StepFunctions::StateMachine')!;
    const definition = JSON.parse((machine.properties as { DefinitionString: string }).DefinitionString) as Machine;
    const started = calls.find(({ action }) => action === 'states:StartExecution');
    expect([started?.action, aws.answers.at(-1)]).toEqual(['states:StartExecution', expect.anything()]);
    const [controller, abort, operate] = ['controller', 'abort', 'operate'].map((kind) => run(find(kind)!));
    let waits = 0;
    await walk(definition, JSON.parse((started!.input as { input: string }).input) as never, {
      invoke: (payload) => controller.handle(payload),
      wait: async () => {
        waits++;
        if (waits === 2) {
          for (const verb of ['pause', 'resume', 'approve']) {
            await operate.handle({ verb, alias, by: 'ada' });
          }
        } else if (waits === 4) {
          await abort.handle({ verb: 'abort', alias, by: 'ada' });
        }
      },
      stop: () => waits > 12,
    });
    for (const verb of ['retry', 'promote']) {
      await operate.handle({ verb, alias, by: 'ada' });
    }
  }
}
