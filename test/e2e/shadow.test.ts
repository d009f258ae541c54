import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import { rows } from '../../examples/digits/data';
import { bootstrap, deploy } from '../../scripts/emulator/cdk';
import { EndpointClient, inParallel, type Reply } from '../../scripts/emulator/client';
import { EmfBridge } from '../../scripts/emulator/emf-bridge';
import { clientConfig, type Emulator, startEmulator } from '../../scripts/emulator/emulator';

/** Shadows as callers see them, which is not at all: real models, real HTTP, mirrors that are deployed. */

jest.setTimeout(300_000);

const ROWS = 60;

let emulator: Emulator;
let bridge: EmfBridge;
let client: EndpointClient;

const deployWith = async (...shadows: string[]): Promise<void> => {
  const { Digits: outputs } = await deploy(emulator, 'npx tsx test/e2e/shadow-app.ts', { E2E_SHADOWS: shadows.join(',') });
  client = new EndpointClient(emulator, outputs.ApiId);
};

beforeAll(async () => {
  emulator = await startEmulator();
  await bootstrap(emulator);
  bridge = new EmfBridge(clientConfig(emulator));
  bridge.start();
});

afterAll(async () => {
  await bridge?.stop();
  await emulator?.stop();
});

const ask = (index: number, alias = 'live'): Promise<Reply> => client.invoke(JSON.stringify({ pixels: rows[index].pixels }), {}, alias);

const label = ({ text }: Reply): number => (JSON.parse(text) as { label: number }).label;

async function sum(metric: string, dimension: 'Shadow' | 'Variant', value: string): Promise<number> {
  const { Datapoints: points = [] } = await new CloudWatchClient(clientConfig(emulator)).send(
    new GetMetricStatisticsCommand({
      Namespace: 'ModelRollout', MetricName: metric, Statistics: ['Sum'], Period: 3_600,
      StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date(Date.now() + 3_600_000),
      Dimensions: [{ Name: 'Endpoint', Value: 'digits' }, { Name: 'Alias', Value: 'live' }, { Name: dimension, Value: value }],
    }),
  );
  return points.reduce((total, point) => total + (point.Sum ?? 0), 0);
}

/** Wait until a count has been reached, or stays away. */
async function reach(metric: string, shadow: string, count: number): Promise<number> {
  let seen = 0;
  for (let attempt = 0; attempt < 240 && seen < count; attempt++) {
    seen = await sum(metric, 'Shadow', shadow);
    await sleep(250);
  }
  return seen;
}

test('the agreement that is counted is the one that the two models\' answers have, and callers see production alone', async () => {
  await deployWith('whole', 'crashing', 'hanging');
  const replies = await inParallel(rows.slice(0, ROWS), 2, (_, index) => ask(index));
  expect(replies.filter(({ status, variant }) => status !== 200 || variant !== 'production')).toEqual([]);
  expect(new Set(replies.map(({ text }) => (JSON.parse(text) as { model: string }).model))).toEqual(new Set(['v1']));

  const direct = await inParallel(rows.slice(0, ROWS), 2, (_, index) => ask(index, 'v2'));
  const agreements = direct.filter((reply, index) => label(reply) === label(replies[index])).length;
  expect(agreements).toBeGreaterThan(0);
  expect(agreements).toBeLessThan(ROWS);
  expect(await reach('Comparisons', 'whole', ROWS)).toBe(ROWS);
  expect(await sum('Agreements', 'Shadow', 'whole')).toBe(agreements);
  expect(await sum('Differences', 'Shadow', 'whole')).toBe(ROWS - agreements);
  expect(await sum('Mirrored', 'Shadow', 'whole')).toBe(ROWS);
});

test('a shadow that crashes and one that hangs are counted, and production has no error', async () => {
  const crashes = rows.slice(0, ROWS).filter(({ pixels }) => pixels.reduce((total, pixel) => total + pixel, 0) % 4 === 0).length;
  expect(crashes).toBeGreaterThan(0);
  expect(await reach('Comparisons', 'crashing', ROWS)).toBe(ROWS);
  expect(await sum('ShadowErrors', 'Shadow', 'crashing')).toBe(crashes);
  expect(await reach('Comparisons', 'hanging', ROWS)).toBe(ROWS);
  expect(await sum('ShadowErrors', 'Shadow', 'hanging')).toBe(ROWS);
  expect(await sum('Invocations', 'Variant', 'production')).toBe(ROWS);
  expect(await sum('Failures', 'Variant', 'production')).toBe(0);
});

test('removing a mirror removes its function and its shadow, and production goes on', async () => {
  await deployWith('whole');
  const { Functions: functions = [] } = await new LambdaClient(clientConfig(emulator)).send(new ListFunctionsCommand({}));
  const names = functions.map(({ FunctionName: name = '' }) => name);
  expect(names.filter((name) => /Shadow(crashing|hanging)/.test(name))).toEqual([]);
  expect(names.filter((name) => name.includes('Shadowwhole'))).toHaveLength(2);
  expect((await ask(0)).status).toBe(200);
});
