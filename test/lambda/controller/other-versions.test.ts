import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { RolloutAttribute, RolloutItem } from '../../../lib/core/rollout/state';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import { plan } from '../../fixtures/plan';
import { World } from '../../fixtures/world';

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
