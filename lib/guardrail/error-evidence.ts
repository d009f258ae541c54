import type { Construct } from 'constructs';
import type { Bound } from '../core/judge/rate';
import { actionPlan, boundsPlan, boundsProblems } from './evidence-bounds';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { ErrorRateGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';
import { bySegments, segmentProblems } from './segments-plan';

/** @see Guardrail.errorRate */
export class ErrorEvidence extends EvidenceGuardrail<ErrorRateGuardrailOptions> {
  constructor(options: ErrorRateGuardrailOptions) {
    super(options, 'errors');
  }

  public get segmented(): boolean {
    return this.options.by !== undefined;
  }

  public get allowedErrors(): Bound | undefined {
    return actionPlan(this.options.action) === 'rollback' && this.problems().length === 0 ? boundsPlan(this.options).allowed : undefined;
  }

  public problems(): string[] {
    return [...boundsProblems(this.name, this.options), ...segmentProblems(this.name, this.options.by)];
  }

  public bind(_scope: Construct, context: GuardrailContext): BoundGuardrail {
    const { by, problems } = bySegments(this.name, this.options.by, context, false);
    return {
      plan: { ...this.common, kind: 'errors', ...boundsPlan(this.options), ...by },
      problems,
    };
  }
}
