import { Duration } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { Assignment, CanaryRollout, type CanaryRolloutProps, Guardrail, type ModelEndpointProps, TrafficShift } from '../../../lib/index';
import { rolloutsOf } from '../../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../../rehearsal/assembly/found-rollout';
import { Callers, type Split } from '../../../rehearsal/engine/callers';
import { rehearse } from '../../../rehearsal/engine/rehearse';
import type { Run } from '../../../rehearsal/engine/run';
import { builtInScenarios, USUAL } from '../../../lib/core/rehearsal/built-in';
import { concerns } from '../../../rehearsal/scenario/concerns';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';
import { newEndpoint, newStack } from '../../fixtures/stacks';

function rolloutOf(props: Omit<CanaryRolloutProps, 'endpoint'> = {}, endpoint: Partial<ModelEndpointProps> = {}): FoundRollout {
  const stack = newStack();
  new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack, endpoint), shift: TrafficShift.steps([5, 25, 50], { bakeTime: Duration.minutes(10) }), ...props });
  return rolloutsOf('Stack', Template.fromStack(stack).toJSON())[0];
}

const busy = (name: string, requestsPerSecond = 100): Scenario =>
  builtInScenarios({ ...USUAL, traffic: { ...USUAL.traffic, requestsPerSecond } }).find((each) => each.name === name)!;
const runs = async (rollout: FoundRollout, scenario: Scenario, count: number): Promise<Run[]> => {
  const all: Run[] = [];
  for (let seed = 1; seed <= count; seed++) {
    all.push(await rehearse(rollout, scenario, { seed, trace: true }));
  }
  return all;
};
const verdicts = async (...of: Parameters<typeof runs>): Promise<string[]> => [...new Set((await runs(...of)).map(({ verdict, sentence }) => (verdict === 'promoted' ? verdict : `${verdict}: ${sentence}`)))];
const sum = (run: Run, count: keyof NonNullable<Run['trace']>['minutes'][number]): number => run.trace!.minutes.reduce((all, minute) => all + minute[count], 0);

const plan = rolloutOf();

test('an input that is bad for both versions is held against neither, and hides nothing of what the candidate fails besides', async () => {
  expect(await verdicts(plan, busy('bad-inputs'), 2)).toEqual(['promoted']);
  for (const run of await runs(plan, busy('masked'), 2)) {
    expect(run).toMatchObject({ verdict: 'rolled back', sentence: expect.stringContaining('errors') });
  }
});

test('what callers send again is more of what is bad for both, and of nothing else', async () => {
  const rate = async (retries: number): Promise<number[]> => {
    const [run] = await runs(plan, { ...busy('bad-inputs', 50), retries }, 1);
    return [sum(run, 'candidateFailures') / sum(run, 'candidateRequests'), sum(run, 'productionFailures') / sum(run, 'productionRequests')];
  };
  const [once, often] = [await rate(0), await rate(2)];
  once.forEach((each) => expect(each).toBeCloseTo(0.01, 2));
  often.forEach((each) => expect(each).toBeCloseTo(0.03 / 1.02, 2));
});

test('quick refusals of both versions are held against neither', async () => {
  expect(await verdicts(plan, busy('refusals'), 2)).toEqual(['promoted']);
});

test('an answer that takes the candidate too long fails it, whoever answers instead', async () => {
  const slow = { medianMs: 2_000, p99Ms: 16_000 };
  const pair = (errorRate: number): Scenario => ({
    ...USUAL, production: { ...USUAL.production, errorRate, latency: slow }, candidate: { ...USUAL.candidate, errorRate, latency: slow },
  });
  const half = rolloutOf({ candidateTimeBudget: Duration.seconds(14) });
  // Half of the time-out is not enough for what takes longer: known from production's history, before any candidate fails for it.
  expect((await runs(half, pair(0.0015), 2)).map(({ verdict, sentence, candidateRequests }) => [verdict, sentence.replace(/^rolled back: [\d.]+/, '…'), candidateRequests])).toEqual(
    Array.from({ length: 2 }, () => ['gave up', expect.stringMatching(/^… % of production's answers of the last day took longer than the 14000 ms that the candidate has \(candidateTimeBudget\)/), 0]),
  );
  // A candidate that is slow by itself fails by it, whoever answers instead.
  // It is found slow within minutes, so that one rollout sees few such answers.
  const found = await runs(
    half,
    { ...USUAL, candidate: { ...USUAL.candidate, errorRate: 0, latency: slow }, production: { ...USUAL.production, errorRate: 0 } },
    10,
  );
  const all = (count: 'candidateFailures' | 'candidateRequests' | 'productionFailures'): number => found.reduce((total, run) => total + sum(run, count), 0);
  expect(all('candidateFailures') / all('candidateRequests')).toBeGreaterThan(0.005);
  expect(all('productionFailures')).toBe(0);
  // Unless it is given less, a candidate that is as slow as production has as much time.
  expect(await verdicts(plan, pair(0.0015), 2)).toEqual(['promoted']);
});

describe('callers who stick to a version', () => {
  const sticky = rolloutOf({}, { assignment: Assignment.header('x-caller') });

  test('come with all that they send: a broken one is at one version, with what routers assign', async () => {
    const broken = { ...busy('broken-caller'), callers: { ...busy('broken-caller').callers!, brokenShare: 0.05 } };
    const all = await runs(sticky, broken, 8);
    // In a step it is with the candidate or not; with independent requests both would fail 6 %.
    const failing = all
      .map(({ trace }) => trace!.minutes[5])
      .map(({ candidateFailures, candidateRequests }) => candidateFailures / candidateRequests);
    expect(Math.min(...failing)).toBeLessThan(0.04);
    const shares = all
      .map((run) => run.trace!.minutes[5])
      .map(({ candidateRequests, productionRequests }) => candidateRequests / (candidateRequests + productionRequests));
    // A few callers send much: the share of the requests is not that of the callers.
    expect(Math.max(...shares) - Math.min(...shares)).toBeGreaterThan(0.01);
  });

  test('do not concern a plan that assigns each request by itself', () => {
    expect([plan, sticky].map((rollout) => concerns(rollout, busy('broken-caller')))).toEqual([false, true]);
    expect(builtInScenarios().filter((scenario) => !concerns(plan, scenario)).map(({ name }) => name)).toEqual(['selective-labels', 'bad-ratings', 'losing', 'broken-caller', 'autoscaling']);
  });

  test('who differ in latency are told apart within what all of them have, and stay so', () => {
    const picture = { count: 60, skew: 0, brokenShare: 0, failureSpread: 0.5, latencySpread: 0.3 };
    const callers = new Callers(picture, 'shop/live', 7);
    const at = (share: number): Split => callers.at(share, { candidate: 'v2', production: 'v1', byCells: false });
    for (const share of [0.05, 0.25, 0.5]) {
      const { candidate, production } = at(share);
      expect(candidate.part + production.part).toBeCloseTo(1, 9);
      expect(Math.abs(candidate.part - share)).toBeLessThan(0.15);
      // Whoever they are with: weighted by their requests, all have the spread that was asked for, around the same middle.
      const all = [...candidate.latency, ...production.latency].map(({ weight, factor }) => ({ weight, log: Math.log(factor) }));
      const mean = all.reduce((sum, { weight, log }) => sum + weight * log, 0);
      expect(all.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
      expect(Math.abs(mean)).toBeLessThan(0.15);
      const spread = Math.sqrt(all.reduce((sum, { weight, log }) => sum + weight * (log - mean) ** 2, 0));
      expect(spread).toBeGreaterThan(0.2);
      expect(spread).toBeLessThan(0.4);
    }
    // A few callers are told apart one by one: who is with the candidate is still with it at a larger share.
    const factors = (share: number): number[] => at(share).candidate.latency.map(({ factor }) => Number(factor.toFixed(9)));
    expect(factors(0.05).length).toBeGreaterThan(0);
    expect(factors(0.12)).toEqual(expect.arrayContaining(factors(0.05)));
    expect(factors(0.12).length).toBeGreaterThan(factors(0.05).length);
    expect(new Callers(picture, 'shop/live', 7).at(0.25, { candidate: 'v2', production: 'v1', byCells: false })).toEqual(at(0.25));
  });
});

test('bursts, hiccups and wandering come to a version as often as they are said to, of one seed always alike', async () => {
  const [bursts] = await runs(plan, { ...busy('bursts', 10), production: { ...USUAL.production, errorRate: 0 }, candidate: { ...USUAL.candidate, errorRate: 0 } }, 1);
  expect((sum(bursts, 'candidateFailures') + sum(bursts, 'productionFailures')) % 40).toBe(0);
  const hiccups = { ...busy('hiccups', 10), hiccups: { perDay: 1_440, minutes: 1, errorRate: 1 } };
  // Its alarm would end the rollout within the first minute.
  const [always] = await runs(rolloutOf({ circuitBreaker: false }), hiccups, 1);
  expect(always.trace!.minutes.some(({ productionFailures, productionRequests }) => productionFailures === productionRequests)).toBe(true);
  expect(await rehearse(plan, busy('wandering-latency'), { seed: 4 })).toEqual(await rehearse(plan, busy('wandering-latency'), { seed: 4 }));
});

test('a kind of requests that the candidate always fails is a part of what it fails', async () => {
  const [run] = await runs(plan, { ...busy('segment', 10), candidate: { ...USUAL.candidate, errorRate: 0 }, production: { ...USUAL.production, errorRate: 0 }, segment: { share: 0.5, errorRate: 1 } }, 1);
  expect(run).toMatchObject({ verdict: 'rolled back' });
  expect(sum(run, 'candidateFailures') / sum(run, 'candidateRequests')).toBeCloseTo(0.5, 0);
  expect(run.detectionSeconds).toBeGreaterThan(0);
});

describe('execution environments that have to be started', () => {
  const latency = { medianMs: 500, p99Ms: 1_500 };
  const cold = (requestsPerSecond: number): Scenario => {
    const usual = {
      ...USUAL,
      traffic: { ...USUAL.traffic, requestsPerSecond },
      production: { ...USUAL.production, latency },
      candidate: { ...USUAL.candidate, latency },
    };
    return builtInScenarios(usual).find(({ name }) => name === 'cold-starts')!;
  };
  const canary = rolloutOf({ shift: undefined });
  test('are held against nobody: what a fresh share meets has settled before it counts', async () => {
    expect(await verdicts(canary, cold(50), 2)).toEqual(['promoted']);
  });

  test('that are gone after seconds make a small share slow for good: such a model cannot be told from a slow one', async () => {
    const fleeting = { ...cold(20), environments: { ...cold(20).environments!, idleMinutes: 0.03 } };
    expect((await verdicts(canary, fleeting, 2)).join()).toMatch(/slower than/);
  });

  test('concern functions, and a warm-up is sent to the candidate\'s', async () => {
    expect(concerns(canary, cold(10))).toBe(true);
    const warmed = await runs(rolloutOf({ shift: undefined, smokeTests: [{ body: '{}' }] }), cold(20), 1);
    expect(warmed[0].verdict).toBe('promoted');
  });
});

test('a time in which CloudWatch cannot be read is no bake time', async () => {
  const limits = rolloutOf({
    shift: TrafficShift.steps([5], { bakeTime: Duration.minutes(10) }),
    guardrails: [Guardrail.errorPercentAbove(20)],
  });
  const without = await rehearse(limits, USUAL, { seed: 1 });
  const run = await rehearse(limits, builtInScenarios().find(({ name }) => name === 'metric-outage')!, { seed: 1 });
  expect([without.verdict, run.verdict]).toEqual(['promoted', 'promoted']);
  // The share ends with its lease, and begins anew.
  const at = (percent: number): number => run.shares.filter(([, share]) => share === percent).length;
  expect([at(5), at(0)]).toEqual([2, 1]);
  const baked = (of: Run): number =>
    of.shares.reduce((sum, [from, share], index) => sum + (share === 5 ? of.shares[index + 1][0] - from : 0), 0);
  expect(baked(run)).toBeGreaterThanOrEqual(baked(without) - 60);
});
