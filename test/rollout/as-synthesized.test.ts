import { Template } from 'aws-cdk-lib/assertions';
import { CanaryRollout, type CanaryRolloutProps, TrafficShift, InconclusiveAction } from '../../lib';
import { Metric } from '../../lib/core/names';
import { follow } from '../fixtures/run';
import { Traffic, type TrafficOptions } from '../fixtures/traffic';
import { World } from '../fixtures/world';
import { newEndpoint, newStack, planOf } from '../fixtures/stacks';

/** Plans as constructs make them, gone through by the real gate, machine, controller and judge, over simulated requests in virtual time. */

interface Told {
  readonly result: string | undefined;
  readonly sentence: string;
  readonly moves: readonly string[];
  readonly minutes: number;
  readonly deadlineMinutes: number;
  /** Requests that the candidate failed to answer. */
  readonly failed: number;
}

async function rollOut(props: Omit<CanaryRolloutProps, 'endpoint'>, requestsPerSecond: number, candidate: TrafficOptions['versions'][string]): Promise<Told> {
  const stack = newStack();
  new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack), ...props });
  const synthesized = planOf(Template.fromStack(stack));
  // Alarms are CloudWatch's business.
  const plan = { ...synthesized, guardrails: synthesized.guardrails.filter(({ kind }) => kind !== 'alarm') };
  const world = new World();
  let failed = 0;
  const traffic = new Traffic(world, { requestsPerSecond, versions: { v1: { errors: 0.01 }, v2: candidate } });
  const put = traffic.cloudWatch.put.bind(traffic.cloudWatch);
  traffic.cloudWatch.put = (source, at, value, ...rest): void => {
    failed += source.metricName === String(Metric.FAILURES) && Object.values(source.dimensions).includes('v2') ? value : 0;
    put(source, at, value, ...rest);
  };
  traffic.history('v1', 6);
  traffic.reachesController();
  await world.deploy('v1', { type: 'Create', plan });
  await world.deploy('v2', { plan, request: 'change' });
  const started = world.now;
  await follow(world, { onWait: (seconds) => traffic.advance(world.now + seconds * 1_000) });
  const outcome = (await world.state())?.outcome;
  return {
    result: outcome?.result,
    sentence: outcome?.sentence ?? '',
    moves: world.decisions().filter(({ decision: { verdict } }) => verdict !== 'hold').map(({ decision: { verdict, percent } }) => `${verdict} ${percent}`),
    minutes: (world.now - started) / 60_000,
    deadlineMinutes: plan.deadlineSeconds / 60,
    failed,
  };
}

const healthy = { errors: 0.01 };

describe('a rollout that is told nothing', () => {
  test.each([2, 20, 200])('promotes a healthy candidate at %p requests a second, in less than its time', async (requestsPerSecond) => {
    const { result, moves, minutes, deadlineMinutes } = await rollOut({}, requestsPerSecond, healthy);
    expect({ result, moves }).toEqual({ result: 'promoted', moves: ['advance 5', 'advance 25', 'advance 50', 'advance 80', 'promote 100'] });
    expect(minutes).toBeLessThan(deadlineMinutes);
  });

  test('takes a candidate with three times the failures back before the first step is over', async () => {
    const { result, moves, sentence } = await rollOut({}, 100, { errors: 0.03 });
    expect({ result, moves }).toEqual({ result: 'rolled back', moves: ['advance 5', 'roll back 0'] });
    expect(sentence).toMatch(/^rolled back: errors: [\d,]+ of [\d,]+ \([\d.]+ %\) of the candidate's requests, [\d,]+ of [\d,]+ \([\d.]+ %\) of production's, [\d.]+ times as often \[[\d.]+, [\d.]+\].* evidence [\d,]+ > 100/);
  });

  test('rolls a slower candidate back', async () => {
    const { result, sentence } = await rollOut({}, 100, { ...healthy, medianMs: 130 });
    expect(result).toBe('rolled back');
    expect(sentence).toMatch(/slower than/);
  });
});

test('a rollout that is to be certain waits for its deadline where traffic is too low, and says so', async () => {
  const { result, sentence, minutes, deadlineMinutes } = await rollOut({ inconclusive: InconclusiveAction.HOLD }, 2, healthy);
  expect(result).toBe('rolled back');
  expect(sentence).toMatch(/the deadline of 1 h 27 min passed at 5 %: not certified 10 min after the bake time/);
  expect(minutes).toBeGreaterThanOrEqual(deadlineMinutes);
});

describe('a rollout with a harm budget', () => {
  const adaptive = { shift: TrafficShift.adaptive({ harmBudget: 200, expectedRequestsPerSecond: 100, expectedErrorRate: 0.01 }) };

  test('keeps a total failure within it', async () => {
    const { result, moves, failed } = await rollOut(adaptive, 100, { errors: 1 });
    expect({ result, moves }).toEqual({ result: 'rolled back', moves: ['advance 0.66', 'roll back 0'] });
    expect(failed).toBeLessThanOrEqual(200);
    expect(failed).toBeGreaterThan(100);
  });

  test('promotes a healthy candidate by its steps', async () => {
    const { result, moves } = await rollOut(adaptive, 100, healthy);
    expect({ result, moves }).toEqual({ result: 'promoted', moves: ['advance 0.66', 'advance 3.3', 'advance 16', 'advance 80', 'promote 100'] });
  });

  test('takes twice the failures back before nearly all requests meet them', async () => {
    const { result, moves } = await rollOut(adaptive, 100, { errors: 0.02 });
    expect(result).toBe('rolled back');
    expect(moves).not.toContain('advance 80');
  });
});
