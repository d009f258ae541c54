import type { FoundRollout } from '../assembly/found-rollout';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { alarmShift, CODE_DEPLOY, ECS, SAGE_MAKER } from './alarm-shift';
import { argoRollouts } from './argo-rollouts';
import { flagger } from './flagger';
import { kayenta } from './kayenta';
import { pValue } from './p-value';
import type { Limits, Peer } from './peer';

/** Limits on failures and on latency, as multiples of what production usually has. */
const FAILURES = 2;
const LATENCY = 1.5;
/** Lowest limit on failures. */
const LOWEST = 0.001;

/** What every peer with fixed limits gets: an operator who knows what is usual sets them. */
export function limitsFor({ production }: Scenario): Limits {
  return { errorRate: Math.min(0.99, Math.max(LOWEST, FAILURES * production.errorRate)), p99Ms: LATENCY * production.latency.p99Ms };
}

/** Other systems' rules for the rollouts of a scenario; the plan's own steps are lent to alarms that are minded by hand. */
export function peersOf({ plan }: Pick<FoundRollout, 'plan'>, scenario: Scenario): Peer[] {
  const limits = limitsFor(scenario);
  const steps = plan.stages.map(({ percent, bakeSeconds }) => ({ percent, minutes: Math.ceil(bakeSeconds / 60) }));
  const minutes = (count: number): string => (count === 1 ? '1 min' : `${count} min`);
  return [
    alarmShift(
      'CloudWatch alarms, these steps',
      'the same steps, rolled back by alarms on failures and latency, three of three minutes',
      steps,
      limits,
    ),
    ...[5, 30].map((interval) =>
      alarmShift(
        `CodeDeploy Canary10Percent${interval}Minutes`,
        `10 % for ${minutes(interval)}, then all; the same alarms`,
        CODE_DEPLOY.canary(10, interval),
        limits,
      ),
    ),
    ...[1, 10].map((interval) =>
      alarmShift(
        `CodeDeploy Linear10PercentEvery${interval}Minute${interval === 1 ? '' : 's'}`,
        `10 % more every ${minutes(interval)}; the same alarms`,
        CODE_DEPLOY.linear(10, interval),
        limits,
      ),
    ),
    alarmShift('SageMaker guardrails, canary', '30 % for 10 min, then all for 10 min; the same alarms', SAGE_MAKER.canary(30, 10), limits),
    alarmShift('SageMaker guardrails, linear', '20 % more every 5 min; the same alarms', SAGE_MAKER.linear(20, 5), limits),
    alarmShift('ECS canary', '5 % for 10 min, then all for as long; the same alarms', ECS.canary(5, 10), limits),
    pValue(steps),
    flagger(limits),
    argoRollouts(limits),
    kayenta(),
  ];
}

/** Whether a scenario is about what other systems see too, not about the machinery of this one. */
export function concernsPeers({ controllerDiesAtMinute, cancelAtMinute, falseAlarmsPerHour, instances }: Scenario): boolean {
  return controllerDiesAtMinute === undefined && cancelAtMinute === undefined && falseAlarmsPerHour === 0 && instances === undefined;
}
