import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import type { GuardrailReading } from '../../lib/core/rollout/evidence';
import type { AlarmGuardrailPlan } from '../../lib/core/rollout/plan';

/** What DescribeAlarms takes at once. */
const ALARMS_PER_CALL = 100;

interface AlarmState {
  readonly value: string;
  readonly reason: string;
}

/** The state of every guardrail's alarm. Never rejects: an alarm that cannot be read, or is not there, is unknown. */
export async function readAlarms(client: Pick<CloudWatchClient, 'send'>, guardrails: readonly AlarmGuardrailPlan[]): Promise<GuardrailReading[]> {
  const names = [...new Set(guardrails.map(({ alarmName }) => alarmName))];
  const states = new Map<string, AlarmState>();
  let problem: string | undefined;
  for (let first = 0; first < names.length; first += ALARMS_PER_CALL) {
    try {
      // Without the types only metric alarms are returned.
      const { MetricAlarms: metric = [], CompositeAlarms: composite = [] } = await client.send(
        new DescribeAlarmsCommand({
          AlarmNames: names.slice(first, first + ALARMS_PER_CALL), AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], MaxRecords: ALARMS_PER_CALL,
        }),
      );
      for (const { AlarmName: name, StateValue: value, StateReason: reason } of [...metric, ...composite]) {
        states.set(name ?? '', { value: value ?? '', reason: reason ?? '' });
      }
    } catch (error) {
      problem = `${(error as Error).name}: ${(error as Error).message}`;
    }
  }
  return guardrails.map((guardrail) => reading(guardrail, states.get(guardrail.alarmName), problem));
}

function reading({ name, action, alarmName, insufficientData }: AlarmGuardrailPlan, state: AlarmState | undefined, problem: string | undefined): GuardrailReading {
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
      return insufficientData === 'ok'
        ? { name, action, status: 'ok', detail: `alarm ${alarmName} has no data, which counts as well` }
        : { name, action, status: 'unknown', detail: `alarm ${alarmName} has insufficient data` };
  }
}
