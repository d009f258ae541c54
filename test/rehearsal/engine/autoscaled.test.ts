import { Template } from 'aws-cdk-lib/assertions';
import { Duration } from 'aws-cdk-lib/core';
import { CanaryRollout, Model, ModelImage, TrafficShift } from '../../../lib';
import { rolloutsOf } from '../../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../../rehearsal/assembly/found-rollout';
import { Instances } from '../../../rehearsal/engine/instances';
import { rehearse } from '../../../rehearsal/engine/rehearse';
import { builtInScenarios, USUAL } from '../../../lib/core/rehearsal/built-in';
import { concerns } from '../../../rehearsal/scenario/concerns';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';
import { newEndpoint, newStack } from '../../fixtures/stacks';

const MINUTE = 60_000;

describe('instances', () => {
  const waits = (present: number, perMinute: number): number[] => {
    const instances = new Instances(600, () => present);
    return Array.from({ length: 10 * perMinute }, (_, index) => instances.ask((index * MINUTE) / perMinute, 80) - 80);
  };

  test('answer what they can take without anybody waiting', () => {
    expect(Math.max(...waits(7, 4_000))).toBe(0);
  });

  test('keep others waiting longer and longer, and give up after a minute', () => {
    const few = waits(2, 4_000);
    expect(few[0]).toBe(0);
    expect(few[2_000]).toBeGreaterThan(5_000);
    expect(Math.max(...few)).toBe(60_000);
  });
});

describe('a rollout between instances whose number follows the load', () => {
  const image = ModelImage.fromUri('111111111111.dkr.ecr.eu-west-1.amazonaws.com/fraud@sha256:' + '0'.repeat(64));
  const rolloutOf = (autoscaling: boolean): FoundRollout => {
    const stack = newStack();
    new CanaryRollout(stack, 'Rollout', {
      endpoint: newEndpoint(stack, {
        model: Model.sageMaker({
          image,
          instanceType: 'ml.m5.large',
          ...(autoscaling ? { instances: { min: 1, max: 8, invocationsPerInstance: 150 } } : {}),
        }),
      }),
      shift: TrafficShift.steps([5, 50], { bakeTime: Duration.minutes(20) }),
      holdbackPercent: 5,
    });
    return rolloutsOf('Stack', Template.fromStack(stack).toJSON())[0];
  };
  const scaled = rolloutOf(true);
  const autoscaling = builtInScenarios(USUAL).find(({ name }) => name === 'autoscaling')!;

  test('concerns rollouts with autoscaling, and no others', () => {
    expect([scaled, rolloutOf(false)].map((rollout) => concerns(rollout, autoscaling))).toEqual([true, false]);
  });

  test('waits for the instances of each share, and promotes a candidate that is as good', async () => {
    const run = await rehearse(scaled, autoscaling, { seed: 1 });
    expect(run).toMatchObject({ verdict: 'promoted' });
    const [[first], [second]] = run.shares;
    // Twenty minutes have passed at the first share, and eight until the second instance is there.
    expect(second - first).toBeGreaterThanOrEqual((20 + 8) * 60);
  });

  test('leaves production what it had: a candidate that breaks in the last step is rolled back to as many instances as before', async () => {
    const late: Scenario = {
      ...autoscaling,
      candidate: { ...USUAL.candidate, errorRate: 0.5, onsetMinute: 90 },
    };
    const { verdict, shares, trace } = await rehearse(scaled, late, { seed: 1, trace: true });
    expect(verdict).toBe('rolled back');
    const [back] = shares.at(-1)!;
    expect(shares.at(-2)![1]).toBe(95);
    // Nobody waits for instances that autoscaling has taken away in the meantime.
    const after = trace!.minutes.slice(Math.ceil(back / 60));
    const sum = (count: 'productionFailures' | 'productionRequests'): number => after.reduce((all, minute) => all + minute[count], 0);
    expect(sum('productionRequests')).toBeGreaterThan(0);
    expect(sum('productionFailures') / sum('productionRequests')).toBeLessThan(0.05);
  });
});
