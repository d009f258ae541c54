import type { Bound } from '../core/judge/rate';
import { actionPlan, boundsPlan, boundsProblems } from './evidence-bounds';
import type { EvidenceOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailKind } from './guardrail-kind';

/** @see Guardrail.errorRate */
export class ErrorEvidence implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(private readonly options: EvidenceOptions) {
    this.name = options.name ?? 'errors';
  }

  public get allowedErrors(): Bound | undefined {
    return actionPlan(this.options.action) === 'rollback' && this.problems().length === 0 ? boundsPlan(this.options).allowed : undefined;
  }

  public problems(): string[] {
    return boundsProblems(this.name, this.options);
  }

  public bind(): BoundGuardrail {
    return { plan: { name: this.name, action: actionPlan(this.options.action), kind: 'errors', ...boundsPlan(this.options) } };
  }
}
