import { backendOf } from '../../../lambda/controller/backends/backends';
import { holdCapacity, raiseCapacity, releaseCapacity } from '../../../lambda/controller/capacity';
import { readiness } from '../../../lambda/controller/readiness';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import type { Target } from '../../../lib/core/backends/backends';
import { plan } from '../../fixtures/plan';
import { follow } from '../../fixtures/run';
import { NO_CAPACITY, SharedFleet } from '../../fixtures/shared-fleet';
import { healthy, World } from '../../fixtures/world';

// A candidate on production's instances, with the controller's machine, tasks and clients as they are, and a stand-in for SageMaker.

const MINUTE = 60_000;
const component = (inferenceComponent: string): Target => ({ kind: 'sagemaker-component', endpointName: 'gpus', inferenceComponent, maxRequestBytes: 1e6 });

interface Options {
  /** Copies that there are instances for, so many minutes after the rollout began. */
  readonly room?: (minutes: number) => number;
  readonly candidate?: { readonly present: number; readonly min: number };
  readonly plan?: Partial<RolloutPlan>;
  readonly meddle?: (world: World, fleet: SharedFleet) => void;
}

/** A rollout in steps of 25, 50 and 100 percent from a model with four copies. */
async function rollOut(options: Options = {}): Promise<{ world: World; fleet: SharedFleet; seen: Map<number, number> }> {
  const world = new World();
  const begun = world.now;
  const fleet = new SharedFleet(() => world.now, () => options.room?.((world.now - begun) / MINUTE) ?? 100);
  fleet.add('v1', { present: 4, min: 1, max: 4 });
  fleet.add('v2', { present: 1, min: 1, max: 4, ...options.candidate });
  const ports = world.ports.bind(world);
  world.ports = () => ({
    ...ports(),
    readiness: (state) => readiness(state, { probe: async () => ({ problems: [] }), ask: () => Promise.reject(new Error('nobody asks')) }, fleet),
    checkGates: async (state, _, next) =>
      (next > 0 ? (await Promise.all([holdCapacity(state, fleet), raiseCapacity(state, next, fleet)])).flat() : []),
    release: (state) => releaseCapacity(state, fleet),
    isUpdating: (target) => backendOf(target).isUpdating(target, fleet),
  });
  world.targetOf = component;
  options.meddle?.(world, fleet);
  // By share, the fewest copies that the candidate had with it.
  const seen = new Map<number, number>();
  const evidence = world.evidence;
  world.evidence = async (state) => {
    const { v2 = 0 } = await world.shares();
    const { present } = fleet.components.get('v2')!;
    seen.set(v2, Math.min(present, seen.get(v2) ?? Infinity));
    return evidence(state);
  };
  const planned = plan({
    stages: [25, 50, 100].map((percent) => ({ percent, bakeSeconds: 600, approval: false })),
    deadlineSeconds: 10 * 3_600, capacity: { min: 1, max: 4 }, ...options.plan,
  });
  await world.deploy('v1', { type: 'Create', plan: planned });
  await world.deploy('v2', { plan: planned, request: 'change' });
  await follow(world);
  return { world, fleet, seen };
}

const sentences = (world: World): string => JSON.stringify(world.decisions());

test('a candidate begins at the size of its first share, and has the copies of each step before its share', async () => {
  const { world, fleet, seen } = await rollOut();
  expect(world.answers).toMatchObject([{ outcome: { result: 'promoted' } }]);
  expect([25, 50, 100].map((percent) => seen.get(percent))).toEqual([1, 2, 4]);
  expect(fleet.orders.filter(({ name }) => name === 'v2').map(({ min }) => min)).toEqual([2, 4, 1]);
});

test('the way back is as wide as it was: production keeps its copies, and what was declared is given back', async () => {
  let least = Infinity;
  const { world, fleet } = await rollOut({
    meddle: (of, shared) => {
      of.evidence = ({ stage }) => {
        least = Math.min(least, stage > 0 ? shared.components.get('v1')!.min : Infinity);
        return stage < 2 ? healthy : { ...healthy, guardrails: [{ name: 'errors', action: 'rollback', status: 'triggered', detail: 'on' }] };
      };
    },
  });
  expect(world.answers).toMatchObject([{ outcome: { result: 'rolled back' } }]);
  expect(least).toBe(4);
  expect(fleet.components.get('v1')).toMatchObject({ min: 1, present: 4 });
  expect(fleet.actions.size).toBe(0);
});

describe('where capacity is scarce', () => {
  test('a rollout holds before the share that lacks it, says what is waited for and why, asks again, and goes on once it is there', async () => {
    const { world, fleet, seen } = await rollOut({ room: (minutes) => (minutes < 240 ? 5 : 8) });
    expect(world.answers).toMatchObject([{ outcome: { result: 'promoted' } }]);
    expect(sentences(world)).toContain(`1 of 2 copies that 50 % needs are in service; SageMaker says: ${NO_CAPACITY}`);
    // It was asked for at every tick of these hours.
    expect(fleet.orders.filter(({ name, min }) => name === 'v2' && min === 2).length).toBeGreaterThan(100);
    expect(seen.get(50)).toBe(2);
  });

  test('and where it never comes, the rollout ends at its deadline with the reason, production untouched', async () => {
    const { world, fleet } = await rollOut({ room: () => 5, plan: { deadlineSeconds: 3 * 3_600 } });
    expect(world.answers).toMatchObject([{ outcome: { result: 'rolled back' } }]);
    expect(await world.shares()).toEqual({ v1: 100 });
    expect(fleet.components.get('v1')).toMatchObject({ min: 1, present: 4 });
  });

  test('a candidate that was created with no copy waits for its first one, and the stack with it', async () => {
    const { world, seen } = await rollOut({
      candidate: { present: 0, min: 0 }, room: (minutes) => (minutes < 90 ? 4 : 8), plan: { readinessSeconds: 10 * 3_600 },
    });
    expect(world.answers).toMatchObject([{ outcome: { result: 'promoted' } }]);
    expect(sentences(world)).toContain(`0 of 1 copies that 25 % needs are in service; SageMaker says: ${NO_CAPACITY}`);
    expect(seen.get(25)).toBe(1);
  });

  test('for longer than its readiness may take, it is rolled back with the reason', async () => {
    const { world } = await rollOut({ candidate: { present: 0, min: 0 }, room: () => 4, plan: { readinessSeconds: 1_800 } });
    expect(world.answers).toMatchObject([{ outcome: { result: 'rolled back', sentence: expect.stringContaining(NO_CAPACITY) } }]);
  });
});

describe('a component', () => {
  const fleet = new SharedFleet(() => 0, () => 3);
  fleet.add('ready', { present: 1 });
  fleet.add('failed', { present: 0, status: 'Failed' });
  fleet.add('new', { present: 0, status: 'Creating' });
  fleet.add('growing', { present: 2, desired: 4, min: 2, max: 4 });
  fleet.add('adapter', { present: 0, base: 'ready' });
  const { notInService, isUpdating, instances } = backendOf(component('ready'));

  test('can serve when it is in service, also while it grows', async () => {
    expect(await Promise.all(['ready', 'growing', 'adapter'].map((name) => notInService(component(name), fleet)))).toEqual([undefined, undefined, undefined]);
    expect(await notInService(component('failed'), fleet)).toBe('inference component failed is Failed');
    expect(await notInService(component('new'), fleet)).toBe('inference component new is Creating');
  });

  test('cannot be deleted while it is created or grows', async () => {
    expect(await Promise.all(['ready', 'growing', 'new', 'failed'].map((name) => isUpdating(component(name), fleet)))).toEqual([false, true, true, false]);
  });

  test('that is an adapter has no copies to count or to hold', async () => {
    expect(await instances(component('adapter'), fleet)).toBeUndefined();
    expect(await instances(component('ready'), fleet)).toBe(1);
  });
});

test('a candidate whose copies cannot take a share is told so, in copies', async () => {
  const fleet = new SharedFleet(() => 0, () => 20);
  fleet.add('v1', { present: 8, min: 2, max: 8 });
  fleet.add('v2', { present: 1, min: 1, max: 2 });
  const question = { candidate: component('v2'), production: component('v1'), percent: 50, load: { requestsPerSecond: 10, seconds: 1 }, capacity: { min: 1, max: 2 } };
  expect(await backendOf(component('v2')).room(question, fleet)).toEqual([{
    certain: true, sentence: 'the candidate has at most 2 copies, but production has 8 for all requests, so that 50 % need 4; raise copies.max',
  }]);
  expect(await backendOf(component('v2')).room({ ...question, percent: 25 }, fleet)).toEqual([]);
});
