import type { Construct } from 'constructs';
import { DEFAULTS } from '../core/judge/plan';
import { routeKey } from '../core/names';
import { knownProblem } from '../validate/limits';
import { actionPlan, boundsPlan, boundsProblems, feedbackElsewhere, labelDelayPlan, labelDelayProblems } from './evidence-bounds';
import type { FeedbackGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailContext, GuardrailKind } from './guardrail-kind';

/** @see Guardrail.feedback */
export class FeedbackEvidence implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(private readonly props: FeedbackGuardrailOptions) {
    this.name = props.name ?? 'feedback';
  }

  public problems(): string[] {
    return [
      ...boundsProblems(this.name, this.props),
      ...labelDelayProblems(this.name, this.props),
      ...knownProblem(
        `labelTolerance of guardrail ${JSON.stringify(this.name)}`,
        this.props.labelTolerance,
        [0, 10],
        '',
        'it is a factor on the odds on top of 1, not percent; 0.05 is the default',
      ),
    ];
  }

  public bind(_scope: Construct, { endpointName, alias, assignment }: GuardrailContext): BoundGuardrail {
    const { alpha, tolerance: usual } = DEFAULTS.sampleRatio;
    const tolerance = this.props.labelTolerance ?? (assignment.source === 'inference-id' ? usual : undefined);
    return {
      plan: {
        name: this.name, action: actionPlan(this.props.action), kind: 'feedback', ...boundsPlan(this.props), ...labelDelayPlan(this.props),
        ...(tolerance === undefined ? {} : { labelRatio: { tolerance, alpha } }),
      },
      problems: this.props.feedback._aliasKey === routeKey(endpointName, alias) ? [] : [feedbackElsewhere(this.name, alias)],
    };
  }
}
