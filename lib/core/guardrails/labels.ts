import type { GuardrailPlan as JudgedGuardrail } from '../judge/plan';
import { FeedbackMetric, ShadowMetric } from '../names';

/** When labels are due. */
export interface LabelDelayPlan {
  /** How long after an inference its label is expected, minutes: younger inferences are not judged yet. Absent: 0. */
  readonly labelDelayMinutes?: number;
}

/** How it is checked that both versions' answers get labels alike. */
export interface LabelRatioPlan {
  /** Absent: it is not. */
  readonly labelRatio?: { readonly tolerance: number; readonly alpha: number };
}

/** Less than this without labels of inferences that should have theirs is no silence, or less than their delay if that is longer. */
const SILENT_LABELS_SECONDS = 900;

/** What grows when labels come. */
export const LABEL_METRICS: ReadonlySet<string> = new Set([
  FeedbackMetric.OUTCOMES,
  FeedbackMetric.WRONG,
  FeedbackMetric.RATINGS,
  ShadowMetric.LABELLED_PAIRS,
  ShadowMetric.ONLY_SHADOW_WRONG,
  ShadowMetric.ONLY_PRODUCTION_WRONG,
]);

/** Labels come late, and not for every period. */
export function lateness(
  { labelDelayMinutes = 0 }: LabelDelayPlan,
  periodSeconds: number,
): Pick<JudgedGuardrail, 'delayPeriods' | 'silentPeriods'> {
  const delaySeconds = 60 * labelDelayMinutes;
  return {
    delayPeriods: Math.ceil(delaySeconds / periodSeconds),
    silentPeriods: Math.ceil(Math.max(SILENT_LABELS_SECONDS, delaySeconds) / periodSeconds),
  };
}
