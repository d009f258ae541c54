import { Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { FinishReason as Reason } from '../core/generation/finish-reason';
import { FinishReason } from '../endpoint/finish-reason';
import { actionPlan, boundsPlan, boundsProblems } from './evidence-bounds';
import type { FinishReasonsGuardrailOptions } from './generation-options';
import { withoutTokens } from './generative-endpoint';
import type { BoundGuardrail, GuardrailContext, GuardrailKind } from './guardrail-kind';

/** Ends that nobody wants. */
const UNWANTED = [FinishReason.LENGTH, FinishReason.FILTER, FinishReason.OTHER];

/** @see Guardrail.finishReasons */
export class FinishReasonsEvidence implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;
  private readonly reasons: readonly FinishReason[];

  constructor(private readonly options: FinishReasonsGuardrailOptions) {
    this.name = options.name ?? 'finish-reasons';
    this.reasons = options.reasons ?? UNWANTED;
  }

  public problems(): string[] {
    const { reasons, name } = this;
    const at = `reasons of guardrail ${JSON.stringify(name)}`;
    const problems = boundsProblems(name, this.options);
    if (Token.isUnresolved(reasons) || reasons.length === 0) {
      problems.push(`${at} are none that are known at synthesis; name some of FinishReason, or leave them out for ${UNWANTED.join(', ')}`);
    } else if (new Set(reasons).size < reasons.length) {
      problems.push(`${at} are ${reasons.join(', ')}; name each once`);
    }
    return problems;
  }

  public bind(_scope: Construct, context: GuardrailContext): BoundGuardrail {
    return {
      plan: {
        name: this.name,
        action: actionPlan(this.options.action),
        kind: 'finish-reasons',
        reasons: this.reasons.map((reason) => reason.toLowerCase() as Reason),
        ...boundsPlan(this.options),
      },
      problems: withoutTokens(this.name, context),
    };
  }
}
