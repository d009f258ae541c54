import { readSeries, valuesOf } from '../../../lambda/shared/series';
import { MEASURED_REQUESTS, Metric } from '../../../lib/core/names';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import type { EvidenceGuardrailPlan } from '../../../lib/core/guardrails/kinds';
import { routerMetric } from '../../../lib/core/guardrails/sources';
import type { StoredDecision } from '../../../lib/core/rollout/state';
import { plan } from '../../fixtures/plan';
import { ALIAS, World } from '../../fixtures/world';
import { follow } from '../../fixtures/run';
import { starsMetric, Traffic, type TrafficOptions } from '../../fixtures/traffic';

/** Whole rollouts by evidence: the real gate, machine, tasks, reading and judging, over simulated requests and metrics in virtual time. */

const errors: EvidenceGuardrailPlan = { kind: 'errors', name: 'errors', action: 'rollback' };
const latency: EvidenceGuardrailPlan = { kind: 'latency', name: 'latency', action: 'rollback', quantiles: [0.5, 0.9, 0.99] };

/** One in ten answers gets one to five stars. */
const stars: EvidenceGuardrailPlan = {
  kind: 'mean', name: 'stars', label: 'stars', action: 'rollback', candidate: starsMetric('v2'), production: starsMetric('v1'), lowest: 1, highest: 5, worse: 'lower', allowed: 0.95, margin: 0.85,
};

const judged = (overrides: Partial<RolloutPlan> = {}): RolloutPlan => plan({
  stages: [5, 25, 50].map((percent) => ({ percent, bakeSeconds: 600, approval: false })),
  deadlineSeconds: 4 * 3_600,
  guardrails: [errors],
  judgement: { alpha: 0.01, sampleRatio: { tolerance: 0.05, alpha: 0.001 }, uncertified: { afterSeconds: 1_200, policy: 'pause' } },
  ...overrides,
});

interface Told {
  readonly world: World;
  readonly traffic: Traffic;
  readonly decisions: readonly StoredDecision['decision'][];
  readonly moves: readonly string[];
  readonly sentence: string;
  readonly result: string | undefined;
  readonly minutes: number;
}

async function rollout(planned: RolloutPlan, options: Omit<TrafficOptions, 'requestsPerSecond'> & { requestsPerSecond?: number; hours?: number }, meddle: (traffic: Traffic, world: World) => void = () => {}): Promise<Told> {
  const world = new World();
  const traffic = new Traffic(world, { requestsPerSecond: 100, ...options });
  traffic.history('v1', options.hours ?? 6);
  traffic.reachesController();
  meddle(traffic, world);
  await world.deploy('v1', { type: 'Create', plan: planned });
  await world.deploy('v2', { plan: planned, request: 'change' });
  const started = world.now;
  await follow(world, { onWait: (seconds) => traffic.advance(world.now + seconds * 1_000) });
  const decisions = world.decisions().map(({ decision }) => decision);
  return {
    world, traffic, decisions,
    moves: decisions.filter(({ verdict }) => verdict !== 'hold').map(({ verdict, percent }) => `${verdict} ${percent}`),
    sentence: world.answers.at(-1)?.outcome.sentence ?? '',
    result: world.answers.at(-1)?.outcome.result,
    minutes: (world.now - started) / 60_000,
  };
}

/** Minutes at which an alarm on the candidate's share of failures would have gone off, by two of three minutes. */
async function breaches({ cloudWatch }: Traffic, world: World, threshold: number): Promise<number[]> {
  const [requests, failures] = [Metric.INVOCATIONS, Metric.FAILURES].map((metric) => routerMetric(ALIAS, 'v2', metric));
  const read = await readSeries(cloudWatch, [requests, failures], { start: new World().now, until: world.now, periodSeconds: 60 });
  const minutes = [...valuesOf(read, requests)].sort(([a], [b]) => a - b);
  expect(minutes.length).toBeGreaterThan(2);
  const high = minutes.map(([at, count]) => Number((valuesOf(read, failures).get(at) ?? 0) / count > threshold));
  return high.flatMap((_, minute) =>
    high.slice(Math.max(0, minute - 2), minute + 1).reduce((sum, one) => sum + one, 0) >= 2 ? [minute] : [],
  );
}

const healthyVersions = { v1: { errors: 0.01 }, v2: { errors: 0.01 } };

test('a healthy candidate is certified in every step and promoted, and nothing is counted for it any more', async () => {
  const { world, result, moves, sentence, decisions } = await rollout(judged({ guardrails: [errors, latency] }), {
    versions: healthyVersions,
  });
  expect({ result, moves }).toEqual({ result: 'promoted', moves: ['advance 5', 'advance 25', 'advance 50', 'promote 100'] });
  expect(sentence).toMatch(/errors: [\d,]+ of [\d,]+ \([\d.]+ %\) of the candidate's requests, [\d,]+ of [\d,]+ \([\d.]+ %\) of production's, [\d.]+ times as often \[[\d.]+, [\d.]+\]/);
  expect(decisions.at(-1)!.evidence.judgement?.guardrails).toMatchObject([{ name: 'errors', certified: true }, { name: 'latency', certified: true }]);
  expect((await world.route())?.measures).toBeUndefined();
});

test('1 % of errors that become 3 % are rolled back on evidence where an alarm on 5 % stays silent', async () => {
  const { result, moves, sentence, minutes, traffic, world } = await rollout(judged(), {
    versions: { v1: { errors: 0.01 }, v2: { errors: 0.03 } },
  });
  expect({ result, moves }).toEqual({ result: 'rolled back', moves: ['advance 5', 'roll back 0'] });
  expect(sentence).toMatch(/^rolled back: errors: [\d,]+ of [\d,]+ \([\d.]+ %\) of the candidate's requests, [\d,]+ of [\d,]+ \([\d.]+ %\) of production's, [\d.]+ times as often \[[\d.]+, [\d.]+\].*; allowed are 1\.1 times and 0\.05 % more; evidence [\d,]+ > 100 at /);
  expect(minutes).toBeLessThan(12);
  expect(await breaches(traffic, world, 0.05)).toEqual([]);
  expect(await world.rollouts.rejection(ALIAS, 'v2')).toMatchObject({ version: 'v2' });
});

test('of twenty healthy candidates all are promoted, of twenty worse ones none, however the requests fall', async () => {
  const results = { healthy: [] as (string | undefined)[], worse: [] as (string | undefined)[] };
  for (let seed = 0; seed < 20; seed++) {
    results.healthy.push((await rollout(judged(), { versions: healthyVersions, seed })).result);
    results.worse.push((await rollout(judged(), { versions: { v1: { errors: 0.01 }, v2: { errors: 0.03 } }, seed })).result);
  }
  expect(results).toEqual({ healthy: Array(20).fill('promoted'), worse: Array(20).fill('rolled back') });
});

test('a production that never fails hides nothing: what fails besides is rolled back, what is tolerated promoted', async () => {
  const tolerant = judged({ guardrails: [{ ...errors, allowed: { ratio: 1.1, tolerance: 0.0005 } }] });
  const never = (candidate: number): Promise<Told> => rollout(tolerant, { versions: { v1: { errors: 0 }, v2: { errors: candidate } } });
  expect((await never(0.01)).moves).toEqual(['advance 5', 'roll back 0']);
  expect((await never(0.004)).result).toBe('rolled back');
  expect((await never(0.0002)).result).toBe('promoted');
});

test.each([0.2, 1])('a production that fails %p of its requests is replaced by a candidate that does not', async (broken) => {
  expect(await rollout(judged(), { versions: { v1: { errors: broken }, v2: { errors: 0.01 } } })).toMatchObject({ result: 'promoted' });
});

test('harm is not forgotten: a candidate that was bad for five minutes and is good since is rolled back when its metrics come', async () => {
  const start = new World().now;
  const { result, moves, minutes, world } = await rollout(judged(), {
    versions: { v1: { errors: 0.01 }, v2: (at) => ({ errors: at - start < 6 * 60_000 ? 0.2 : 0.01 }) }, delaySeconds: () => 480,
  });
  expect({ result, moves }).toEqual({ result: 'rolled back', moves: ['advance 5', 'roll back 0'] });
  expect(minutes).toBeGreaterThan(8);
  expect(await world.rollouts.rejection(ALIAS, 'v2')).toMatchObject({ version: 'v2' });
});

test('a regression that begins after the first step is found in the next', async () => {
  const start = new World().now;
  const { result, moves } = await rollout(judged(), {
    versions: { v1: { errors: 0.01 }, v2: (at) => ({ errors: at - start > 25 * 60_000 ? 0.03 : 0.01 }) },
  });
  expect(result).toBe('rolled back');
  expect(moves.slice(0, 2)).toEqual(['advance 5', 'advance 25']);
});

test('a slower candidate is rolled back by thresholds that production\'s own history gave', async () => {
  const { result, sentence, world } = await rollout(judged({ guardrails: [errors, latency] }), {
    versions: { v1: { errors: 0.01 }, v2: { errors: 0.01, medianMs: 130 } },
  });
  expect(result).toBe('rolled back');
  expect(sentence).toMatch(/requests slower than [\d.]+ ms: .* [\d.]+ times as often/);
  const { thresholds } = (await world.state())!.baseline!;
  // Log-normal with median 100 ms and a spread of a half: p50 100, p90 190, p99 320.
  expect(thresholds.latency[0]).toBeGreaterThan(90);
  expect(thresholds.latency[2]).toBeLessThan(400);
  expect((await world.route())?.measures).toBeUndefined();
});

test('without any history the latency guardrail is left out, and that is said', async () => {
  const { result, decisions } = await rollout(judged({ guardrails: [errors, latency] }), { versions: healthyVersions, hours: 0 });
  expect(result).toBe('promoted');
  expect(decisions[0].sentence).toBe('advancing from 0 % to 5 %: the candidate is ready; guardrail latency is left out: production has no latencies of the last day to compare with');
  expect(decisions.at(-1)!.evidence.judgement?.guardrails.map(({ name }) => name)).toEqual(['errors']);
});

test('with little traffic nothing is certified: pause waits for the deadline, advance goes on, rollback rolls the candidate back', async () => {
  const quiet = { versions: healthyVersions, requestsPerSecond: 0.5 };
  const of = (policy: 'pause' | 'advance' | 'rollback'): Promise<Told> =>
    rollout(
      judged({
        minimumRequests: 5,
        stages: judged().stages.slice(0, 1),
        deadlineSeconds: 7_200,
        judgement: { ...judged().judgement!, uncertified: { afterSeconds: 600, policy } },
      }),
      quiet,
    );
  const paused = await of('pause');
  expect(paused.result).toBe('rolled back');
  expect(paused.sentence).toMatch(/^rolled back: the deadline of 2 h passed at 5 %: not certified 10 min after the bake time: .*it waits for more evidence, or for somebody to promote it/);
  expect(await paused.world.rollouts.rejection(ALIAS, 'v2')).toBeUndefined();
  const advanced = await of('advance');
  expect(advanced).toMatchObject({ result: 'promoted' });
  expect(advanced.minutes).toBeGreaterThan(20);
  const back = await of('rollback');
  expect(back).toMatchObject({ result: 'rolled back', sentence: expect.stringMatching(/^rolled back: not certified 10 min after the bake time: /) });
  expect(back.minutes).toBeLessThan(30);
});

test('metrics that come late are counted when they come', async () => {
  const late = (at: number): number => 30 + 400 * Number(Math.floor(at / 60_000) % 3 === 0);
  const bad = await rollout(judged(), { versions: { v1: { errors: 0.01 }, v2: { errors: 0.03 } }, delaySeconds: late });
  expect(bad.result).toBe('rolled back');
  const healthy = await rollout(judged(), { versions: healthyVersions, delaySeconds: late });
  expect(healthy.result).toBe('promoted');
  const tallies = healthy.decisions.map(({ evidence }) => evidence.judgement?.periods.withData ?? 0);
  expect(Math.max(...tallies)).toBeGreaterThan(25);
});

test('a candidate with as many stars is certified by them in every step, and one with fewer rolled back, although it fails no more', async () => {
  const versions = { v1: { errors: 0.01, stars: 4 }, v2: { errors: 0.01, stars: 4 } };
  const planned = judged({ guardrails: [errors, stars] });
  const good = await rollout(planned, { versions, hours: 2 });
  expect({ result: good.result, moves: good.moves }).toEqual({ result: 'promoted', moves: ['advance 5', 'advance 25', 'advance 50', 'promote 100'] });
  expect(good.decisions.at(-1)!.evidence.judgement?.guardrails).toMatchObject([{ name: 'errors', certified: true }, { name: 'stars', certified: true }]);
  const bad = await rollout(planned, { versions: { ...versions, v2: { errors: 0.01, stars: 3.4 } }, hours: 2 });
  expect(bad).toMatchObject({ result: 'rolled back', sentence: expect.stringMatching(/^rolled back: stars 3\.\d against (4|3\.9|4\.1) in production, [\d,]+ outcomes; evidence [\d,]+ > 100 at /) });
  expect((await bad.world.state())!.baseline!.deviations!.stars).toBeCloseTo(Math.sqrt(3), 1);
});

describe('bad data never advance a rollout', () => {
  /** After the first step has begun nothing may move it on. */
  const stuck = async (
    options: Partial<TrafficOptions>,
    meddle?: (traffic: Traffic, world: World) => void,
    planned = judged({ deadlineSeconds: 3_600 }),
  ): Promise<Told> => {
    const told = await rollout(planned, { versions: healthyVersions, ...options }, meddle);
    expect(told.decisions.filter(({ verdict }) => verdict === 'promote')).toEqual([]);
    expect(told.result).toBe('rolled back');
    expect(await told.world.rollouts.rejection(ALIAS, 'v2')).toBeUndefined();
    return told;
  };
  const start = new World().now;
  const later = (minutes: number) => (at: number): boolean => at - start > minutes * 60_000;

  test('requests that are no longer counted', async () => {
    const { moves, decisions } = await stuck({ loses: (_, __, at) => later(16)(at) });
    expect(moves[0]).toBe('advance 5');
    expect(decisions.at(-1)!.evidence.judgement?.reasons.map(({ text }) => text).join()).toMatch(/no traffic read for/);
  });

  test('failures of the candidate that are no longer counted', async () => {
    const { decisions, moves } = await stuck({ loses: (metric, version, at) => metric === Metric.FAILURES && version === 'v2' && later(3)(at) });
    expect(moves.filter((move) => move.startsWith('advance'))).toEqual(['advance 5']);
    expect(decisions.at(-1)!.evidence.judgement?.reasons.map(({ text }) => text).join()).toMatch(/errors: no data for/);
  });

  test('latencies of production that are no longer counted', async () => {
    const { moves, decisions } = await stuck({ loses: (metric, version, at) => version === 'v1' && later(3)(at) && (metric === MEASURED_REQUESTS || metric.startsWith('Slow')) }, undefined, judged({ guardrails: [errors, latency], deadlineSeconds: 3_600 }));
    expect(decisions.at(-1)!.evidence.judgement?.reasons.map(({ text }) => text).join()).toMatch(/latency: no data for/);
    expect(moves.filter((move) => move.startsWith('advance'))).toEqual(['advance 5']);
  });

  test.each<[string, (value: number) => number]>([
    ['negative', () => -1], ['no number', () => NaN], ['more than the requests', (value) => value + 1e6],
  ])('failures that are %s', async (_, distorted) => {
    const { moves } = await stuck({}, ({ cloudWatch }) => {
      cloudWatch.distort = (metric, version, at, value) => [{ at, value: metric === Metric.FAILURES && version === 'v2' && Math.floor(at / 60_000) % 7 === 0 ? distorted(value) : value }];
    });
    expect(moves.filter((move) => move.startsWith('advance 25'))).toEqual([]);
    expect(moves.some((move) => move.startsWith('invalid'))).toBe(true);
  });

  test('a mean outside the bounds that values were said to have', async () => {
    const versions = { v1: { errors: 0.01, stars: 4 }, v2: { errors: 0.01, stars: 4 } };
    const { decisions, moves } = await stuck(
      { versions },
      undefined,
      judged({ guardrails: [errors, { ...stars, highest: 3 } as EvidenceGuardrailPlan], deadlineSeconds: 3_600 }),
    );
    expect(decisions[0].sentence).toMatch(/production's last day has 3\d\d minutes in which the mean of guardrail stars is not between 1 and 3; a rollout holds while that is so/);
    expect(moves.filter((move) => move.startsWith('advance'))).toEqual(['advance 5']);
    expect(decisions.find(({ verdict }) => verdict === 'invalid')?.sentence).toMatch(/has a mean of [34]\.?\d* over \d+ outcomes, not between 1 and 3/);
  });

  test('stars that are no longer counted', async () => {
    const { decisions, moves } = await stuck(
      { versions: { v1: { errors: 0.01, stars: 4 }, v2: (at) => ({ errors: 0.01, ...(at - start > 3 * 60_000 ? {} : { stars: 4 }) }) } },
      undefined,
      judged({ guardrails: [errors, stars], deadlineSeconds: 3_600 }),
    );
    expect(moves.filter((move) => move.startsWith('advance'))).toEqual(['advance 5']);
    expect(decisions.at(-1)!.evidence.judgement?.reasons.map(({ text }) => text).join()).toMatch(/stars: no data for/);
  });

  test('two different values of one period', async () => {
    const { decisions } = await stuck({}, ({ cloudWatch }) => {
      cloudWatch.distort = (metric, _, at, value) =>
        metric === Metric.FAILURES && Math.floor(at / 60_000) % 5 === 0
          ? [
              { at, value },
              { at, value: value + 1 },
            ]
          : [{ at, value }];
    });
    expect(decisions.some(({ verdict }) => verdict === 'invalid')).toBe(true);
  });

  test('a split that is not what was configured', async () => {
    const { decisions } = await stuck({}, ({ cloudWatch }) => {
      cloudWatch.distort = (metric, version, at, value) => [{ at, value: version === 'v2' && metric !== Metric.FALLBACKS ? Math.round(value / 2) : value }];
    });
    expect(decisions.find(({ verdict }) => verdict === 'invalid')?.sentence).toMatch(/^holding at 5 %: analysis invalid: the candidate received 2\.\d% of the requests instead of 5/);
  });

  test('metrics that cannot be read, for good', async () => {
    const { decisions, world } = await stuck({}, ({ cloudWatch }, clock) => {
      cloudWatch.fault = () => {
        if (later(5)(clock.now)) {
          throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
        }
      };
    });
    expect(decisions.at(-1)!.evidence.judgementProblem).toBe('ThrottlingException: Rate exceeded');
    expect(await world.shares()).toEqual({ v1: 100 });
  });

  test('a controller whose clock is an hour behind sees only what it may', async () => {
    const { decisions } = await stuck({ delaySeconds: () => 3_600 });
    expect(decisions.every(({ evidence }) => (evidence.judgement?.periods.withData ?? 0) === 0)).toBe(true);
  });
});

test('the same values twice, page by page, are one reading', async () => {
  const { result } = await rollout(judged(), { versions: healthyVersions }, ({ cloudWatch }) => {
    cloudWatch.pageSize = 7;
    cloudWatch.distort = (_, __, at, value) => [{ at, value }, { at, value }];
  });
  expect(result).toBe('promoted');
});

test('metrics that are throttled for some minutes only delay it', async () => {
  let calls = 0;
  const { result } = await rollout(judged(), { versions: healthyVersions }, ({ cloudWatch }) => {
    cloudWatch.fault = () => {
      if (calls++ % 9 === 0) {
        throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
      }
    };
  });
  expect(result).toBe('promoted');
});

test('what only observes stands in no way', async () => {
  const observed = judged({ guardrails: [{ ...errors, action: 'observe' }] });
  const { result, decisions } = await rollout(observed, { versions: { v1: { errors: 0.01 }, v2: { errors: 0.03 } } });
  expect(result).toBe('promoted');
  expect(decisions.at(-1)!.evidence.judgement?.guardrails[0]).toMatchObject({ action: 'observe', certified: false });
});
