import { PutItemCommand, type PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import { RolloutAttribute, RolloutItem } from '../../../lib/core/rollout/state';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import RECORDED from '../../fixtures/begun-by-the-first-controller.json';
import JUDGED from '../../fixtures/judged-by-the-first-controller.json';
import { plan } from '../../fixtures/plan';
import { follow, machine } from '../../fixtures/run';
import { Traffic, type TrafficOptions } from '../../fixtures/traffic';
import { healthy, World } from '../../fixtures/world';
import type { Machine } from '../../../rehearsal/assembly/machine';

/** A plan as 0.1.0 wrote it first: without settling time, and without whatever came later. */
const EARLIER: RolloutPlan = plan();

async function rewriteState(world: World, change: (state: { [name: string]: unknown }) => void): Promise<void> {
  const [item] = world.db.items('rollouts').filter(({ item: key }) => key.S === RolloutItem.STATE);
  const state = JSON.parse(item[RolloutAttribute.CONTENT].S!) as { [name: string]: unknown };
  change(state);
  await (world.db.send as unknown as (command: PutItemCommand) => Promise<object>)(
    new PutItemCommand({ TableName: 'rollouts', Item: { ...item, [RolloutAttribute.CONTENT]: { S: JSON.stringify(state) } } }),
  );
}

async function begun(): Promise<World> {
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: EARLIER });
  await world.deploy('v2', { plan: EARLIER });
  await world.task('prepare');
  await world.task('shift');
  return world;
}

test('a rollout that an earlier version has begun goes on to its promotion', async () => {
  const world = await begun();
  // What an earlier version did not keep.
  await rewriteState(world, (state) => ['shares', 'baseline', 'shadow', 'replay', 'approved'].forEach((name) => delete state[name]));
  for (const seconds of [300, 300, 600]) {
    await world.pass(seconds + 60);
    await world.task('shift');
  }
  expect((await world.task('promote')).verdict).toBe('drain');
  expect((await world.task('report')).verdict).toBe('promoted');
  expect(await world.shares()).toEqual({ v2: 100 });
});

/**
 * What gate and controller of 25 November 2026 (commit c9cc9d5) left in the tables three minutes into the first step, and the machine
 * that they ran in: an execution keeps the definition that it was started with, whatever the function that it calls has become.
 */
async function recorded({ now, started, routes, rollouts }: Pick<typeof RECORDED, 'now' | 'started' | 'routes' | 'rollouts'> = RECORDED): Promise<World> {
  const world = new World();
  world.now = now;
  // The execution waits between two judgements, where one that continues begins.
  world.started.push(...(started as World['started']).map(({ name, input }) => ({ name, input: { ...input, verdict: 'continue' as const, waitSeconds: 60 } })));
  for (const [table, items] of [['routes', routes], ['rollouts', rollouts]] as const) {
    for (const Item of items) {
      await (world.db.send as unknown as (command: PutItemCommand) => Promise<object>)(new PutItemCommand({ TableName: table, Item: Item as PutItemCommandInput['Item'] }));
    }
  }
  return world;
}

test.each([
  ['its own machine', RECORDED.machine as unknown as Machine],
  ['the machine of now', machine],
])('a rollout that the first controller has begun is promoted by this one in %s, and CloudFormation hears of it where it waits', async (_, through) => {
  const world = await recorded();
  expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
  const [{ path, status }] = await world.follow(through);
  expect([status, path.at(-1)]).toEqual(['SUCCEEDED', 'Promoted']);
  expect(await world.shares()).toEqual({ v2: 100 });
  expect(world.answers).toMatchObject([{
    callback: { kind: 'response', url: 'https://cloudformation.invalid/answer', requestId: 'change', physicalResourceId: 'fraud/live' },
    outcome: { result: 'promoted' },
  }]);
  expect(world.decisions().map(({ decision: { verdict } }) => verdict).filter((verdict) => verdict !== 'hold')).toEqual(['advance', 'advance', 'advance', 'promote']);
});

test('a candidate that turns bad under this controller is rolled back, whoever has begun', async () => {
  const world = await recorded();
  world.evidence = () => ({ ...healthy, guardrails: [{ name: 'errors', action: 'rollback', status: 'triggered', detail: 'alarm errors is in ALARM' }] });
  const [{ status }] = await world.follow(RECORDED.machine as unknown as Machine);
  expect(status).toBe('FAILED');
  expect(await world.shares()).toEqual({ v1: 100 });
  expect(world.answers).toMatchObject([{ callback: { requestId: 'change' }, outcome: { result: 'rolled back' } }]);
  await expect(world.deploy('v2', { plan: EARLIER })).rejects.toThrow(/v2/);
});

/**
 * What the same gate and controller left of a rollout that is judged by evidence, three minutes into its second step, with what the routers
 * had counted by then; decisions to hold are left out. The traffic goes on under the controller of now.
 */
async function judgedAsRecorded(candidate: TrafficOptions['versions'][string]): Promise<World> {
  const world = await recorded(JUDGED);
  const traffic = new Traffic(world, { requestsPerSecond: 200, versions: { v1: { errors: 0.02 }, v2: candidate } });
  for (const { from, values, ...metric } of JUDGED.metrics) {
    values.forEach((value, step) => {
      const at = from + step * 10_000;
      traffic.cloudWatch.put(metric as Parameters<typeof traffic.cloudWatch.put>[0], at, value, at + 20_000);
    });
  }
  traffic.reachesController();
  expect(await world.shares()).toEqual({ v1: 75, v2: 25 });
  await follow(world, { onWait: (seconds) => traffic.advance(world.now + seconds * 1_000) });
  return world;
}

test('a rollout by evidence that the first controller has begun goes on from its step to the promotion, on what was counted before and since', async () => {
  const world = await judgedAsRecorded({ errors: 0.02 });
  expect(world.decisions().map(({ decision: { verdict, percent } }) => `${verdict} ${percent}`).filter((move) => !move.startsWith('hold')))
    .toEqual(['advance 5', 'advance 25', 'advance 50', 'promote 100']);
  expect(await world.shares()).toEqual({ v2: 100 });
  expect(world.answers).toMatchObject([{ callback: { requestId: 'change' }, outcome: { result: 'promoted' } }]);
});

test.each([
  ['fails more', { errors: 0.06 }, /^rolled back: errors: /],
  ['becomes slow', { errors: 0.02, medianMs: 200 }, /^rolled back: .*slower than/],
])('its candidate is rolled back by evidence when it %s under this controller', async (_, candidate, sentence) => {
  const world = await judgedAsRecorded(candidate);
  expect(await world.shares()).toEqual({ v1: 100 });
  expect(world.answers).toMatchObject([{ outcome: { result: 'rolled back', sentence: expect.stringMatching(sentence) } }]);
});

test('people give this controller orders about a rollout that the first one has begun', async () => {
  const world = await recorded();
  expect(await world.order('pause')).toMatchObject({ ok: true });
  await world.pass(600);
  expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
  expect(await world.order('abort', { reason: 'enough' })).toMatchObject({ ok: true });
  expect(await world.shares()).toEqual({ v1: 100 });
});

test.each([
  ['a later schema', { schema: 2 }, /schema is 2, but this version of cdk-model-rollout understands 1; use the version that wrote it, or a later one/],
  ['a plan of a later schema', { plan: { ...EARLIER, schema: 2 } }, /plan\.schema is 2, but/],
  ['no stages', { plan: { ...EARLIER, stages: [] } }, /plan\.stages is empty/],
])('a state with %s is refused, and callers are back on production when the lease ends', async (_, change, reason) => {
  const world = await begun();
  expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
  await rewriteState(world, (state) => Object.assign(state, change));
  await expect(world.task('judge')).rejects.toThrow(reason);
  await expect(world.deploy('v3', { plan: EARLIER })).rejects.toThrow(reason);
  world.now += 180_000;
  expect(await world.shares()).toEqual({ v1: 100 });
});

test('on its way back a stack does not need to understand the state', async () => {
  const world = await begun();
  await rewriteState(world, (state) => Object.assign(state, { schema: 2 }));
  world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
  await world.deploy('v1', { plan: EARLIER });
  expect(await world.shares()).toEqual({ v1: 100 });
});

test.each([
  ['another schema', JSON.stringify({ ...EARLIER, schema: 2 }), /the plan of fraud\/live cannot be used: schema is 2/],
  ['no JSON', '{"schema":1', /the plan of fraud\/live cannot be used: it is not JSON/],
])('the gate refuses a plan with %s and leaves the route alone', async (_, given, reason) => {
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: EARLIER });
  await expect(world.deploy('v2', { plan: given })).rejects.toThrow(reason);
  expect([await world.shares(), await world.state()]).toEqual([{ v1: 100 }, undefined]);
});
