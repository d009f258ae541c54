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

  public problems(): string[] {
    return boundsProblems(this.name, this.options);
  }

  public bind(): BoundGuardrail {
    return { plan: { name: this.name, action: actionPlan(this.options.action), kind: 'errors', ...boundsPlan(this.options) } };
  }
}
