import type { Construct } from 'constructs';
import { routeKey } from '../core/names';
import { agreementBounds, agreementProblems } from './agreement-bounds';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { AgreementGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';

/** @see Guardrail.agreement */
export class AgreementEvidence extends EvidenceGuardrail<AgreementGuardrailOptions> {
  constructor(options: AgreementGuardrailOptions) {
    super(options, 'agreement');
  }

  public problems(): string[] {
    return agreementProblems(`of ${this.what}`, this.options.minAgreementRate, this.options.certifiedAgreementRate);
  }

  public bind(_scope: Construct, { endpointName, alias }: Pick<GuardrailContext, 'endpointName' | 'alias'>): BoundGuardrail {
    const { mirror, minAgreementRate, certifiedAgreementRate, beyondNoise = false } = this.options;
    const at = `of ${this.what}`;
    return {
      plan: {
        ...this.common,
        kind: 'agreement',
        shadow: mirror.shadowName,
        ...(beyondNoise ? { beyondNoise } : {}),
        ...agreementBounds(minAgreementRate, certifiedAgreementRate),
      },
      problems: [
        ...(beyondNoise && mirror._noiseFloorRate === 0
          ? [
              `beyondNoise ${at} needs to know how often production differs from itself, but its mirror asks nothing twice; set `
                + 'noiseFloorRate of the mirror, for example to 0.2',
            ]
          : []),
        ...(mirror._aliasKey === routeKey(endpointName, alias)
          ? []
          : [
              `the mirror ${at} is on another alias than the rollout, so that it compares with another production; give a mirror of `
                + `alias ${JSON.stringify(alias)}`,
            ]),
      ],
    };
  }
}
