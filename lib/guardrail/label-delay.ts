import type { LabelDelayPlan } from '../core/rollout/plan';
import { knownProblem } from '../validate/limits';
import type { FeedbackGuardrailProps } from './evidence-options';

type LabelDelayOptions = Pick<FeedbackGuardrailProps, 'feedback' | 'labelDelay'>;

/** What is wrong with when labels are expected. */
export function labelDelayProblems(name: string, { labelDelay, feedback }: LabelDelayOptions): string[] {
  const at = `labelDelay of guardrail ${JSON.stringify(name)}`;
  return labelDelay.isUnresolved()
    ? [`${at} is known only at deployment; give a duration`]
    : knownProblem(at, labelDelay.toSeconds({ integral: false }), 0, feedback._windowSeconds, 's', 'feedback is accepted no longer; lower it, or raise the window of the feedback');
}

export function labelDelayPlan({ labelDelay }: LabelDelayOptions): LabelDelayPlan {
  const minutes = labelDelay.toMinutes({ integral: false });
  return { labelDelayMinutes: minutes + minutesUntilVisible(minutes) };
}

/** How long CloudWatch may take to show what is counted for a time so many minutes ago, as PutMetricData documents it; of more than a day it says "at least". */
function minutesUntilVisible(minutes: number): number {
  return minutes < 180 ? 0 : minutes < 1_440 ? 120 : 2_880;
}

export function feedbackElsewhere(name: string, alias: string): string {
  return `the feedback of guardrail ${JSON.stringify(name)} is on another alias than the rollout, where none of the candidate's answers are; give the feedback of alias ${JSON.stringify(alias)}`;
}
