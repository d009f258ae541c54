import { CloudWatchLogsClient, DescribeLogGroupsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import { rows } from '../../examples/digits/data';
import { bootstrap, deploy } from '../../scripts/emulator/cdk';
import { EndpointClient, inParallel, type Reply } from '../../scripts/emulator/client';
import { EmfBridge } from '../../scripts/emulator/emf-bridge';
import { clientConfig, type Emulator, startEmulator } from '../../scripts/emulator/emulator';
import { digitsSum } from './digits-sum';
import { startContainer, startSageMakerRuntime } from './stage';

/** Shadows as callers see them, which is not at all: real models, real HTTP, mirrors that are deployed. */

const ROWS = 60;

let container: Awaited<ReturnType<typeof startContainer>>;
let runtime: Awaited<ReturnType<typeof startSageMakerRuntime>>;
let emulator: Emulator;
let bridge: EmfBridge;
let client: EndpointClient;
/** Production's answers to the first rows. */
const replies: Reply[] = [];

const deployWith = async (...shadows: string[]): Promise<void> => {
  const { Digits: outputs } = await deploy(emulator, 'test/e2e/shadow-app.ts', { E2E_SHADOWS: shadows.join(',') });
  client = new EndpointClient(emulator, outputs.ApiId);
};

beforeAll(async () => {
  container = await startContainer('v2');
  runtime = await startSageMakerRuntime(() => ({ 'digits-v2': container.url }));
  emulator = await startEmulator({ LAMBDA_ACCOUNT_CONCURRENCY: '100', AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: runtime.url });
  await bootstrap(emulator);
  bridge = new EmfBridge(clientConfig(emulator));
  bridge.start();
});

afterAll(async () => {
  await bridge?.stop();
  await emulator?.stop();
  await runtime?.stop();
  container?.stop();
});

const ask = (index: number, alias = 'live'): Promise<Reply> => client.invoke(JSON.stringify({ pixels: rows[index].pixels }), {}, alias);

const label = ({ text }: Reply): number => (JSON.parse(text) as { label: number }).label;

const sum = (metric: string, dimension: 'Shadow' | 'Variant', value: string): Promise<number> => digitsSum(emulator, metric, dimension, value);

/** Rows that a shadow was asked: all but those that the router could not hand over in time, which its log names. */
async function mirroredRows(shadow: string): Promise<number[]> {
  const logs = new CloudWatchLogsClient(clientConfig(emulator));
  const { logGroups: groups = [] } = await logs.send(new DescribeLogGroupsCommand({}));
  const dropped = new Set<string>();
  for (const { logGroupName } of groups.filter((group) => group.logGroupName?.includes('Router'))) {
    let nextToken: string | undefined;
    do {
      const page = await logs.send(new FilterLogEventsCommand({ logGroupName, nextToken }));
      for (const { message = '' } of (page.events ?? []).filter((event) => event.message?.includes('request not mirrored'))) {
        const line = JSON.parse(message.slice(message.indexOf('{'))) as { shadow: string; inferenceId: string };
        if (line.shadow === shadow) {
          dropped.add(line.inferenceId);
        }
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  return replies.flatMap(({ inferenceId }, index) => (dropped.has(inferenceId!) ? [] : [index]));
}

/** Wait until every request that a shadow was handed has been compared; what hangs is the runner's to end. */
async function settled(shadow: string): Promise<number[]> {
  for (;;) {
    const [mirrored, dropped, compared] = await Promise.all(['Mirrored', 'MirrorDropped', 'Comparisons'].map((metric) => sum(metric, 'Shadow', shadow)));
    if (mirrored + dropped === ROWS && compared === mirrored) {
      const asked = await mirroredRows(shadow);
      expect(asked).toHaveLength(mirrored);
      return asked;
    }
    await sleep(250);
  }
}

test('callers see production alone, and no error of it', async () => {
  await deployWith('whole', 'sagemaker', 'crashing', 'hanging');
  // At a pace that the emulator can bear, which starts a process for every function that is busy.
  const plain: Reply[] = [];
  for (let row = 0; row < ROWS; row++) {
    await sleep(300);
    replies.push(await ask(row));
    plain.push(await ask(row, 'plain'));
  }
  expect(replies.filter(({ status, variant }) => status !== 200 || variant !== 'production')).toEqual([]);
  expect(replies.map(({ text }) => text)).toEqual(plain.map(({ text }) => text));
  const median = (of: readonly Reply[]): number => of.map(({ ms }) => ms).sort((a, b) => a - b)[ROWS / 2];
  console.log(`median latency with four shadows ${median(replies).toFixed(0)} ms, without ${median(plain).toFixed(0)} ms, ratio ${(median(replies) / median(plain)).toFixed(2)}`);
});

test.each(['whole', 'sagemaker'])('the agreement that is counted for shadow %s is the one that the two models\' answers have', async (shadow) => {
  const asked = await settled(shadow);
  // The emulator is slower than Lambda to accept events, so that some hand-overs are late.
  expect(asked.length).toBeGreaterThan(ROWS / 2);
  const direct = await inParallel(asked, 2, (row) => ask(row, 'v2'));
  const agreements = direct.filter((reply, index) => label(reply) === label(replies[asked[index]])).length;
  expect(agreements).toBeGreaterThan(0);
  expect(agreements).toBeLessThan(asked.length);
  expect(await sum('Agreements', 'Shadow', shadow)).toBe(agreements);
  expect(await sum('Differences', 'Shadow', shadow)).toBe(asked.length - agreements);
  console.log(`agreement of shadow ${shadow} with v1 on ${asked.length} rows: ${agreements}`);
});

test('a shadow that crashes and one that hangs are counted as such, and production has no failure', async () => {
  const crashing = await settled('crashing');
  const crashes = crashing.filter((row) => rows[row].pixels.reduce((total, pixel) => total + pixel, 0) % 4 === 0).length;
  expect(crashes).toBeGreaterThan(0);
  expect(await sum('ShadowErrors', 'Shadow', 'crashing')).toBe(crashes);
  const hanging = await settled('hanging');
  expect(await sum('ShadowErrors', 'Shadow', 'hanging')).toBe(hanging.length);
  expect(await sum('Invocations', 'Variant', 'production')).toBe(ROWS);
  expect(await sum('Failures', 'Variant', 'production')).toBe(0);
});

test('removing a mirror removes its function and its shadow, and production goes on', async () => {
  await deployWith('whole');
  const { Functions: functions = [] } = await new LambdaClient(clientConfig(emulator)).send(new ListFunctionsCommand({}));
  const names = functions.map(({ FunctionName: name = '' }) => name);
  expect(names.filter((name) => /shadow-?(crashing|hanging)/i.test(name))).toEqual([]);
  expect(names.filter((name) => /shadow-?whole/i.test(name))).toHaveLength(2);
  expect((await ask(0)).status).toBe(200);
});
