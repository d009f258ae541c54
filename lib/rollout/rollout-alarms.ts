import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { abortRules } from './abort-rule';
import { evidenceAlarm } from './evidence-alarm';
import type { RolloutInParts } from './rollout-plan';
import type { RolloutTerms } from './rollout-terms';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import type { ModelEndpoint } from '../endpoint/model-endpoint';

/** The alarms of a rollout that can end it. */
export interface RolloutAlarms {
  /** All that roll back. */
  readonly rollbackAlarms: cloudwatch.IAlarmRef[];
  /** The one on the combined evidence, where there is any. */
  readonly evidenceAlarm?: cloudwatch.Alarm;
}

/** A rollout as far as its alarms need it. */
type Alarmed = Pick<RolloutInParts, 'scope' | 'control' | 'judged'> & {
  readonly options: Pick<RolloutTerms, 'alarmActions'>;
  readonly endpoint: Pick<ModelEndpoint, 'endpointName' | 'metrics'>;
  readonly alias: Pick<EndpointAlias, 'aliasName' | 'key'>;
};

/** Have each alarm that rolls back abort the rollout when it goes off, and those that the rollout defines tell whoever shall be told. */
export function rolloutAlarms({ scope, options, endpoint, alias, control, judged }: Alarmed): RolloutAlarms {
  const { guardrails, plans, judgement } = judged;
  const evidence = evidenceAlarm(scope, endpoint, alias.aliasName, plans, judgement);
  const ofEvidence = evidence === undefined ? [] : [evidence];
  const rollbackAlarms = [
    ...guardrails.flatMap(({ plan, alarm }) => (plan?.action === 'rollback' && alarm !== undefined ? [alarm] : [])),
    ...ofEvidence,
  ];
  const own = [...guardrails.flatMap((guardrail) => guardrail.own ?? []), ...ofEvidence];
  own.forEach((alarm) => alarm.addAlarmAction(...(options.alarmActions ?? [])));
  abortRules(scope, alias.key, rollbackAlarms, control.abort.function);
  return { rollbackAlarms, evidenceAlarm: evidence };
}
