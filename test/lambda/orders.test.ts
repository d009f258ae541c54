import type { OrderEvent } from '../../lib/core/rollout/orders';
import { operate } from '../../lambda/operate/operate';
import { abort } from '../../lambda/abort/abort';
import { plan, World } from './controller/world';

async function underway(overrides = {}): Promise<World> {
  const world = new World();
  const planned = plan(overrides);
  await world.deploy('v1', { type: 'Create', plan: planned });
  await world.deploy('v2', { plan: planned });
  await world.task('prepare');
  await world.task('shift');
  return world;
}

describe('abort', () => {
  test('puts the alias back on production at once, by whoever asked for it', async () => {
    const world = await underway();
    expect(await world.order('abort', { by: 'alarm errors', reason: '9 > 5' })).toEqual({ ok: true, code: 'DONE', message: 'the rollout on fraud/live is aborted: production has all requests' });
    expect(await world.shares()).toEqual({ v1: 100 });
    expect((await world.task('judge')).verdict).toBe('roll back');
    expect((await world.task('rollBack')).verdict).toBe('drain');
    await world.task('report');
    expect(world.answers[0].outcome.sentence).toBe('rolled back: aborted by alarm errors: 9 > 5');
    await expect(world.deploy('v2', { plan: plan() })).rejects.toThrow(/was rejected/);
  });

  test.each(['shift', 'judge', 'promote'] as const)('wins over a controller that is about to %s', async (task) => {
    const world = await underway();
    if (task === 'promote') {
      await world.order('promote');
    }
    world.now += task === 'shift' ? 300_000 : 0;
    await world.task('judge');
    await world.order('abort');
    expect((await world.task(task)).verdict).toBe('roll back');
    expect(await world.shares()).toEqual({ v1: 100 });
  });

  test('wins over a controller that has read the route before, and writes after', async () => {
    const world = await underway();
    let raced = false;
    const write = world.routes.write.bind(world.routes);
    world.routes.write = async (...args) => {
      if (!raced) {
        raced = true;
        await world.order('abort');
      }
      return write(...args);
    };
    world.now += 60_000;
    expect((await world.task('judge')).verdict).toBe('roll back');
    expect(await world.shares()).toEqual({ v1: 100 });
  });

  test('again, late or without a rollout changes nothing', async () => {
    const world = await underway();
    await world.order('abort');
    const before = await world.route();
    expect(await world.order('abort')).toMatchObject({ ok: true, code: 'NOTHING_TO_DO' });
    expect(await world.route()).toEqual(before);
    await world.task('rollBack');
    expect(await world.order('abort')).toMatchObject({ ok: true, code: 'NOTHING_TO_DO', message: 'no rollout is running on fraud/live' });
  });
});

describe('operate', () => {
  test('a pause holds until somebody resumes', async () => {
    const world = await underway();
    await world.order('pause', { reason: 'lunch' });
    world.now += 400_000;
    expect((await world.task('judge')).verdict).toBe('hold');
    expect((await world.state())?.last?.sentence).toBe('holding at 5 %: paused by ann (lunch)');
    expect(await world.order('pause')).toMatchObject({ code: 'NOTHING_TO_DO', message: 'the rollout was paused already, by ann' });
    await world.order('resume');
    expect((await world.task('judge')).verdict).toBe('advance');
    expect(await world.order('resume')).toMatchObject({ code: 'NOTHING_TO_DO' });
  });

  test('an approval lets its stage begin, and no later one', async () => {
    const world = await underway({ stages: plan().stages.map((stage, index) => ({ ...stage, approval: index > 0 })) });
    world.now += 400_000;
    expect((await world.task('judge')).verdict).toBe('hold');
    expect(await world.order('approve')).toMatchObject({ ok: true, message: 'stage 2 (50 %) is approved' });
    expect((await world.task('judge')).verdict).toBe('advance');
    await world.task('shift');
    world.now += 400_000;
    expect((await world.task('judge')).verdict).toBe('hold');
    expect(await world.order('approve', { stage: 2 })).toMatchObject({ ok: true, code: 'DONE' });
    expect(await world.order('approve')).toMatchObject({ ok: true, code: 'NOTHING_TO_DO' });
    expect(await world.order('approve', { stage: 3 })).toMatchObject({ ok: false, code: 'MALFORMED_ORDER' });
  });

  test('an approval that comes while evidence is gathered does not skip the hooks', async () => {
    const world = await underway({ stages: plan().stages.map((stage, index) => ({ ...stage, approval: index > 0 })), hooks: [{ point: 'before-step', functionArn: 'arn:aws:lambda:r:1:function:f' }] });
    world.now += 400_000;
    world.asked.length = 0;
    const observe = world.ports().observe;
    world.ports = ((ports) => () => ({ ...ports(), observe: async (state) => (await world.order('approve', { stage: 1 }), observe(state)) }))(world.ports.bind(world));
    expect((await world.task('judge')).verdict).toBe('hold');
    expect(world.asked).toEqual([]);
    expect((await world.task('judge')).verdict).toBe('advance');
    expect(world.asked).toEqual(['before-step']);
  });

  test('a promotion skips what is left, but not a guardrail', async () => {
    const world = await underway();
    await world.order('promote', { reason: 'we know' });
    expect((await world.task('judge')).verdict).toBe('promote');
    expect((await world.state())?.last?.sentence).toBe('promoted: ann asked for it (we know)');
  });

  test('fails without a rollout', async () => {
    const world = new World();
    expect(await world.order('pause')).toMatchObject({ ok: false, code: 'NO_ROLLOUT' });
    expect(await world.order('retry')).toMatchObject({ ok: false, code: 'NOT_REJECTED' });
  });

  test('gives way to the controller and comes through', async () => {
    const world = await underway();
    let conflicts = 3;
    const write = world.rollouts.writeState.bind(world.rollouts);
    world.rollouts.writeState = async (...args) => conflicts-- > 0 ? false : write(...args);
    expect(await world.order('pause')).toMatchObject({ ok: true });
    conflicts = 1_000;
    expect(await world.order('resume')).toMatchObject({ ok: false, code: 'CONFLICT' });
  });
});

test.each<[Partial<OrderEvent> | null, RegExp]>([
  [null, /not an object/],
  [{ verb: 'explode' as never }, /verb is "explode"/],
  [{ alias: 'live' }, /must be "endpoint\/alias"/],
  [{ alias: 7 as never }, /must be "endpoint\/alias"/],
  [{ by: ' ' }, /say who gives the order/],
  [{ reason: 7 as never }, /reason is not a text/],
  [{ stage: -1 }, /whole number from 0/],
  [{ version: 'xyz' }, /must be a digest/],
])('fails for the order %j', async (wrong, message) => {
  const world = new World();
  const order = wrong === null ? (null as unknown as OrderEvent) : { verb: 'pause' as const, alias: 'fraud/live', by: 'ann', ...wrong };
  for (const result of [
    await operate(order, { rollouts: world.rollouts, now: () => 0 }),
    await abort(order && { ...order, verb: order.verb === 'pause' ? 'abort' : order.verb }, { table: 'routes', routes: world.routes, now: () => 0 }),
  ]) {
    expect(result).toMatchObject({ ok: false, code: 'MALFORMED_ORDER', message: expect.stringMatching(message) });
  }
});
