import { Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { RolloutStore } from '../../../lambda/shared/records/rollout-store';
import { RouteRecords } from '../../../lambda/shared/routes/route-records';
import { CanaryRollout, Comparison, Guardrail, Judge, RolloutApproval, ShadowMirror, InsufficientTrafficAction, TrafficShift } from '../../../lib/index';
import { rolloutsOf } from '../../../rehearsal/assembly/find-rollouts';
import { rehearse } from '../../../rehearsal/engine/rehearse';
import type { Run } from '../../../rehearsal/engine/run';
import { blindSpot } from '../../../rehearsal/results/blind-spots';
import { concerns } from '../../../rehearsal/scenario/concerns';
import { builtInScenarios, USUAL } from '../../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';
import { inline, newEndpoint, newStack } from '../../fixtures/stacks';
import { MemoryDynamoDb } from '../../../rehearsal/harness/memory-dynamodb';
import { foundRollout } from '../../fixtures/found-rollouts';

const rollout = foundRollout();
const scenario = (name: string): Scenario => builtInScenarios().find((each) => each.name === name)!;
const once = (name: string, seed = 1): Promise<Run> => rehearse(rollout, scenario(name), { seed, trace: true });

test('a healthy candidate goes through the stages and is promoted', async () => {
  const run = await once('healthy');
  expect(run).toMatchObject({ verdict: 'promoted', answered: true });
  expect(run.shares.map(([, percent]) => percent)).toEqual([...rollout.plan.stages.map(({ percent }) => percent), 100]);
  expect(run.seconds).toBeGreaterThanOrEqual(1_800);
  const { stages, settlingSeconds = 0 } = rollout.plan;
  const expected = stages.reduce((sum, { percent, bakeSeconds }) => sum + 10 * (bakeSeconds + settlingSeconds) * (percent / 100), 0);
  expect(run.candidateRequests / expected).toBeCloseTo(1, 1);
  expect(run.trace!.decisions.map(({ verdict }) => verdict)).toEqual(['advance', 'hold', 'advance', 'hold', 'advance', 'hold', 'promote']);
});

test.each([
  ['ten times the traffic for 20 minutes', scenario('spike')],
  ["a day's rhythm", scenario('diurnal')],
  ['failures in groups', scenario('clustered')],
  ['an outage of both versions', scenario('outage')],
])('%s rolls no healthy candidate back by the guardrails that are there by default', async (_, world) => {
  const usual = foundRollout({ guardrails: undefined });
  for (const seed of [1, 2]) {
    expect(await rehearse(usual, { ...world, traffic: { ...world.traffic, requestsPerSecond: 50 } }, { seed })).toMatchObject({ verdict: 'promoted' });
  }
});

test('at hardly any traffic one failure is a large share, and takes nothing back', async () => {
  const few: Scenario = {
    ...USUAL,
    traffic: { ...USUAL.traffic, requestsPerSecond: 0.2 },
    production: { ...USUAL.production, errorRate: 0.02 },
    candidate: { ...USUAL.candidate, errorRate: 0.02 },
  };
  const usual = foundRollout({ guardrails: undefined });
  for (const seed of [1, 2, 3, 4]) {
    const { verdict, candidateFailures } = await rehearse(usual, few, { seed });
    expect(candidateFailures).toBeGreaterThan(0);
    expect(['promoted', 'gave up']).toContain(verdict);
  }
});

test('a broken candidate is back within a minute of its first requests', async () => {
  const run = await once('broken');
  expect(run).toMatchObject({ verdict: 'rolled back' });
  expect(run.detectionSeconds).toBeLessThan(60);
  expect(run.candidateFailures).toBe(run.candidateRequests);
  expect(run.trace!.alarms.some(({ state }) => state === 'ALARM')).toBe(true);
});

test('a slower candidate is seen by its latency', async () => {
  expect(await once('slower')).toMatchObject({ verdict: 'rolled back', sentence: expect.stringContaining('latency-p99') });
  expect(await once('slow-tail')).toMatchObject({ verdict: 'rolled back', sentence: expect.stringContaining('latency-p99') });
});

test('without traffic the lease ends, nothing advances, and the deadline ends the rollout', async () => {
  const run = await once('no-traffic');
  expect(run).toMatchObject({ verdict: 'gave up', candidateRequests: 0, sentence: expect.stringContaining('deadline') });
  expect(run.shares.at(-1)![1]).toBe(0);
});

test('a dead controller\'s candidate is gone with its lease', async () => {
  const run = await once('controller-dead');
  expect(run.verdict).toBe('lease ran out');
  const [end, percent] = run.shares.at(-1)!;
  expect(percent).toBe(0);
  expect(end).toBeLessThanOrEqual(12 * 60 + rollout.plan.leaseSeconds);
});

test('a cancelled deployment ends the rollout at once, and metrics that are late detection late', async () => {
  const cancelled = await once('cancelled');
  expect(cancelled.verdict).toBe('superseded');
  expect(cancelled.shares.at(-1)).toEqual([12 * 60 + 2, 0]);
  const broken = { ...scenario('broken'), metricDelaySeconds: 300 };
  expect((await rehearse(rollout, broken, { seed: 1 })).detectionSeconds).toBeGreaterThan(300);
});

test('what comes later is seen later: onset, false alarms', async () => {
  const late = await once('late-onset');
  expect(
    late.trace!.minutes.slice(0, 18).every(({ candidateFailures, candidateRequests }) => candidateFailures <= 0.1 * candidateRequests),
  ).toBe(true);
  const flapping = { ...scenario('false-alarms'), falseAlarmsPerHour: 30 };
  expect(await rehearse(rollout, flapping, { seed: 1 })).toMatchObject({ verdict: 'rolled back', sentence: expect.stringContaining('a false alarm of the scenario') });
});

test('an alarm goes off without cause when the scenario says so', async () => {
  const run = await rehearse(rollout, { ...USUAL, falseAlarmAtMinute: 15 }, { seed: 1 });
  expect(run).toMatchObject({ verdict: 'rolled back', sentence: expect.stringContaining('a false alarm of the scenario') });
  // Its event takes two seconds, the routers up to two more.
  expect(run.shares).toEqual([[expect.any(Number), 10], [expect.any(Number), 50], [expect.closeTo(15 * 60 + 4, -1), 0]]);
});

test('recorded minutes are replayed', async () => {
  const recorded = Array.from({ length: 10 }, (_, minute) => ({ requests: 100 * (minute + 1), failures: minute }));
  const { trace } = await rehearse(rollout, { ...USUAL, traffic: { ...USUAL.traffic, recorded } }, { seed: 1, trace: true });
  const totals = trace!.minutes.slice(0, 29).map(({ candidateRequests, productionRequests }) => candidateRequests + productionRequests);
  // A rollout starts within a minute, so that two recorded ones share a traced one.
  totals.forEach((total) => expect(total).toBeGreaterThan(90));
  expect(Math.max(...totals)).toBeLessThanOrEqual(1_200);
});

test('the same seed is the same rollout, another is another', async () => {
  expect(await once('worse', 5)).toEqual(await once('worse', 5));
  expect((await once('worse', 6)).candidateRequests).not.toBe((await once('worse', 5)).candidateRequests);
});

test('the quick tables of a rehearsal and the real stores over DynamoDB\'s calls give the same rollouts', async () => {
  for (const name of ['healthy', 'worse', 'controller-dead', 'cancelled', 'no-traffic']) {
    const db = new MemoryDynamoDb();
    const stores = { routes: new RouteRecords(db), rollouts: new RolloutStore(db, 'rollouts') };
    expect(await rehearse(rollout, scenario(name), { seed: 3, stores })).toEqual(await rehearse(rollout, scenario(name), { seed: 3 }));
  }
});

test('approvals are given, a second model is rolled out detached, and a long rollout is handed over between executions', async () => {
  const approved = foundRollout({ approval: RolloutApproval.FINAL_BAKE });
  expect(await rehearse(approved, USUAL, { seed: 1 })).toMatchObject({ verdict: 'promoted' });
  const long = foundRollout({
    candidate: inline('v2'), shift: TrafficShift.steps([10, 50], { bakeTime: Duration.hours(24) }), guardrails: [Guardrail.errorPercentAbove(20)],
    insufficientTraffic: InsufficientTrafficAction.HOLD,
  });
  expect(await rehearse(long, { ...USUAL, traffic: { ...USUAL.traffic, requestsPerSecond: 1 } }, { seed: 1 })).toMatchObject({ verdict: 'promoted', answered: false });
});

describe('a rollout that is judged by evidence', () => {
  const judged = foundRollout({
    guardrails: [
      Guardrail.errorRate(), Guardrail.latency(), Guardrail.sampleRatio(), Guardrail.predictionDrift({ path: '$.score', bins: [0.2, 0.5, 0.8] }),
    ],
  });

  /** Enough requests to certify steps of ten minutes. */
  const busy = (name: string): Scenario => ({ ...scenario(name), traffic: { ...USUAL.traffic, requestsPerSecond: 100 } });

  test('promotes the healthy candidate, also through an outage that both versions share', async () => {
    expect(await rehearse(judged, busy('healthy'), { seed: 2 })).toMatchObject({ verdict: 'promoted' });
    expect(await rehearse(judged, busy('outage'), { seed: 1 })).toMatchObject({ verdict: 'promoted' });
  });

  test('takes the worse and the slower one back, with the evidence in its sentence', async () => {
    expect(await rehearse(judged, scenario('worse'), { seed: 1 })).toMatchObject({ verdict: 'rolled back', sentence: expect.stringMatching(/errors: .* times as often.*evidence/) });
    expect(await rehearse(judged, scenario('slower'), { seed: 1 })).toMatchObject({ verdict: 'rolled back', sentence: expect.stringMatching(/requests slower than .*evidence/) });
    expect(await rehearse(judged, scenario('slow-tail'), { seed: 1 })).toMatchObject({ verdict: 'rolled back' });
  });

  test('metrics of others stand for the versions\' requests and failures', async () => {
    const of = (metricName: string, version: string): cloudwatch.Metric => new cloudwatch.Metric({ namespace: 'Shop', metricName, dimensionsMap: { version }, statistic: 'Sum' });
    const foreign = foundRollout({
      guardrails: [Guardrail.metric({
        label: 'refused orders',
        candidate: { total: of('Orders', 'new'), bad: of('Refused', 'new') }, production: { total: of('Orders', 'old'), bad: of('Refused', 'old') },
      })],
    });
    expect(await rehearse(foreign, busy('healthy'), { seed: 1 })).toMatchObject({ verdict: 'promoted' });
    expect(await rehearse(foreign, scenario('worse'), { seed: 1 })).toMatchObject({ verdict: 'rolled back', sentence: expect.stringContaining('refused orders') });
  });
});

test('a rollout with a shadow stage rehearses it too: no share before the agreement is certain, then the stages', async () => {
  const shadowed = foundRollout({ shadow: { bakeTime: Duration.minutes(10), minAgreementRate: 0.95 } });
  const run = await rehearse(shadowed, scenario('healthy'), { seed: 1, trace: true });
  expect(run).toMatchObject({ verdict: 'promoted' });
  expect(run.trace!.decisions[0].sentence).toContain('shadow');
  const [first] = run.shares.filter(([, percent]) => percent > 0);
  expect(first[0]).toBeGreaterThanOrEqual(600);
  // Without production's requests there is nothing to compare.
  expect(await rehearse(shadowed, scenario('no-traffic'), { seed: 1 })).toMatchObject({ verdict: 'gave up', candidateRequests: 0 });
});

test('drift of a shadow\'s outputs is rehearsed: alike for both, so a healthy candidate is promoted', async () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  const mirror = new ShadowMirror(stack, 'Next', { endpoint, model: inline('v1'), sampleRate: 0.5, outputs: [{ path: '$.score', bins: [0.2, 0.5, 0.8] }] });
  new CanaryRollout(stack, 'FraudRollout', {
    endpoint,
    shift: TrafficShift.steps([10, 50], { bakeTime: Duration.minutes(10) }),
    guardrails: [Guardrail.outputDrift({ mirror, path: '$.score' })],
  });
  const [drifting] = rolloutsOf('Stack', Template.fromStack(stack).toJSON());
  const run = await rehearse(drifting, scenario('healthy'), { seed: 1, trace: true });
  expect(run).toMatchObject({ verdict: 'promoted' });
  // Without counts the guardrail would be unknown, and hold.
  expect(run.trace!.decisions.map(({ sentence }) => sentence).join()).not.toMatch(/no data|unknown/);
});

describe('a judge', () => {
  const judgedRollout = (guards: (mirror: ShadowMirror) => Guardrail): ReturnType<typeof foundRollout> => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    const judge = lambda.Function.fromFunctionArn(stack, 'Judge', 'arn:aws:lambda:eu-west-1:111111111111:function:judge');
    const mirror = new ShadowMirror(stack, 'Next', { endpoint, model: inline('v1'), sampleRate: 0.1, comparison: Comparison.judge(Judge.fromFunction(judge)) });
    new CanaryRollout(stack, 'FraudRollout', {
      endpoint, shift: TrafficShift.steps([10, 50], { bakeTime: Duration.minutes(20) }), guardrails: [guards(mirror)],
    });
    return rolloutsOf('Stack', Template.fromStack(stack).toJSON())[0];
  };
  const losing = scenario('losing');

  test('finds a candidate that loses 60:40, which is rolled back; one that loses as often as it wins is promoted', async () => {
    const judged = judgedRollout((mirror) => Guardrail.preference({ mirror }));
    expect(await rehearse(judged, losing, { seed: 1 })).toMatchObject({ verdict: 'rolled back', sentence: expect.stringMatching(/judged pairs .* were found worse in the candidate alone/) });
    expect(await rehearse(judged, scenario('healthy'), { seed: 1 })).toMatchObject({ verdict: 'promoted' });
    expect(blindSpot(judged.plan, losing)).toBeUndefined();
    expect([judged, foundRollout()].map((rollout) => concerns(rollout, losing))).toEqual([true, false]);
  });

  test('is missed, and the report says so', async () => {
    const blind = foundRollout();
    expect((await rehearse(blind, losing, { seed: 1 })).verdict).toBe('promoted');
    expect(blindSpot(blind.plan, losing)).toMatch(/Guardrail.preference/);
  });
});
