import type { LabelDelayPlan } from '../core/rollout/plan';
import { knownProblem } from '../limits';
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
  return { labelDelayMinutes: labelDelay.toMinutes({ integral: false }) };
}

export function feedbackElsewhere(name: string, alias: string): string {
  return `the feedback of guardrail ${JSON.stringify(name)} is on another alias than the rollout, where none of the candidate's answers are; give the feedback of alias ${JSON.stringify(alias)}`;
}
