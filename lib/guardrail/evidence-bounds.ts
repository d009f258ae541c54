import { DEFAULTS } from '../core/judge/plan';
import type { BoundsPlan, GuardrailAction as ActionPlan } from '../core/guardrails/common';
import type { LabelDelayPlan } from '../core/guardrails/labels';
import { knownProblem } from '../validate/limits';
import type { EvidenceOptions, FeedbackGuardrailOptions } from './evidence-options';
import { GuardrailAction } from './guardrail-options';

/** What a guardrail does, as the plan has it. */
export function actionPlan(action: GuardrailAction = GuardrailAction.ROLLBACK): ActionPlan {
  return action.toLowerCase() as ActionPlan;
}

/** Bounds with their defaults: what has to be ruled out is always wider than what is allowed, or no candidate could ever be certified. */
export function boundsPlan(options: EvidenceOptions): Required<BoundsPlan> {
  const { allowed, margin } = DEFAULTS;
  const { maxRatio: ratio = allowed.ratio, tolerance = allowed.tolerance } = options;
  return {
    allowed: { ratio, tolerance },
    margin: {
      ratio: options.certifiedRatio ?? Number(((ratio * margin.ratio) / allowed.ratio).toFixed(6)),
      tolerance: options.certifiedTolerance ?? Math.min(0.999999, (tolerance * margin.tolerance) / allowed.tolerance),
    },
  };
}

export function boundsProblems(name: string, options: EvidenceOptions): string[] {
  const at = `of guardrail ${JSON.stringify(name)}`;
  const problems = [
    ...knownProblem(`maxRatio ${at}`, options.maxRatio, [1, 100], "times production's share", '1.1 is the default'),
    ...knownProblem(
      `tolerance ${at}`,
      options.tolerance,
      [0, 0.999],
      'of the requests',
      'it is a share, not percent; 0.0005 is the default',
    ),
    ...knownProblem(`certifiedRatio ${at}`, options.certifiedRatio, [1, 1_000], "times production's share", '1.5 is the default'),
    ...knownProblem(
      `certifiedTolerance ${at}`,
      options.certifiedTolerance,
      [0, 0.999999],
      'of the requests',
      'it is a share, not percent; 0.001 is the default',
    ),
  ];
  if (problems.length > 0) {
    return problems;
  }
  const { allowed, margin } = boundsPlan(options);
  return margin.ratio >= allowed.ratio &&
    margin.tolerance >= allowed.tolerance &&
    margin.ratio + margin.tolerance > allowed.ratio + allowed.tolerance
    ? []
    : [
        `guardrail ${JSON.stringify(name)} must rule out ${margin.ratio} times production's share and ${margin.tolerance}, which is `
          + `not wider than the ${allowed.ratio} times ` +
          `and ${allowed.tolerance} that it allows, so that no candidate could pass; raise certifiedRatio or certifiedTolerance, or `
            + 'leave them out',
      ];
}

type LabelDelayOptions = Pick<FeedbackGuardrailOptions, 'feedback' | 'labelDelay'>;

/** What is wrong with when labels are expected. */
export function labelDelayProblems(name: string, { labelDelay, feedback }: LabelDelayOptions): string[] {
  const at = `labelDelay of guardrail ${JSON.stringify(name)}`;
  return labelDelay.isUnresolved()
    ? [`${at} is known only at deployment; give a duration`]
    : knownProblem(
        at,
        labelDelay.toSeconds({ integral: false }),
        [0, feedback._windowSeconds],
        's',
        'feedback is accepted no longer; lower it, or raise the window of the feedback',
      );
}

export function labelDelayPlan({ labelDelay }: LabelDelayOptions): LabelDelayPlan {
  const minutes = labelDelay.toMinutes({ integral: false });
  return { labelDelayMinutes: minutes + minutesUntilVisible(minutes) };
}

/**
 * How long CloudWatch may take to show what is counted for a time so many minutes ago, as PutMetricData documents it; of more than a day it
 * says "at least".
 */
function minutesUntilVisible(minutes: number): number {
  if (minutes < 180) {
    return 0;
  }
  if (minutes < 1_440) {
    return 120;
  }
  return 2_880;
}

export function feedbackElsewhere(name: string, alias: string): string {
  return `the feedback of guardrail ${JSON.stringify(name)} is on another alias than the rollout, where none of the candidate's `
    + `answers are; give the feedback of alias ${JSON.stringify(alias)}`;
}
