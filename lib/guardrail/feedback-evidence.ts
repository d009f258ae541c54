import type { Construct } from 'constructs';
import { routeKey } from '../core/names';
import { actionPlan, boundsPlan, boundsProblems, feedbackElsewhere, labelDelayPlan, labelDelayProblems } from './evidence-bounds';
import type { FeedbackGuardrailProps } from './evidence-options';
import type { BoundGuardrail, GuardrailContext, GuardrailKind } from './guardrail-kind';

/** @see Guardrail.feedback */
export class FeedbackEvidence implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(private readonly props: FeedbackGuardrailProps) {
    this.name = props.name ?? 'feedback';
  }

  public problems(): string[] {
    return [...boundsProblems(this.name, this.props), ...labelDelayProblems(this.name, this.props)];
  }

  public bind(_scope: Construct, { endpointName, alias }: GuardrailContext): BoundGuardrail {
    return {
      plan: { name: this.name, action: actionPlan(this.props.action), kind: 'feedback', ...boundsPlan(this.props), ...labelDelayPlan(this.props) },
      problems: this.props.feedback._aliasKey === routeKey(endpointName, alias) ? [] : [feedbackElsewhere(this.name, alias)],
    };
  }
}
