import type { RolloutPlan } from '../../lib/core/rollout/plan';

/** Puts what people call an alarm into a text: where a deployment alone knows its name, the name of the guardrail that it is. */
export function withAlarmNames({ guardrails }: Pick<RolloutPlan, 'guardrails'>): (text: string) => string {
  const unnamed = guardrails.flatMap((guardrail) =>
    (guardrail.kind === 'alarm' && guardrail.alarmName.includes('<') ? [[guardrail.alarmName, guardrail.name]] : []));
  return (text) => unnamed.reduce((said, [alarm, name]) => said.replaceAll(alarm, name), text);
}
