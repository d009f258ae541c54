import { Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { FinishReason } from '../core/generation/finish-reason';
import { boundsPlan, boundsProblems } from './evidence-bounds';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { FinishReasonsGuardrailOptions } from './generation-options';
import { withoutTokens } from './generative-endpoint';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';

/** Ends that nobody wants. */
const UNWANTED = [FinishReason.LENGTH, FinishReason.FILTER, FinishReason.OTHER];

/** @see Guardrail.finishReasons */
export class FinishReasonsEvidence extends EvidenceGuardrail<FinishReasonsGuardrailOptions> {
  private readonly reasons: readonly FinishReason[];

  constructor(options: FinishReasonsGuardrailOptions) {
    super(options, 'finish-reasons');
    this.reasons = options.reasons ?? UNWANTED;
  }

  public problems(): string[] {
    const { reasons, name } = this;
    const at = `reasons of guardrail ${JSON.stringify(name)}`;
    const problems = boundsProblems(name, this.options);
    if (Token.isUnresolved(reasons) || reasons.length === 0) {
      problems.push(`${at} are none that are known at synthesis; name some of FinishReason, or leave them out for ${members(UNWANTED)}`);
    } else if (new Set(reasons).size < reasons.length) {
      problems.push(`${at} are ${members(reasons)}; name each once`);
    }
    return problems;
  }

  public bind(_scope: Construct, context: GuardrailContext): BoundGuardrail {
    return {
      plan: {
        ...this.common,
        kind: 'finish-reasons',
        reasons: this.reasons,
        ...boundsPlan(this.options),
      },
      problems: withoutTokens(this.name, context),
    };
  }
}

/** As programs name them. */
function members(reasons: readonly FinishReason[]): string {
  return reasons.map((reason) => reason.toUpperCase()).join(', ');
}
