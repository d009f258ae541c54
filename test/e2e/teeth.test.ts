import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootstrap, deploy } from '../../scripts/emulator/cdk';
import { clientConfig, type Emulator, startEmulator } from '../../scripts/emulator/emulator';

/** The harness bites where AWS does: what passes with it has met these. */

let emulator: Emulator;
let outputs: { [name: string]: string };
let lambda: LambdaClient;

beforeAll(async () => {
  emulator = await startEmulator({ TEETH_TWICE_AFTER: '2', TEETH_THROTTLE_EVERY: '5' });
  await bootstrap(emulator);
  ({ Teeth: outputs } = await deploy(emulator, 'test/e2e/teeth-app.ts'));
  lambda = new LambdaClient(clientConfig(emulator));
});

afterAll(() => emulator?.stop());

const invoke = async (event: object, InvocationType?: 'Event'): Promise<{ error?: string; payload: { ticks?: number; errorMessage?: string } }> => {
  const { FunctionError: error, Payload: payload } = await lambda.send(
    new InvokeCommand({ FunctionName: outputs.FunctionName, InvocationType, Payload: JSON.stringify(event) }),
  );
  return { error, payload: InvocationType === 'Event' ? {} : JSON.parse(Buffer.from(payload!).toString()) as { ticks: number } };
};

const counted = async (): Promise<number> => {
  const { Item: item } = await new DynamoDBClient(clientConfig(emulator)).send(new GetItemCommand({ TableName: outputs.TableName, Key: { id: { S: 'events' } } }));
  return Number(item?.n.N ?? 0);
};

test('a function may do what the policies of its role say, and nothing else', async () => {
  expect((await invoke({ count: true })).error).toBeUndefined();
  const { error, payload } = await invoke({ scan: true });
  expect([error, payload.errorMessage]).toEqual(['Unhandled', expect.stringMatching(/not authorized to perform: dynamodb:Scan/)]);
});

test('an asynchronous event comes twice', async () => {
  const before = await counted();
  await invoke({ count: true }, 'Event');
  for (let attempt = 0; attempt < 100 && (await counted()) < before + 2; attempt++) {
    await sleep(500);
  }
  expect(await counted()).toBe(before + 2);
});

test('a function is frozen between invocations', async () => {
  const { payload: { ticks: before } } = await invoke({});
  await sleep(3_000);
  const { payload: { ticks: after } } = await invoke({});
  // Thirty ticks long, if it ran.
  expect(after! - before!).toBeLessThan(15);
});

test('each fifth call of a function to a control-plane service is throttled', async () => {
  const authorization = 'AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20261127/us-east-1/states/aws4_request, SignedHeaders=host, Signature=0';
  const replies = await Promise.all(Array.from({ length: 10 }, () => fetch(emulator.url, {
    method: 'POST', body: '{}', headers: { authorization, 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AWSStepFunctions.ListStateMachines' },
  }).then((response) => response.text())));
  expect(replies.filter((text) => text.includes('ThrottlingException')).length).toBeGreaterThanOrEqual(2);
});

test('an address that CloudFormation has signed dies with its day', async () => {
  const signal = (id: string): Promise<Response> => fetch(outputs.Address, { method: 'PUT', body: Buffer.from(JSON.stringify({ Status: 'SUCCESS', UniqueId: id, Reason: '', Data: '' })) });
  expect((await signal('today')).status).toBe(200);
  await fetch(`${emulator.url}/_teeth/expire-handles`, { method: 'POST' });
  const tomorrow = await signal('tomorrow');
  expect([tomorrow.status, await tomorrow.text()]).toEqual([403, expect.stringContaining('Request has expired')]);
});

test('an alarm watches the metric that its dimensions name, and ends when there is none', async () => {
  const cloudWatch = new CloudWatchClient(clientConfig(emulator));
  const put = (variant: string, value: number): Promise<unknown> => cloudWatch.send(new PutMetricDataCommand({
    Namespace: 'Teeth', MetricData: [{ MetricName: 'Failures', Value: value, Dimensions: [{ Name: 'Variant', Value: variant }] }],
  }));
  const state = async (): Promise<string | undefined> => {
    const { MetricAlarms: [alarm] = [] } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: ['teeth'] }));
    return alarm.StateValue;
  };
  await cloudWatch.send(new PutMetricAlarmCommand({
    AlarmName: 'teeth', Namespace: 'Teeth', MetricName: 'Failures', Dimensions: [{ Name: 'Variant', Value: 'candidate' }], Statistic: 'Sum',
    Period: 10, EvaluationPeriods: 1, Threshold: 2, ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'notBreaching',
  }));
  await put('candidate', 1);
  await put('production', 100);
  expect(await state()).toBe('OK');
  await put('candidate', 5);
  expect(await state()).toBe('ALARM');
  for (let attempt = 0; attempt < 100 && (await state()) === 'ALARM'; attempt++) {
    await sleep(500);
    await put('production', 100);
  }
  expect(await state()).toBe('OK');
});
