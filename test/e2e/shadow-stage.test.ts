import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { setTimeout as sleep } from 'node:timers/promises';
import { RolloutStage, type Sent } from './rollout-stage';

/**
 * Shadow, canary, all of it, from one declaration: real models and requests, agreement as the mirror counts it, `cdk deploy` that waits for
 * it.
 */

let stage: RolloutStage;

beforeAll(async () => {
  stage = await RolloutStage.open('test/e2e/shadow-stage-app.ts');
  await stage.deploy({ artifact: 'v1' });
  // What production is known from.
  await stage.load(sleep(3_000));
});

afterAll(() => stage?.close());

const models = (sent: readonly Sent[]): string[] => [...new Set(sent.map(({ status, text }) => (status === 200 ? (JSON.parse(text) as { model: string }).model : `status ${status}`)))];

/** Names of the mirrors in the route. */
async function mirrors(): Promise<string[]> {
  const client = new DynamoDBClient(stage.config);
  const { TableNames: names = [] } = await client.send(new ListTablesCommand({}));
  const { Items: [item] = [] } = await client.send(new ScanCommand({ TableName: names.find((name) => name.includes('Routes')) }));
  return ((JSON.parse(item.route.S!) as { mirrors?: { name: string }[] }).mirrors ?? []).map(({ name }) => name);
}

/** Mirrors in the route in the shadow stage, once it has begun. */
async function inShadow(): Promise<string[]> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const state = await stage.state();
    if (state !== undefined && state.outcome === undefined && state.shadow !== undefined) {
      return mirrors();
    }
    await sleep(250);
  }
  throw new Error('the shadow stage did not begin');
}

test('a model whose answers are wrong is rejected by its disagreement, before any caller met it', async () => {
  const seen = inShadow();
  const { sent, result } = await stage.load(stage.deploy({ artifact: 'v2', defect: 'wrong-preprocessing' }), 4);
  expect(await seen).toEqual(['candidate']);
  expect(result.status).toBe('rejected');
  expect(String((result as PromiseRejectedResult).reason)).toMatch(/rolled back: before any traffic, shadow candidate: \d+ of \d+ pairs disagree, 30% allowed/);
  expect(await stage.moves()).toEqual(['roll back 0']);
  expect(models(sent)).toEqual(['v1']);
  expect(await mirrors()).toEqual([]);
  console.log((await stage.state())!.outcome!.sentence);
});

test('a good one goes from shadow to canary and is promoted', async () => {
  const seen = inShadow();
  const { sent, result } = await stage.load(stage.deploy({ artifact: 'v2' }), 4);
  expect(await seen).toEqual(['candidate']);
  expect(result).toMatchObject({ status: 'fulfilled' });
  expect(models(sent).sort()).toEqual(['v1', 'v2']);
  const decisions = (await stage.decisions()).map(({ decision }) => decision).slice(-50);
  const first = decisions.findLast(({ verdict, percent }) => verdict === 'advance' && percent === 50)!;
  expect((await stage.moves()).slice(-3)).toEqual(['advance 50', 'advance 80', 'promote 100']);
  expect(first.evidence.shadow?.judgement).toMatchObject({ verdict: 'advance-permitted', guardrails: [{ name: 'agreement', certified: true }] });
  // Nobody met it before that.
  const met = sent.find(({ text }) => (JSON.parse(text) as { model: string }).model === 'v2')!;
  expect(met.answeredAt).toBeGreaterThanOrEqual(first.at);
  expect(await mirrors()).toEqual([]);
  expect(await stage.versions()).toBe(1);
  console.log(first.sentence);
});
