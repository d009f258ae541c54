import type { Construct } from 'constructs';
import { DEFAULTS } from '../core/judge/plan';
import { routeKey } from '../core/names';
import { knownProblem } from '../validate/limits';
import { boundsPlan, boundsProblems, feedbackElsewhere, labelDelayPlan, labelDelayProblems } from './evidence-bounds';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { FeedbackGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';

/** @see Guardrail.feedback */
export class FeedbackEvidence extends EvidenceGuardrail<FeedbackGuardrailOptions> {
  constructor(options: FeedbackGuardrailOptions) {
    super(options, 'feedback');
  }

  public problems(): string[] {
    return [
      ...boundsProblems(this.name, this.options),
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
    return {
      plan: {
        ...this.common, kind: 'feedback', ...boundsPlan(this.options), ...labelDelayPlan(this.options),
        ...(tolerance === undefined ? {} : { labelRatio: { tolerance, alpha } }),
      },
      problems: this.options.feedback._aliasKey === routeKey(endpointName, alias) ? [] : [feedbackElsewhere(this.name, alias)],
    };
  }
}
