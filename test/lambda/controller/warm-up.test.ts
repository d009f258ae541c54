import type { AskEvent } from '../../../lambda/shared/router-protocol';
import { warmUp } from '../../../lambda/controller/warm-up';
import { requestsInFlight } from '../../../lib/core/rollout/capacity';
import { Metric } from '../../../lib/core/names';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import { routerMetric } from '../../../lib/core/guardrails/sources';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { variant } from '../../fixtures/serving';
import { PublishedMetrics } from '../../fixtures/published-metrics';
import { plan } from '../../fixtures/plan';
import { ALIAS, World } from '../../fixtures/world';
import { run } from '../../fixtures/run';

const NOW = 1_700_000_100_000;
const test1 = { name: 'one', body: '{"x":1}', contentType: 'application/json', status: 200, expect: [] };

const state = (overrides: Partial<RolloutPlan> = {}, more: Partial<RolloutState> = {}): RolloutState => ({
  schema: 1, id: 'rollout-of-fraud', alias: ALIAS, plan: plan({ smokeTests: [test1], warmUpRequests: undefined, ...overrides }), production: variant('production', { version: 'v1' }),
  candidate: variant('candidate', { version: 'v2' }), promoted: { schema: 1, assignment: { source: 'inference-id' } } as never, routerFunction: 'router', startedAt: NOW, stage: 0, stageStartedAt: NOW, prepared: true, decisions: 0, ...more,
});

/** How many requests of which body were sent at a time, by router, with metrics of so many requests a second that take so long. */
async function sent(given: RolloutState, percent: number, requestsPerSecond: number, milliseconds: number): Promise<number[]> {
  const cloudWatch = new PublishedMetrics(() => NOW);
  for (let at = NOW - 900_000; at < NOW; at += 60_000) {
    for (const [version, share] of [['v1', 0.75], ['v2', 0.25]] as const) {
      cloudWatch.put(routerMetric(ALIAS, version, Metric.INVOCATIONS), at, 60 * requestsPerSecond * share, at);
      cloudWatch.put(routerMetric(ALIAS, version, Metric.MODEL_LATENCY), at, milliseconds, at);
    }
  }
  const events: AskEvent[] = [];
  await warmUp(given, percent, { cloudWatch, router: { ask: async (_, event) => (events.push(event), { outcome: { kind: 'answer', status: 200, body: '' }, failed: 0, milliseconds: 1 }) }, now: () => NOW });
  expect(events.every(({ body, target }) => body === test1.body && target === given.candidate.target)).toBe(true);
  return events.map(({ times }) => times);
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

test('as many requests as the share that comes will have in flight, by Little\'s law and three standard deviations', async () => {
  expect(
    [
      [50, 10, 1],
      [80, 100, 0.1],
      [5, 1, 0.1],
      [100, 0, 0],
    ].map(([percent, requestsPerSecond, seconds]) => requestsInFlight(percent, { requestsPerSecond, seconds })),
  ).toEqual([12, 17, 1, 1]);
  expect(await sent(state(), 80, 100, 100)).toEqual([17]);
  expect(await sent(state(), 25, 100, 1_000)).toEqual([40]);
});

test('one router sends them all at the same time, and no account is flooded', async () => {
  expect(await sent(state(), 80, 100, 1_000)).toEqual([107]);
  expect(sum(await sent(state(), 100, 1_000, 5_000))).toBe(200);
});

test('the plan bounds it, and turns it off; without a golden request there is nothing to send', async () => {
  expect(await sent(state({ warmUpRequests: 5 }), 80, 100, 1_000)).toEqual([5]);
  expect(await sent(state({ warmUpRequests: 0 }), 80, 100, 1_000)).toEqual([]);
  expect(await sent(state({ smokeTests: [] }), 80, 100, 1_000)).toEqual([]);
});

test('instances of SageMaker start no environments: they are asked only where the plan says so', async () => {
  const candidate = variant('candidate', { version: 'v2', target: { kind: 'sagemaker', endpointName: 'e', maxRequestBytes: 1 } });
  expect(await sent(state({}, { candidate }), 80, 100, 1_000)).toEqual([]);
  expect(await sent(state({ warmUpRequests: 20 }, { candidate }), 80, 100, 1_000)).toEqual([20]);
});

test('an endpoint that nobody has called yet gets one', async () => {
  expect(await sent(state(), 80, 0, 0)).toEqual([1]);
});

test('it comes before every step and the promotion, and a rollout goes on without it', async () => {
  const world = new World();
  await run(world, plan());
  expect(world.warmed).toEqual([5, 50, 95, 100]);

  const failing = new World();
  const ports = failing.ports.bind(failing);
  failing.ports = () => ({ ...ports(), warmUp: async () => { throw new Error('throttled'); } });
  await run(failing, plan());
  expect(await failing.shares()).toEqual({ v2: 100 });
});

test('a candidate that does not answer so many at a time keeps the share that it has until it does', async () => {
  const world = new World();
  let tries = 0;
  world.warmth = () => (world.warmed.at(-1) === 50 && tries++ < 3 ? [{ name: 'warm-up', verdict: 'wait', reason: '60 of 200 golden requests at a time were not answered: Rate exceeded' }] : []);
  await run(world, plan());
  expect(world.warmed).toEqual([5, 50, 50, 50, 50, 95, 100]);
  expect(world.decisions().filter(({ decision }) => decision.sentence.includes('not answered')).map(({ decision }) => decision.sentence)[0]).toBe(
    'holding at 5 %: warm-up: 60 of 200 golden requests at a time were not answered: Rate exceeded',
  );
  expect(await world.shares()).toEqual({ v2: 100 });
});

test.each([[0, 'pass'], [10, 'pass'], [11, 'wait']])('of 107 golden requests %i may fail: %s', async (failed, verdict) => {
  const cloudWatch = new PublishedMetrics(() => NOW);
  for (let at = NOW - 900_000; at < NOW; at += 60_000) {
    cloudWatch.put(routerMetric(ALIAS, 'v1', Metric.INVOCATIONS), at, 6_000, at);
    cloudWatch.put(routerMetric(ALIAS, 'v1', Metric.MODEL_LATENCY), at, 1_000, at);
  }
  const outcome = { kind: 'answer' as const, status: 200, body: '' };
  expect(
    await warmUp(state(), 80, { cloudWatch, router: { ask: async () => ({ outcome, failed, milliseconds: 1 }) }, now: () => NOW }),
  ).toMatchObject([{ verdict }]);
});

test('a control is warmed up alike, and starts that are slower than its are told', async () => {
  const cloudWatch = new PublishedMetrics(() => NOW);
  const asked: string[] = [];
  const control = variant('control', { role: 'control', version: 'v1control' });
  const readings = await warmUp(state({ warmUpRequests: 9 }, { control }), 40, {
    cloudWatch, now: () => NOW, router: { ask: async (_, { target }) => {
      const name = target.kind === 'lambda' ? target.functionArn.split(':')[6] : '';
      asked.push(name);
      return { outcome: { kind: 'answer', status: 200, body: '' }, failed: 0, milliseconds: 1, startsMs: Array.from({ length: 9 }, (_each, index) => (name === 'control' ? 1_000 : 2_500) + index) };
    } },
  });
  expect(asked).toEqual(['candidate', 'control']);
  expect(readings).toMatchObject([{ verdict: 'pass' }, { name: 'cold starts', verdict: 'pass', told: true, reason: 'its environments take 2504 ms to start (median of 9) where production\'s take 1004 ms (of 9), 2.5 times as long' }]);
});

test('an abort while it is sent gives no share', async () => {
  const world = new World();
  const ports = world.ports.bind(world);
  world.ports = () => ({
    ...ports(),
    warmUp: async () => {
      await world.order('abort', { reason: 'wrong prices' });
      return [];
    },
  });
  const seen: number[] = [];
  await run(world, plan(), { onWait: async () => { seen.push((await world.shares()).v2 ?? 0); } });
  expect(seen.every((share) => share === 0)).toBe(true);
  expect(world.answers).toMatchObject([{ outcome: { result: 'rolled back' } }]);
});
