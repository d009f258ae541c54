import { CloudWatchLogsClient, DescribeLogGroupsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { LambdaClient, ListFunctionsCommand, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';
import { rows } from '../../examples/digits/data';
import type { InferenceRecord } from '../../lib/core/inference-log/record';
import { bootstrap, deploy } from '../../scripts/emulator/cdk';
import { EndpointClient, inParallel, type Reply } from '../../scripts/emulator/client';
import { EmfBridge } from '../../scripts/emulator/emf-bridge';
import { clientConfig, type Emulator, startEmulator } from '../../scripts/emulator/emulator';
import { digitsSum } from './digits-sum';

/**
 * Shadows that crash, hang and are throttled, at once and for every request, beside the same production without mirrors: in turns, under
 * load.
 */

const SHADOWS = ['crashing', 'hanging', 'throttled'];
const REQUESTS = 160;
const CALLERS = 2;
/**
 * Between the requests of a caller, milliseconds: a pace at which the emulator, which starts a process for every function that is busy,
 * bears three mirrors.
 */
const PAUSE_MS = 400;

let emulator: Emulator;
let bridge: EmfBridge;
let client: EndpointClient;
const mirrored: Reply[] = [];
const plain: Reply[] = [];

const sum = (metric: string, dimension: 'Shadow' | 'Variant', value: string): Promise<number> => digitsSum(emulator, metric, dimension, value);

beforeAll(async () => {
  emulator = await startEmulator({ LAMBDA_ACCOUNT_CONCURRENCY: '100' });
  await bootstrap(emulator);
  bridge = new EmfBridge(clientConfig(emulator));
  bridge.start();
  const { Digits: outputs } = await deploy(emulator, 'test/e2e/shadow-app.ts', { E2E_SHADOWS: SHADOWS.join(',') });
  client = new EndpointClient(emulator, outputs.ApiId);
  await throttle('shadow-throttled');
});

afterAll(async () => {
  await bridge?.stop();
  await emulator?.stop();
});

test('production answers every request as it does without mirrors', async () => {
  await inParallel(Array.from({ length: REQUESTS }), CALLERS, async (_, index) => {
    const body = JSON.stringify({ pixels: rows[index % rows.length].pixels });
    // Who is first changes, so that what one leaves behind in the machine falls on both.
    for (const alias of index % 2 === 0 ? ['live', 'plain'] : ['plain', 'live']) {
      (alias === 'live' ? mirrored : plain)[index] = await client.invoke(body, {}, alias);
      await sleep(PAUSE_MS / 2);
    }
  });
  expect(mirrored.filter(({ status, variant }) => status !== 200 || variant !== 'production')).toEqual([]);
  expect(mirrored.map(({ text }) => text)).toEqual(plain.map(({ text }) => text));
  for (const [name, quantile] of [['median', 0.5], ['p95', 0.95], ['p99', 0.99]] as const) {
    const [on, off] = [mirrored, plain].map((replies) => at(replies, quantile));
    console.log(`${name} latency with three failing shadows ${on.toFixed(0)} ms, without mirrors ${off.toFixed(0)} ms, ratio ${(on / off).toFixed(2)}`);
  }
});

test.each(SHADOWS)('every request is compared with shadow %s or counted as dropped', async (shadow) => {
  const counted = async (): Promise<{ mirrored: number; dropped: number; compared: number }> => {
    const [handedOver, dropped, compared] = await Promise.all(['Mirrored', 'MirrorDropped', 'Comparisons'].map((metric) => sum(metric, 'Shadow', shadow)));
    return { mirrored: handedOver, dropped, compared };
  };
  let counts = await counted();
  for (let attempt = 0; attempt < 240 && (counts.mirrored + counts.dropped < REQUESTS || counts.compared < counts.mirrored); attempt++) {
    await sleep(250);
    counts = await counted();
  }
  expect(counts.mirrored + counts.dropped).toBe(REQUESTS);
  // A hand-over that is given up is counted as dropped, and may have been taken all the same: the emulator is slow to say so.
  expect(counts.compared).toBeGreaterThanOrEqual(counts.mirrored);
  expect(counts.compared).toBeLessThanOrEqual(REQUESTS);
  expect(counts.mirrored).toBeGreaterThan(REQUESTS / 4);
  const errors = await sum('ShadowErrors', 'Shadow', shadow);
  console.log(`shadow ${shadow}: ${counts.dropped} dropped, ${counts.compared} compared, of which ${errors} shadow errors`);
  expect(await reasons(shadow)).toContain({ crashing: 'MODEL_ERROR', hanging: 'TIMEOUT', throttled: 'THROTTLED' }[shadow]);
  if (shadow === 'crashing') {
    expect(errors).toBeGreaterThan(0);
    expect(errors).toBeLessThan(counts.compared);
  } else {
    expect(errors).toBe(counts.compared);
  }
});

test('none of it is counted against production', async () => {
  expect(await sum('Invocations', 'Variant', 'production')).toBe(REQUESTS);
  expect(await sum('Failures', 'Variant', 'production')).toBe(0);
});

test('a request that an event has no room for is compared through the bucket of its mirror, and dropped by the others', async () => {
  const counts = (): Promise<number[]> => Promise.all([
    sum('Mirrored', 'Shadow', 'crashing'), sum('Comparisons', 'Shadow', 'crashing'), sum('Mirrored', 'Shadow', 'hanging'), sum('MirrorDropped', 'Shadow', 'hanging'),
  ]);
  const before = await counts();
  const { status } = await client.invoke(JSON.stringify({ pixels: rows[0].pixels, padding: 'x'.repeat(1_000_000) }));
  expect(status).toBe(200);
  let after = before;
  for (let attempt = 0; attempt < 120 && after.some((count, index) => index !== 2 && count === before[index]); attempt++) {
    // A hand-over that takes longer than a caller waits is counted while the router serves the next.
    await client.invoke(JSON.stringify({ pixels: rows[0].pixels }), {}, 'plain');
    await sleep(250);
    after = await counts();
  }
  expect(after.map((count, index) => count - before[index])).toEqual([1, 1, 0, 1]);
  expect(await objects()).toEqual([]);
});

test('the bucket goes with its mirror, whatever is in it', async () => {
  const [bucket] = await buckets();
  await new S3Client(clientConfig(emulator)).send(new PutObjectCommand({ Bucket: bucket, Key: 'bodies/left', Body: 'left' }));
  await deploy(emulator, 'test/e2e/shadow-app.ts', { E2E_SHADOWS: '' });
  expect(await buckets()).toEqual([]);
});

/** Buckets of mirrors. */
async function buckets(): Promise<string[]> {
  const { Buckets: all = [] } = await new S3Client(clientConfig(emulator)).send(new ListBucketsCommand({}));
  return all.map(({ Name: name }) => name!).filter((name) => name.includes('bodies'));
}

async function objects(): Promise<string[]> {
  const [bucket] = await buckets();
  const { Contents: contents = [] } = await new S3Client(clientConfig(emulator)).send(new ListObjectsV2Command({ Bucket: bucket }));
  return contents.map(({ Key: key }) => key!);
}

/** Take all concurrency from a shadow: every call to it is throttled. The emulator does not take a zero from a template. */
async function throttle(shadow: string): Promise<void> {
  const lambda = new LambdaClient(clientConfig(emulator));
  const { Functions: functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const [{ FunctionName: name }] = functions.filter((each) => each.FunctionName!.includes(shadow) && each.Runtime!.startsWith('python'));
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 0 }));
}

/** Why a shadow did not answer, as its mirror's log says. */
async function reasons(shadow: string): Promise<Set<string>> {
  const logs = new CloudWatchLogsClient(clientConfig(emulator));
  const { logGroups: groups = [] } = await logs.send(new DescribeLogGroupsCommand({}));
  const found = new Set<string>();
  for (const { logGroupName } of groups.filter((group) => group.logGroupName?.includes(`Shadow${shadow}`))) {
    let nextToken: string | undefined;
    do {
      const page = await logs.send(new FilterLogEventsCommand({ logGroupName, nextToken }));
      for (const { message = '' } of page.events ?? []) {
        if (message.startsWith('{"modelRollout":')) {
          const { comparison, reason } = JSON.parse(message) as InferenceRecord;
          if (comparison === 'shadow error') {
            found.add(reason!);
          }
        }
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  return found;
}

function at(replies: readonly Reply[], quantile: number): number {
  return replies.map(({ ms }) => ms).sort((a, b) => a - b)[Math.ceil(quantile * replies.length) - 1];
}
