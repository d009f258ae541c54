import { Template } from 'aws-cdk-lib/assertions';
import { Duration } from 'aws-cdk-lib/core';
import { Assignment, CanaryRollout, Cohort, type ModelEndpointProps, TrafficShift } from '../../lib/index';
import { rolloutsOf } from '../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../rehearsal/assembly/found-rollout';
import { rehearse } from '../../rehearsal/engine/rehearse';
import type { Run } from '../../rehearsal/engine/run';
import { builtInScenarios } from '../../lib/core/rehearsal/built-in';
import { newEndpoint, newStack } from '../fixtures/stacks';

// The controller as it runs in AWS, from the gate to the report, in virtual time.

function rolloutOf(assignment: ModelEndpointProps['assignment']): FoundRollout {
  const stack = newStack();
  const endpoint = newEndpoint(stack, { assignment });
  new CanaryRollout(stack, 'Rollout', { endpoint, shift: TrafficShift.steps([5, 50], { bakeTime: Duration.minutes(10) }) });
  return rolloutsOf('Stack', Template.fromStack(stack).toJSON())[0];
}

const own = [Cohort.header('x-tenant', 'own')];
const run = (rollout: FoundRollout, name: string, seed = 1): Promise<Run> =>
  rehearse(rollout, builtInScenarios().find((each) => each.name === name)!, { seed, trace: true });

test.each<[string, ModelEndpointProps['assignment']]>([
  ['each request', Assignment.cohort({ members: own })],
  ['conversations', Assignment.cohort({ members: own, others: Assignment.session() })],
  ['callers', Assignment.cohort({ members: own, others: Assignment.header('x-user') })],
])('a healthy candidate is the cohort\'s first, and then goes through the shares of %s', async (_, assignment) => {
  const rollout = rolloutOf(assignment);
  const { verdict, sentence, trace } = await run(rollout, 'healthy');
  expect([verdict, sentence]).toEqual(['promoted', expect.any(String)]);
  const advances = trace!.decisions.filter((decision) => decision.verdict === 'advance').map((decision) => decision.sentence);
  expect(advances[0]).toMatch(/^advancing from 0 % to the cohort: /);
  expect(advances[1]).toMatch(/^advancing from the cohort to 5 %: the candidate answered \d+ of \d+ requests of the cohort/);
  expect(advances).toHaveLength(rollout.plan.stages.length);
});

test('a broken candidate is back before anybody but the cohort has met it', async () => {
  const { verdict, trace, shares } = await run(rolloutOf(Assignment.cohort({ members: own })), 'broken');
  expect(verdict).toBe('rolled back');
  expect(trace!.decisions.map(({ sentence }) => sentence).join('\n')).not.toMatch(/advancing from the cohort/);
  expect(Math.max(...shares.map(([, percent]) => percent))).toBe(1);
});

test('a cohort of nobody holds the rollout until its deadline', async () => {
  const { verdict, sentence } = await run(rolloutOf(Assignment.cohort({ members: own })), 'no-traffic');
  expect([verdict, sentence]).toEqual(['gave up', expect.stringContaining('deadline')]);
});
