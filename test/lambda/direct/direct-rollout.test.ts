import { DirectRoutes } from '../../../lambda/shared/direct/direct-routes';
import { routeOfProduction } from '../../../lib/core/rollout/route-weights';
import type { Evidence } from '../../../lib/core/rollout/evidence';
import { NO_ROUTER } from '../../../lib/core/routing/direct-alias';
import { DIRECT, DirectWorld, KEY } from '../../fixtures/direct-world';
import { Refusal } from '../../fixtures/lambda-control-plane';
import { plan } from '../../fixtures/plan';
import { route, variant } from '../../fixtures/serving';
import { healthy } from '../../fixtures/world';

/** Rollouts of an alias of a Lambda function: the synthesized machine and the real tasks, gate and abort, over what keeps AWS's rules. */

const bad: Evidence = { ...healthy, guardrails: [{ name: 'errors', action: 'rollback', status: 'triggered', detail: 'alarm errors is in ALARM' }] };
const PLAN = plan();

test('a healthy version has 5, 50 and 95 % of the alias\'s callers, and then all; no schedule is left', async () => {
  const world = new DirectWorld();
  await world.begin();
  expect(world.callers).toEqual({ 7: 100 });
  const seen = await world.walk();
  expect([...new Set(seen.map((shares) => shares[8] ?? 0))]).toEqual([5, 50, 95, 100]);
  expect(world.callers).toEqual({ 8: 100 });
  expect(world.aws.schedules.size).toBe(0);
  expect(world.answers).toMatchObject([{ outcome: { result: 'promoted' } }]);
});

test('a bad one is rolled back, its content is refused under whatever number, and another is not', async () => {
  const world = new DirectWorld();
  world.evidence = ({ stage }) => (stage < 1 ? healthy : bad);
  await world.begin();
  await world.walk();
  expect(world.callers).toEqual({ 7: 100 });
  expect(world.aws.schedules.size).toBe(0);
  const { revision: _, ...again } = route([variant('production', { version: '9', content: 'content of 8' })], { direct: DIRECT });
  await expect(world.request({
    RequestType: 'Update', RequestId: 'again',
    ResourceProperties: { Table: 'routes', Alias: KEY, RouterFunction: NO_ROUTER, DrainSeconds: '34', Route: JSON.stringify(again), Plan: JSON.stringify(PLAN) },
  })).rejects.toThrow('was rejected');
  await expect(world.deploy('10')).resolves.toEqual({ answer: 'later' });
});

test('while it has a share a schedule would put production back, and is put off at every judgement', async () => {
  const world = new DirectWorld();
  await world.begin();
  const left: number[] = [];
  await world.walk(() => {
    const schedule = world.aws.schedules.get(DIRECT.schedule);
    if (schedule !== undefined) {
      left.push((schedule.at - world.now) / 1_000);
      expect(schedule.input).toMatchObject({ FunctionVersion: '7', RoutingConfig: { AdditionalVersionWeights: {} }, RevisionId: world.aws.aliases.get('fraud:live')!.revisionId });
    }
    expect(schedule !== undefined).toBe((world.callers[8] ?? 0) > 0 && (world.callers[7] ?? 0) > 0);
  });
  expect(Math.min(...left)).toBeGreaterThan(120);
});

test('nobody need be alive for the way back: when the controller dies, Scheduler puts production back by itself', async () => {
  const world = new DirectWorld();
  await world.begin();
  await world.task('prepare', { alias: KEY });
  await world.task('shift', { alias: KEY });
  expect(world.callers).toEqual({ 7: 95, 8: 5 });
  await world.sleep(179_000);
  expect(world.callers).toEqual({ 7: 95, 8: 5 });
  await world.sleep(2_000);
  expect(world.callers).toEqual({ 7: 100 });
  // A controller that comes back gives no share before it has judged, and goes on with the one that it had.
  world.evidence = () => ({ ...healthy, recentRequests: 0 });
  await world.task('judge', { alias: KEY });
  expect(world.callers).toEqual({ 7: 100 });
  world.evidence = () => healthy;
  await world.task('judge', { alias: KEY });
  expect(world.callers).toEqual({ 7: 95, 8: 5 });
});

test('an abort puts production back at once', async () => {
  const world = new DirectWorld();
  await world.begin();
  await world.task('prepare', { alias: KEY });
  await world.task('shift', { alias: KEY });
  await world.tell('abort');
  expect([world.callers, world.aws.schedules.size]).toEqual([{ 7: 100 }, 0]);
});

test('a share that was decided before an abort and written after it changes nothing', async () => {
  const world = new DirectWorld();
  await world.begin();
  await world.task('prepare', { alias: KEY });
  // The record is written; before the alias is, somebody aborts.
  let late: (() => Promise<void>) | undefined = async () => {
    late = undefined;
    await world.tell('abort');
  };
  const clients = world.aws.clients();
  const routes = new DirectRoutes(world.db, { now: () => world.now, aliases: async () => ({
    look: (direct) => clients.look(direct), create: (...given) => clients.create(...given), update: (...given) => clients.update(...given),
    keepLease: async (...given) => {
      await late?.();
      await clients.keepLease(...given);
    },
    endLease: (direct) => clients.endLease(direct), remove: (direct) => clients.remove(direct),
  }) });
  Object.assign(world, { routes });
  await world.task('shift', { alias: KEY });
  expect(world.callers).toEqual({ 7: 100 });
});

test.each<[string, (world: DirectWorld) => void, RegExp, { readonly [version: string]: number }]>([
  ['moves it to a version of their own', (world) => world.aws.change('fraud', 'live', { FunctionVersion: '3', RoutingConfig: { AdditionalVersionWeights: {} } }), /changed by somebody else: it names version 3, where version 7 with 5 % at version 8 was written/, { 3: 100 }],
  ['gives it other weights', (world) => world.aws.change('fraud', 'live', { RoutingConfig: { AdditionalVersionWeights: { 8: 0.5 } } }), /changed by somebody else/, { 7: 50, 8: 50 }],
  ['writes it anew, description and all', (world) => world.aws.change('fraud', 'live', { FunctionVersion: '3', RoutingConfig: { AdditionalVersionWeights: {} }, Description: 'by CI' }), /written by somebody else: it names version 3/, { 3: 100 }],
  ['deletes it', (world) => void world.aws.aliases.delete('fraud:live'), /is gone/, {}],
])('somebody who %s ends the rollout, and the alias stays as they have made it', async (_, change, reason, shares) => {
  const world = new DirectWorld();
  world.aws.versions.add('3');
  await world.begin();
  let changed = false;
  await world.walk(async () => {
    if (!changed && (await world.stage()) === 0) {
      changed = true;
      change(world);
    }
  });
  expect(world.answers).toMatchObject([{ outcome: { result: 'rolled back', sentence: expect.stringMatching(reason) } }]);
  expect(world.aws.schedules.size).toBe(0);
  expect(world.callers).toEqual(shares);
  // It says nothing of the version, which may be tried again.
  expect(await world.rollouts.rejection(KEY, 'content of 8')).toBeUndefined();
});

test('the next deployment says what somebody else has made of the alias, and goes on once it is put back', async () => {
  const world = new DirectWorld();
  world.aws.versions.add('3');
  await world.deploy('7', { type: 'Create' });
  world.aws.change('fraud', 'live', { FunctionVersion: '3' });
  await expect(world.deploy('8')).rejects.toThrow('alias live of fraud was changed by somebody else: it names version 3, where version 7 was written; put it back on version 7, and deploy again');
  world.aws.change('fraud', 'live', { FunctionVersion: '7' });
  await expect(world.deploy('8', { request: 'once more' })).resolves.toEqual({ answer: 'later' });
  // The way back of a stack never fails for it.
  world.aws.change('fraud', 'live', { FunctionVersion: '3' });
  world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
  await expect(world.deploy('7', { request: 'back' })).resolves.toMatchObject({ answer: 'now' });
  expect(world.callers).toEqual({ 3: 100 });
});

test('an alias that somebody else has made is refused, and not deleted', async () => {
  const world = new DirectWorld();
  world.aws.versions.add('3');
  world.aws.aliases.set('fraud:live', { version: '3', others: {}, revisionId: 'theirs' });
  await expect(world.deploy('7', { type: 'Create' })).rejects.toThrow('alias live of fraud is there already, and is not one of this construct: it names version 3');
  await world.request({ RequestType: 'Delete', RequestId: 'delete', ResourceProperties: { Table: 'routes', Alias: KEY, RouterFunction: NO_ROUTER, DrainSeconds: '0', Route: '{}' } });
  expect(world.callers).toEqual({ 3: 100 });
});

test('with its resource the alias goes, and its schedule', async () => {
  const world = new DirectWorld();
  await world.begin();
  await world.task('prepare', { alias: KEY });
  await world.task('shift', { alias: KEY });
  await world.request({ RequestType: 'Delete', RequestId: 'delete', ResourceProperties: { Table: 'routes', Alias: KEY, RouterFunction: NO_ROUTER, DrainSeconds: '0', Route: '{}' } });
  expect([world.aws.aliases.size, world.aws.schedules.size]).toEqual([0, 0]);
});

test('whatever call fails, and however often, callers are never left on a version that nobody watches, and the rollout ends', async () => {
  for (let failing = 1; failing <= 60; failing += 1) {
    const world = new DirectWorld();
    await world.begin();
    let calls = 0;
    // The machine asks a task again that fails.
    world.aws.fail = () => (++calls % 60 === failing ? new Refusal('TooManyRequestsException', 'slower') : undefined);
    const watched = (): void => expect([undefined, 100].includes(world.callers[8]) || world.aws.schedules.has(DIRECT.schedule)).toBe(true);
    await world.walk(watched);
    watched();
    expect([{ 7: 100 }, { 8: 100 }]).toContainEqual(world.callers);
    expect(world.answers).toHaveLength(1);
  }
});

test('a promotion whose writer dies before the alias is changed is carried out by whoever reads next', async () => {
  const world = new DirectWorld();
  await world.begin();
  await world.task('prepare', { alias: KEY });
  await world.task('shift', { alias: KEY });
  const before = world.callers;
  const { db } = world;
  const dead = new DirectRoutes(db, { now: () => world.now, aliases: () => Promise.reject(new Error('the function was ended')) });
  const stored = (await world.routes.read('routes', KEY))!;
  const back = routeOfProduction(JSON.parse(stored.json) as never);
  await expect(dead.write('routes', KEY, stored, JSON.stringify(back))).rejects.toThrow('ended');
  expect(world.callers).toEqual(before);
  await world.routes.read('routes', KEY);
  expect(world.callers).toEqual({ 7: 100 });
});
