import type { Construct } from 'constructs';
import { routeKey } from '../core/names';
import { knownProblem } from '../validate/limits';
import { actionPlan } from './evidence-bounds';
import type { PreferenceGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailContext, GuardrailKind } from './guardrail-kind';

/** A candidate that loses as often as it wins is as good as production. */
const ALLOWED = 1;
const MARGIN = 1.5;

/** @see Guardrail.preference */
export class PreferenceEvidence implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(private readonly props: PreferenceGuardrailOptions) {
    this.name = props.name ?? 'preference';
  }

  public problems(): string[] {
    const { maxRatio, certifiedRatio } = this.props;
    const at = `of guardrail ${JSON.stringify(this.name)}`;
    const problems = [
      ...knownProblem(`maxRatio ${at}`, maxRatio, [1, 100], 'losses for each win', `${ALLOWED} is the default`),
      ...knownProblem(`certifiedRatio ${at}`, certifiedRatio, [1, 1_000], 'losses for each win', `${MARGIN} is the default`),
    ];
    const { ratio, margin } = this.bounds();
    return problems.length > 0 || margin > ratio
      ? problems
      : [`certifiedRatio ${at} is ${margin}, but must be above maxRatio ${ratio}, or no candidate could pass; raise it or leave it out`];
  }

  public bind(_scope: Construct, { endpointName, alias }: Pick<GuardrailContext, 'endpointName' | 'alias'>): BoundGuardrail {
    const { mirror, action } = this.props;
    const at = `of guardrail ${JSON.stringify(this.name)}`;
    return {
      plan: { name: this.name, action: actionPlan(action), kind: 'preference', shadow: mirror.shadowName, ...this.bounds() },
      problems: [
        ...(mirror._judges
          ? []
          : [`the mirror ${at} has no judge, so that nothing says which answer is better; give the mirror a Comparison.judge`]),
        ...(mirror._aliasKey === routeKey(endpointName, alias)
          ? []
          : [
              `the mirror ${at} is on another alias than the rollout, so that it compares with another production; give a mirror of `
                + `alias ${JSON.stringify(alias)}`,
            ]),
      ],
    };
  }

  private bounds(): { readonly ratio: number; readonly margin: number } {
    const { maxRatio: ratio = ALLOWED, certifiedRatio } = this.props;
    return { ratio, margin: certifiedRatio ?? Number((ratio * MARGIN).toFixed(6)) };
  }
}
