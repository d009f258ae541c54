import { Template } from 'aws-cdk-lib/assertions';
import { Duration } from 'aws-cdk-lib/core';
import { CanaryRollout, Guardrail, Segment, type SegmentOptions, TrafficShift } from '../../lib';
import { rolloutsOf } from '../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../rehearsal/assembly/found-rollout';
import { rehearse } from '../../rehearsal/engine/rehearse';
import type { Run } from '../../rehearsal/engine/run';
import { builtInScenarios, USUAL } from '../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { newEndpoint, newStack } from '../fixtures/stacks';

function rolloutOf(guardrails: Guardrail[]): FoundRollout {
  const stack = newStack();
  new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack), shift: TrafficShift.steps([5, 25, 50], { bakeTime: Duration.minutes(10) }), guardrails });
  return rolloutsOf('Stack', Template.fromStack(stack).toJSON())[0];
}

const bySegment = (options?: SegmentOptions): FoundRollout => rolloutOf([Guardrail.errorRate({ by: Segment.header('x-tenant', options) }), Guardrail.latency()]);
/** One request in two hundred is of a kind that the candidate always fails. */
const rare = (requestsPerSecond: number): Scenario => ({
  ...builtInScenarios({ ...USUAL, traffic: { ...USUAL.traffic, requestsPerSecond } }).find(({ name }) => name === 'segment')!, segment: { share: 0.005, errorRate: 1 },
});
const runs = async (rollout: FoundRollout, scenario: Scenario, count: number): Promise<Run[]> => {
  const all: Run[] = [];
  for (let seed = 1; seed <= count; seed++) {
    all.push(await rehearse(rollout, scenario, { seed }));
  }
  return all;
};
const minutes = (all: readonly Run[]): number[] =>
  all.map(({ detectionSeconds = Infinity }) => detectionSeconds / 60).sort((a, b) => a - b);

test('a rare kind of request that the candidate always fails is found by segments, and named', async () => {
  const all = await runs(bySegment(), rare(100), 5);
  expect(all.map(({ verdict }) => verdict)).toEqual(new Array(5).fill('rolled back'));
  expect(all[0].sentence).toContain('errors of x-tenant segment and its group');
  const found = minutes(all);
  expect(found[2]).toBeLessThan(9);
  // Among all requests it is half as many failures more.
  expect(found[2]).toBeLessThan(minutes(await runs(rolloutOf([Guardrail.errorRate(), Guardrail.latency()]), rare(100), 5))[2] / 2);
});

test('at ten requests a second it is found before the last step has baked', async () => {
  const all = await runs(bySegment(), rare(10), 5);
  expect(all.filter(({ verdict }) => verdict === 'rolled back').length).toBeGreaterThanOrEqual(4);
});

test('listed values are segments each by itself', async () => {
  const [run] = await runs(bySegment({ values: ['web', 'ios', 'car'] }), { ...rare(100), segment: { share: 0.01, errorRate: 1 } }, 1);
  expect(run).toMatchObject({ verdict: 'rolled back', sentence: expect.stringContaining('errors of x-tenant car: ') });
});

test('a value that is hashed is named by its hash', async () => {
  const [run] = await runs(bySegment({ hashed: true }), rare(100), 1);
  expect(run.sentence).toMatch(/errors of x-tenant [0-9a-f]{12} and its group/);
});

test('a candidate as good as production is promoted', async () => {
  expect((await runs(bySegment(), USUAL, 5)).map(({ verdict }) => verdict)).toEqual(new Array(5).fill('promoted'));
});

test('latency is compared by segments too', async () => {
  const rollout = rolloutOf([Guardrail.errorRate({ by: Segment.query('tenant') }), Guardrail.latency({ by: Segment.query('tenant') })]);
  expect((await runs(rollout, USUAL, 2)).map(({ verdict }) => verdict)).toEqual(['promoted', 'promoted']);
  const [slower] = await runs(rollout, builtInScenarios().find(({ name }) => name === 'slower')!, 1);
  expect(slower.verdict).toBe('rolled back');
});
