import type { Construct } from 'constructs';
import { routeKey } from '../core/names';
import { agreementBounds, agreementProblems } from './agreement-bounds';
import { actionPlan } from './evidence-bounds';
import type { AgreementGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailContext, GuardrailKind } from './guardrail-kind';

/** @see Guardrail.agreement */
export class AgreementEvidence implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(private readonly props: AgreementGuardrailOptions) {
    this.name = props.name ?? 'agreement';
  }

  public problems(): string[] {
    return agreementProblems(`of guardrail ${JSON.stringify(this.name)}`, this.props.minAgreementRate, this.props.certifiedAgreementRate);
  }

  public bind(_scope: Construct, { endpointName, alias }: Pick<GuardrailContext, 'endpointName' | 'alias'>): BoundGuardrail {
    const { mirror, action, minAgreementRate, certifiedAgreementRate, beyondNoise = false } = this.props;
    const at = `of guardrail ${JSON.stringify(this.name)}`;
    return {
      plan: {
        name: this.name,
        action: actionPlan(action),
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
