import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { factsOf } from '../../lib/core/backends/backends';
import { Dimension, endpointAndAlias, METRIC_NAMESPACE, VariantName } from '../../lib/core/names';
import type { GuardrailReading } from '../../lib/core/rollout/evidence';
import type { AlarmGuardrailPlan } from '../../lib/core/guardrails/alarm';
import type { RolloutState } from '../../lib/core/rollout/state';

/** What DescribeAlarms takes at once. */
const ALARMS_PER_CALL = 100;

interface AlarmState {
  readonly value: string;
  readonly reason: string;
  /** All that it watches is the candidate's. */
  readonly ofCandidate: boolean;
}

type Rollout = Pick<RolloutState, 'alias' | 'candidate' | 'stage'>;

/** The state of every guardrail's alarm. Never rejects: an alarm that cannot be read, or is not there, is unknown. */
export async function readAlarms(
  client: Pick<CloudWatchClient, 'send'>,
  rollout: Rollout,
  guardrails: readonly AlarmGuardrailPlan[],
): Promise<GuardrailReading[]> {
  const names = [...new Set(guardrails.map(({ alarmName }) => alarmName))];
  const states = new Map<string, AlarmState>();
  let problem: string | undefined;
  for (let first = 0; first < names.length; first += ALARMS_PER_CALL) {
    try {
      // Without the types only metric alarms are returned.
      const { MetricAlarms: metric = [], CompositeAlarms: composite = [] } = await client.send(
        new DescribeAlarmsCommand({
          AlarmNames: names.slice(first, first + ALARMS_PER_CALL),
          AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
          MaxRecords: ALARMS_PER_CALL,
        }),
      );
      for (const alarm of [...metric, ...composite]) {
        states.set(alarm.AlarmName ?? '', {
          value: alarm.StateValue ?? '',
          reason: alarm.StateReason ?? '',
          ofCandidate: watchesCandidate(alarm, rollout),
        });
      }
    } catch (error) {
      problem = `${(error as Error).name}: ${(error as Error).message}`;
    }
  }
  return guardrails.map((guardrail) => reading(guardrail, states.get(guardrail.alarmName), problem, rollout.stage));
}

function reading(
  { name, action, alarmName, insufficientData }: AlarmGuardrailPlan,
  state: AlarmState | undefined,
  problem: string | undefined,
  stage: number,
): GuardrailReading {
  if (state === undefined) {
    const detail = problem === undefined ? `there is no alarm ${alarmName}` : `alarm ${alarmName} cannot be read: ${problem}`;
    return { name, action, status: 'unknown', detail, unreadable: true };
  }
  switch (state.value) {
    case 'ALARM':
      return { name, action, status: 'triggered', detail: `alarm ${alarmName} is in ALARM: ${state.reason}` };
    case 'OK':
      return { name, action, status: 'ok', detail: `alarm ${alarmName} is OK` };
    default:
      // What nobody has called yet has no data: waiting for some before the first request would be waiting for ever.
      if (stage < 0 && state.ofCandidate) {
        return { name, action, status: 'ok', detail: `alarm ${alarmName} has no data, as the candidate has had no requests` };
      }
      return insufficientData === 'ok'
        ? { name, action, status: 'ok', detail: `alarm ${alarmName} has no data, which counts as well` }
        : { name, action, status: 'unknown', detail: `alarm ${alarmName} has insufficient data` };
  }
}

function watchesCandidate(
  { Namespace: namespace, Dimensions: dimensions, Metrics: queries = [] }: MetricAlarm,
  { alias, candidate: { version, target } }: Rollout,
): boolean {
  const [endpoint, name] = endpointAndAlias(alias);
  const metrics = [
    ...(namespace === undefined ? [] : [{ Namespace: namespace, Dimensions: dimensions }]),
    ...queries.flatMap(({ MetricStat: stat }) => stat?.Metric ?? []),
  ];
  return (
    metrics.length > 0 &&
    metrics.every(({ Namespace: space, Dimensions: of = [] }) => {
      const value = (dimension: string): string | undefined => of.find(({ Name: each }) => each === dimension)?.Value;
      if (space === METRIC_NAMESPACE) {
        return (
          value(Dimension.ENDPOINT) === endpoint &&
          value(Dimension.ALIAS) === name &&
          (value(Dimension.VARIANT) === VariantName.CANDIDATE || value(Dimension.VERSION) === version)
        );
      }
      return factsOf(target).isMeasuredBy(target, value);
    })
  );
}
