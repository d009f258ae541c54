import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Template } from 'aws-cdk-lib/assertions';
import { Duration } from 'aws-cdk-lib/core';
import { CanaryRollout, type CanaryRolloutProps, Guardrail, TrafficShift } from '../../lib';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import { rolloutsOf } from '../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../rehearsal/assembly/found-rollout';
import type { AlarmDefinition } from '../../rehearsal/engine/alarm-definition';
import { newEndpoint, newStack } from '../rollout/stacks';

/** The rollout of a synthesized stack. */
export function foundRollout(props: Partial<CanaryRolloutProps> = {}): FoundRollout {
  const stack = newStack();
  new CanaryRollout(stack, 'FraudRollout', {
    endpoint: newEndpoint(stack),
    shift: TrafficShift.steps([10, 50], { bakeTime: Duration.minutes(10) }),
    guardrails: [Guardrail.errorRateAbove(5, { minimumRequests: 20 }), Guardrail.latencyAbove(Duration.millis(400))],
    ...props,
  });
  return rolloutsOf('Stack', Template.fromStack(stack).toJSON())[0];
}

export function foreignAlarm(stack: ReturnType<typeof newStack>): cloudwatch.Alarm {
  return new cloudwatch.Alarm(stack, 'Checkout', {
    metric: new cloudwatch.Metric({ namespace: 'Shop', metricName: 'Errors' }), threshold: 1, evaluationPeriods: 1,
  });
}

/** The same with another plan and alarms of its own. */
export function withPlan(rollout: FoundRollout, plan: Partial<RolloutPlan>, alarms: readonly AlarmDefinition[] = rollout.alarms): FoundRollout {
  const changed = { ...rollout.plan, ...plan };
  return { ...rollout, plan: changed, alarms, properties: { ...rollout.properties, Plan: JSON.stringify(changed) } };
}
