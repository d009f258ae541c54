import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Env } from '../../../lib/core/names';
import type { OrderEvent } from '../../../lib/core/rollout/orders';
import { operate } from '../../../lambda/operate/operate';
import { abort } from '../../../lambda/abort/abort';
import { plan } from '../../fixtures/plan';
import { healthy, World } from '../../fixtures/world';

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

describe('an order that comes late', () => {
  const began = new Date(new World().now).toISOString();

  test.each(['abort', 'pause'] as const)('to %s is refused when what it is about was before the rollout', async (verb) => {
    const world = await underway();
    expect(await world.order(verb, { at: new Date(world.now - 1_200_000).toISOString() })).toEqual({
      ok: false, code: 'OUTDATED_ORDER', message: expect.stringMatching(/before the rollout on fraud\/live began at /),
    });
    expect(await world.shares()).toEqual({ v1: 95, v2: 5 });
    expect((await world.state())?.paused).toBeUndefined();
  });

  test.each(['abort', 'pause'] as const)('to %s is refused when it is about another rollout', async (verb) => {
    const world = await underway();
    expect(await world.order(verb, { rollout: 'the-last-one' })).toMatchObject({ ok: false, code: 'OUTDATED_ORDER' });
    expect(await world.order(verb, { rollout: world.started[0].name, at: began })).toMatchObject({ ok: true, code: 'DONE' });
  });

  test('of an alarm that stopped the last candidate does not stop the next', async () => {
    const world = await underway();
    const alarm = { by: 'alarm errors', at: new Date(world.now + 1_000).toISOString() };
    world.now += 2_000;
    expect(await world.order('abort', alarm)).toMatchObject({ code: 'DONE' });
    await world.task('judge');
    await world.task('rollBack');
    await world.task('report');
    world.now += 1_200_000;
    await world.deploy('v3', { plan: plan() });
    await world.task('prepare');
    await world.task('shift');
    expect(await world.order('abort', alarm)).toMatchObject({ code: 'OUTDATED_ORDER' });
    expect(await world.shares()).toEqual({ v1: 95, v3: 5 });
  });
});

describe('operate', () => {
  test('a pause holds until somebody resumes', async () => {
    const world = await underway();
    await world.order('pause', { reason: 'lunch' });
    await world.pass(400);
    expect((await world.task('judge')).verdict).toBe('hold');
    expect((await world.state())?.last?.sentence).toBe('holding at 5 %: paused by ann (lunch)');
    expect(await world.order('pause')).toMatchObject({ code: 'NOTHING_TO_DO', message: 'the rollout was paused already, by ann' });
    await world.order('resume');
    expect((await world.task('judge')).verdict).toBe('advance');
    expect(await world.order('resume')).toMatchObject({ code: 'NOTHING_TO_DO' });
  });

  test('time alone ends no pause, guardrails act in it, and a promotion ends it', async () => {
    const bad = { ...healthy, guardrails: [{ ...healthy.guardrails[0], status: 'triggered' as const, detail: 'alarm errors is in ALARM' }] };
    const [idle, guarded] = [await underway({ deadlineSeconds: 86_400 }), await underway()];
    await idle.order('pause');
    await idle.pass(80_000);
    expect((await idle.task('judge')).verdict).toBe('hold');
    await idle.order('promote');
    expect((await idle.task('judge')).verdict).toBe('promote');
    await guarded.order('pause');
    guarded.evidence = () => bad;
    expect((await guarded.task('judge')).verdict).toBe('roll back');
  });

  test('an approval lets its stage begin, and no later one', async () => {
    const world = await underway({ stages: plan().stages.map((stage, index) => ({ ...stage, approval: index > 0 })) });
    await world.pass(400);
    expect((await world.task('judge')).verdict).toBe('hold');
    expect(await world.order('approve')).toMatchObject({ ok: true, message: 'stage 2 (50 %) is approved' });
    expect((await world.task('judge')).verdict).toBe('advance');
    await world.task('shift');
    await world.pass(400);
    expect((await world.task('judge')).verdict).toBe('hold');
    expect(await world.order('approve', { stage: 2 })).toMatchObject({ ok: true, code: 'DONE' });
    expect(await world.order('approve')).toMatchObject({ ok: true, code: 'NOTHING_TO_DO' });
    expect(await world.order('approve', { stage: 3 })).toMatchObject({ ok: false, code: 'MALFORMED_ORDER' });
  });

  test('an approval that comes while evidence is gathered does not skip the hooks', async () => {
    const world = await underway({ stages: plan().stages.map((stage, index) => ({ ...stage, approval: index > 0 })), hooks: [{ point: 'before-step', functionArn: 'arn:aws:lambda:r:1:function:f' }] });
    await world.pass(400);
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
  [{ at: 'yesterday' }, /must be a time as ISO 8601/],
  [{ rollout: 7 as never }, /rollout is not a text/],
  [{ by: 'x'.repeat(501) }, /by has 501 characters/],
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

describe('the log of an order', () => {
  const order = {
    verb: 'abort', alias: 'fraud/live', by: 'x'.repeat(9_000), reason: { nested: true },
    _aws: { Timestamp: 1, CloudWatchMetrics: [{ Namespace: 'ModelRollout', Dimensions: [['Endpoint']], Metrics: [{ Name: 'Failures' }] }] },
    Endpoint: 'fraud', Failures: 1e6, level: 'ERROR', message: 'forged',
  };

  /** What the bundle that ships writes to its log. */
  async function logged(asset: 'abort' | 'operate'): Promise<{ [name: string]: unknown }[]> {
    const script = `
      const { handler } = await import(${JSON.stringify(join(__dirname, `../../../assets/${asset}/index.mjs`))});
      await handler(${JSON.stringify(order)});
      process.exit(0);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: process.env.PATH, AWS_REGION: 'us-east-1', [Env.TABLE]: 'routes', [Env.ROLLOUTS_TABLE]: 'rollouts', AWS_LAMBDA_LOG_LEVEL: 'INFO' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => child.once('close', resolve));
    return Buffer.concat(chunks).toString().trim().split('\n').map((line) => JSON.parse(line) as { [name: string]: unknown });
  }

  test.each(['abort', 'operate'] as const)('of %s has fields of ours with texts: nothing that is sent becomes a metric or a field', async (asset) => {
    const lines = await logged(asset);
    expect(lines).toHaveLength(1);
    expect(Object.keys(lines[0])).toEqual(expect.arrayContaining(['verb', 'alias', 'by', 'ok', 'code', 'outcome']));
    for (const name of ['_aws', 'Endpoint', 'Failures', 'reason']) {
      expect(lines[0]).not.toHaveProperty(name);
    }
    expect(lines[0]).toMatchObject({ level: 'INFO', ok: false, code: 'MALFORMED_ORDER' });
    expect(JSON.stringify(lines[0]).length).toBeLessThan(2_000);
  });
});
