import type { Construct } from 'constructs';
import type { CommonGuardrailPlan } from '../core/guardrails/common';
import { actionPlan } from './evidence-bounds';
import type { BoundGuardrail, GuardrailContext, GuardrailKind } from './guardrail-kind';
import { GuardrailAction, type GuardrailOptions } from './guardrail-options';

/** What all comparisons with production by evidence have. */
export abstract class EvidenceGuardrail<Options extends GuardrailOptions> implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(protected readonly options: Options, usualName: string, private readonly usualAction = GuardrailAction.ROLLBACK) {
    this.name = options.name ?? usualName;
  }

  public abstract problems(): string[];

  public abstract bind(scope: Construct, context: GuardrailContext): BoundGuardrail;

  /** As mistakes name it. */
  protected get what(): string {
    return `guardrail ${JSON.stringify(this.name)}`;
  }

  /** What its plan has whatever it compares. */
  protected get common(): Pick<CommonGuardrailPlan, 'name' | 'action'> {
    return { name: this.name, action: actionPlan(this.options.action ?? this.usualAction) };
  }
}
