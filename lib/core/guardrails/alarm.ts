import type { CommonGuardrailPlan } from './common';

/** A CloudWatch alarm, on the candidate alone if it is a good one. */
export interface AlarmGuardrailPlan extends CommonGuardrailPlan {
  readonly kind: 'alarm';
  /** Name of a CloudWatch alarm, metric or composite. */
  readonly alarmName: string;
  /** What an alarm without enough data means: silence is not health unless the plan says so. */
  readonly insufficientData: 'hold' | 'ok';
}
