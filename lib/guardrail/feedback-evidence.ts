import type { Construct } from 'constructs';
import type { RatingRule } from '../core/feedback/plan';
import type { CommonGuardrailPlan } from '../core/guardrails/common';
import type { FeedbackPlan } from '../core/guardrails/feedback';
import type { RatingPlan } from '../core/guardrails/rating';
import { DEFAULTS } from '../core/judge/plan';
import { routeKey } from '../core/names';
import { knownProblem } from '../validate/limits';
import { boundsPlan, boundsProblems, feedbackElsewhere, labelDelayPlan, labelDelayProblems } from './evidence-bounds';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { FeedbackGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';
import { RegressionDirection } from './guardrail-options';
import { changePlan, changeProblems } from './mean-changes';

/** What there is to say of wrong answers, and of mean ratings. */
const OF_WRONG = ['maxRatio', 'tolerance', 'certifiedRatio', 'certifiedTolerance'] as const;
const OF_RATINGS = ['maxChange', 'certifiedChange'] as const;

/** @see Guardrail.feedback */
export class FeedbackEvidence extends EvidenceGuardrail<FeedbackGuardrailOptions> {
  constructor(options: FeedbackGuardrailOptions) {
    super(options, 'feedback');
  }

  public problems(): string[] {
    return [
      ...this.misplaced(),
      ...(this.rating === undefined ? boundsProblems(this.name, this.options) : changeProblems(this.what, this.options)),
      ...labelDelayProblems(this.name, this.options),
      ...knownProblem(
        `labelTolerance of ${this.what}`,
        this.options.labelTolerance,
        [0, 10],
        '',
        'it is a factor on the odds on top of 1, not percent; 0.05 is the default',
      ),
    ];
  }

  public bind(_scope: Construct, { endpointName, alias, assignment }: GuardrailContext): BoundGuardrail {
    const { alpha, tolerance: usual } = DEFAULTS.sampleRatio;
    const tolerance = this.options.labelTolerance ?? (assignment.source === 'inference-id' ? usual : undefined);
    const labels = { ...labelDelayPlan(this.options), ...(tolerance === undefined ? {} : { labelRatio: { tolerance, alpha } }) };
    return {
      plan: { ...this.common, ...this.comparison(), ...labels },
      problems: this.options.feedback._aliasKey === routeKey(endpointName, alias) ? [] : [feedbackElsewhere(this.name, alias)],
    };
  }

  private comparison(): Omit<FeedbackPlan, keyof CommonGuardrailPlan> | Omit<RatingPlan, keyof CommonGuardrailPlan> {
    const { rating } = this;
    if (rating === undefined) {
      return { kind: 'feedback', ...boundsPlan(this.options) };
    }
    const { allowed, margin } = changePlan(this.options, RegressionDirection.DECREASE);
    return { kind: 'rating', lowest: rating.lowest, highest: rating.highest, allowed, margin };
  }

  private get rating(): RatingRule | undefined {
    const { _outcome: outcome } = this.options.feedback;
    return outcome.kind === 'rating' ? outcome : undefined;
  }

  private misplaced(): string[] {
    const [of, others, instead] = this.rating === undefined
      ? ['mean ratings', OF_RATINGS, 'maxRatio, or have ratings told with FeedbackOutcome.rating']
      : ['wrong answers', OF_WRONG, 'maxChange'];
    return others
      .filter((option) => this.options[option] !== undefined)
      .map((option) =>
        `${option} of ${this.what} is about ${of}, but its feedback takes a ${this.options.feedback._outcome.kind}; use ${instead}`);
  }
}
