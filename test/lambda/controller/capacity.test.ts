import { backendOf } from '../../../lambda/controller/backends/backends';
import { holdCapacity, raiseCapacity, releaseCapacity } from '../../../lambda/controller/capacity';
import type { RolloutState } from '../../../lib/core/rollout/state';
import type { Target } from '../../../lib/core/backends/backends';
import { backendClients } from '../../fixtures/backend-clients';
import { Fleets } from '../../../rehearsal/harness/fleets';
import { variant } from '../../fixtures/serving';
import { plan } from '../../fixtures/plan';
import { healthy, World } from '../../fixtures/world';
import { follow, run } from '../../fixtures/run';

const fleetsAt = (now: () => number): Fleets => new Fleets({ now, requestsPerMinute: 600, startMinutes: 5 });
const LOAD = 4_000;
const MINUTE = 60_000;

/** A rollout between two endpoints with two to eight instances each, at a load that takes seven. */
async function rollOut(
  percents: readonly number[],
  options: { bakeSeconds?: number; meddle?: (world: World, fleets: Fleets) => void; stop?: (world: World) => boolean } = {},
): Promise<{ world: World; fleets: Fleets; pass: (minutes: number) => Promise<void> }> {
  const world = new World();
  const fleets = fleetsAt(() => world.now);
  fleets.add('v1', 2, 8, 7);
  fleets.add('v2', 2, 8, 2);
  const ports = world.ports.bind(world);
  world.ports = () => ({
    ...ports(),
    checkGates: async (state, _, next) =>
      next > 0 ? (await Promise.all([holdCapacity(state, fleets), raiseCapacity(state, next, fleets)])).flat() : [],
    release: (state) => releaseCapacity(state, fleets),
    isUpdating: (target) => backendOf(target).isUpdating(target, fleets),
  });
  world.targetOf = (version) => ({ kind: 'sagemaker', endpointName: version, maxRequestBytes: 1e6 });
  options.meddle?.(world, fleets);
  const planned = plan({
    stages: percents.map((percent) => ({ percent, bakeSeconds: options.bakeSeconds ?? 1_800, approval: false })),
    deadlineSeconds: 6 * 3_600,
    answer: 'wait-condition',
    capacity: { min: 2, max: 8 },
  });
  await world.deploy('v1', { type: 'Create', plan: planned });
  await world.deploy('v2', { plan: planned, request: 'change' });
  const pass = async (minutes: number): Promise<void> => {
    const then = world.now;
    for (let minute = 0; minute < minutes; minute++) {
      world.now = then + minute * MINUTE;
      const { v2 = 0 } = await world.shares();
      fleets.minute('v1', LOAD * (1 - v2 / 100));
      fleets.minute('v2', (LOAD * v2) / 100);
    }
    world.now = then;
  };
  await follow(world, { onWait: (seconds) => pass(Math.floor(seconds / 60)), stop: options.stop && (() => options.stop!(world)) });
  return { world, fleets, pass };
}

const lastStep = (count: number, minutes: number) => (world: World): void => {
  world.evidence = ({ stage, stageStartedAt }) => (stage === count - 1 && world.now - stageStartedAt > minutes * MINUTE
    ? { ...healthy, guardrails: [{ name: 'errors', action: 'rollback', status: 'triggered', detail: 'alarm errors is in ALARM' }] } : healthy);
};

describe('the way back is as wide as it was', () => {
  test.each<[string, readonly number[]]>([['a canary', [5, 50, 95]], ['a blue/green rollout that keeps production warm', [100]]])('after a rollback in the last step of %s', async (_, percents) => {
    const { world, fleets, pass } = await rollOut(percents, { meddle: lastStep(percents.length, 29) });
    expect(await world.shares()).toEqual({ v1: 100 });
    expect(fleets.endpoints.get('v1')).toMatchObject({ present: 7, min: 2 });
    // Production's own load keeps them then.
    await pass(60);
    expect(fleets.endpoints.get('v1')).toMatchObject({ present: 7 });
    expect(fleets.actions.size).toBe(0);
  });

  test('and is given back however the rollout ends', async () => {
    const ends: [string, (world: World) => void][] = [
      ['promotion', () => {}],
      ['abort', (world) => {
        world.evidence = async ({ stage }) => {
          if (stage === 1) {
            await world.order('abort', { reason: 'wrong prices' });
          }
          return healthy;
        };
      }],
      ['cancel', (world) => {
        world.evidence = async ({ stage }) => {
          if (stage === 1 && world.stackStatus === 'UPDATE_IN_PROGRESS') {
            world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
            await world.deploy('v1', { plan: plan() });
          }
          return healthy;
        };
      }],
    ];
    for (const [, meddle] of ends) {
      const { fleets } = await rollOut([5, 50], { meddle });
      expect(fleets.endpoints.get('v1')!.min).toBe(2);
      expect(fleets.actions.size).toBe(0);
    }
  });

  test('by AWS itself where nobody is left to do it, and a later rollout knows what was declared', async () => {
    const { world, fleets } = await rollOut([5, 50], {
      stop: (current) => current.decisions().some(({ decision }) => decision.percent === 50),
    });
    expect(fleets.endpoints.get('v1')!.min).toBe(7);
    const { at } = fleets.actions.get('v1')!;
    expect(at).toBeGreaterThan(world.now);
    // Again, by another rollout that finds it raised.
    const state = (await world.state())!;
    expect(await holdCapacity({ ...state, startedAt: world.now }, fleets)).toMatchObject([{ verdict: 'pass' }]);
    expect(fleets.actions.get('v1')).toMatchObject({ min: 2 });
    world.now = fleets.actions.get('v1')!.at;
    fleets.minute('v1', LOAD);
    expect(fleets.endpoints.get('v1')!.min).toBe(2);
    // What such an action says once its time is over may be of another template.
    fleets.endpoints.get('v1')!.min = 3;
    await releaseCapacity(state, fleets);
    expect(fleets.endpoints.get('v1')!.min).toBe(3);
  });
});

describe('capacity', () => {
  const production = variant('production', { target: { kind: 'sagemaker', endpointName: 'v1', maxRequestBytes: 1 } });
  const state = (overrides: Partial<RolloutState['plan']> = {}): RolloutState => ({
    schema: 1, id: 'r', alias: 'fraud/live', plan: plan({ capacity: { min: 1, max: 8 }, ...overrides }), production, candidate: variant('candidate', { target: { kind: 'sagemaker', endpointName: 'v2', maxRequestBytes: 1 } }),
    promoted: { schema: 1, assignment: { source: 'inference-id' } } as never, routerFunction: 'router', startedAt: 1_700_000_000_000, stage: 0, stageStartedAt: 0, prepared: true, decisions: 0,
  });
  const fleets = (present: { v1: number; v2: number }): Fleets => {
    const made = fleetsAt(() => 1_700_000_000_000);
    made.add('v1', 2, 8, present.v1);
    made.add('v2', 1, 8, present.v2);
    return made;
  };

  test('follows the share that the candidate is about to get: production keeps what all requests took', async () => {
    const few = fleets({ v1: 6, v2: 1 });
    expect(await raiseCapacity(state(), 50, few)).toEqual([{ name: 'capacity', verdict: 'wait', reason: '1 of 3 instances that 50 % needs are in service' }]);
    expect(few.endpoints.get('v2')).toMatchObject({ min: 3 });
    expect(await raiseCapacity(state(), 50, fleets({ v1: 6, v2: 3 }))).toMatchObject([{ verdict: 'pass' }]);
  });

  test('that does not scale, is at its least, or is somebody else\'s is left alone', async () => {
    const fixed = fleets({ v1: 3, v2: 1 });
    fixed.add('v1', 3, 3, 3);
    const least = fleets({ v1: 2, v2: 1 });
    const denied = fleets({ v1: 6, v2: 1 });
    denied.denied = true;
    for (const each of [fixed, least, denied]) {
      expect(await holdCapacity(state(), each)).toEqual([]);
      expect(each.actions.size).toBe(0);
    }
    expect(await holdCapacity({ ...state(), production: variant('production') }, denied)).toEqual([]);
    // Nothing was held, so there is nothing to give back, and the end of the rollout is no failure.
    await releaseCapacity(state({ capacity: undefined }), denied);
  });

  test('that is not known gives no permission, and where none is planned none is asked for', async () => {
    const broken = backendClients({ sageMaker: { send: (async () => { throw Object.assign(new Error('no'), { name: 'Throttling' }); }) as never }, scaling: { send: (async () => { throw new Error('x'); }) as never }, now: () => 0 });
    expect(await raiseCapacity(state(), 50, broken)).toMatchObject([{ verdict: 'wait' }]);
    expect(await holdCapacity(state(), broken)).toMatchObject([{ verdict: 'wait', reason: 'it could not be held: Throttling: no' }]);
    expect(await raiseCapacity(state({ capacity: undefined }), 50, broken)).toEqual([]);
    // Both are tried before anybody hears of a failure.
    await expect(releaseCapacity(state(), broken)).rejects.toThrow('no');
  });
});

describe('an endpoint that is being changed cannot be deleted yet', () => {
  const drain = 34_000;

  test.each([[4, 4], [60, 10]])('so whoever deletes it hears of the end once it is not: updating for %d minutes, %d are waited', async (minutes, waited) => {
    for (const result of ['promoted', 'rolled back']) {
      const world = new World();
      let since: number | undefined;
      const asked: string[] = [];
      world.updating = (target) => {
        asked.push(target.kind === 'lambda' ? target.functionArn : '');
        return world.now < (since ??= world.now) + minutes * MINUTE;
      };
      world.evidence = ({ stage }) => (stage < 1 || result === 'promoted' ? healthy : { ...healthy, guardrails: [{ name: 'errors', action: 'rollback', status: 'triggered', detail: 'on' }] });
      await run(world, plan({ deadlineSeconds: 6 * 3_600 }));
      expect(world.answers).toMatchObject([{ outcome: { result } }]);
      const took = world.now - world.answers[0].outcome.at;
      expect(took).toBeGreaterThanOrEqual(waited * MINUTE);
      expect(took).toBeLessThanOrEqual(waited * MINUTE + 3 * drain);
      expect(asked.length).toBeGreaterThan(1);
    }
  });

  test('and where nobody waits for the end, or the deadline has come, nothing is waited for', async () => {
    const world = new World();
    world.updating = () => true;
    world.evidence = ({ stage }) => (stage < 0 ? healthy : { ...healthy, guardrails: [{ name: 'errors', action: 'hold', status: 'triggered', detail: 'slow' }] });
    await run(world, plan({ deadlineSeconds: 1_800 }));
    expect(world.now - world.answers[0].outcome.at).toBeLessThanOrEqual(drain);
  });

  test('is an endpoint of SageMaker that says so', async () => {
    const made = fleetsAt(() => 0);
    made.add('v1', 1, 2, 1);
    const isUpdating = (of: Target): Promise<boolean> => backendOf(of).isUpdating(of, made);
    const target = { kind: 'sagemaker', endpointName: 'v1', maxRequestBytes: 1 } as const;
    expect(await isUpdating(target)).toBe(false);
    made.endpoints.get('v1')!.status = 'Updating';
    expect(await isUpdating(target)).toBe(true);
    expect(await isUpdating(variant('v1').target)).toBe(false);
  });
});
