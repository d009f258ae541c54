import type { Construct } from 'constructs';
import { routeKey } from '../core/names';
import { knownProblem } from '../validate/limits';
import { actionPlan } from './evidence-bounds';
import type { AgreementGuardrailProps } from './evidence-options';
import type { BoundGuardrail, GuardrailContext, GuardrailKind } from './guardrail-kind';

/** @see Guardrail.agreement */
export class AgreementEvidence implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(private readonly props: AgreementGuardrailProps) {
    this.name = props.name ?? 'agreement';
  }

  public problems(): string[] {
    const { atLeast, certifiedAtLeast } = this.props;
    const at = `of guardrail ${JSON.stringify(this.name)}`;
    const problems = [
      ...knownProblem(`atLeast ${at}`, atLeast, [0.01, 0.9999], 'of the comparisons', 'it is a share, not percent; 0.95 lets one answer in twenty differ'),
      ...knownProblem(`certifiedAtLeast ${at}`, certifiedAtLeast, [0.001, 0.9999], 'of the comparisons', 'leave it out for the default'),
    ];
    return problems.length > 0 || certifiedAtLeast === undefined || certifiedAtLeast < atLeast
      ? problems
      : [`certifiedAtLeast ${at} is ${certifiedAtLeast}, but must be below atLeast ${atLeast}, or no candidate could ever be certified; lower it or leave it out`];
  }

  public bind(_scope: Construct, { endpointName, alias }: Pick<GuardrailContext, 'endpointName' | 'alias'>): BoundGuardrail {
    const { mirror, action, atLeast, certifiedAtLeast, beyondNoise = false } = this.props;
    const at = `of guardrail ${JSON.stringify(this.name)}`;
    const bound = rounded(1 - atLeast);
    return {
      plan: {
        name: this.name,
        action: actionPlan(action),
        kind: 'agreement',
        shadow: mirror.shadowName,
        ...(beyondNoise ? { beyondNoise } : {}),
        bound,
        margin: certifiedAtLeast === undefined ? Math.min(rounded(2 * bound), rounded((1 + bound) / 2)) : rounded(1 - certifiedAtLeast),
      },
      problems: [
        ...(beyondNoise && mirror._noiseFloorShare === 0
          ? [`beyondNoise ${at} needs to know how often production differs from itself, but its mirror asks nothing twice; set noiseFloorShare of the mirror, for example to 0.2`]
          : []),
        ...(mirror._aliasKey === routeKey(endpointName, alias)
        ? []
        : [`the mirror ${at} is on another alias than the rollout, so that it compares with another production; give a mirror of alias ${JSON.stringify(alias)}`]),
      ],
    };
  }
}

/** 1 - 0.95 is not 0.05. */
function rounded(share: number): number {
  return Number(share.toFixed(9));
}
