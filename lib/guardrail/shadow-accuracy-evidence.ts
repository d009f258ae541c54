import type { Construct } from 'constructs';
import { DEFAULTS } from '../core/judge/plan';
import { routeKey } from '../core/names';
import { knownProblem } from '../validate/limits';
import { actionPlan, feedbackElsewhere, labelDelayPlan, labelDelayProblems } from './evidence-bounds';
import type { ShadowAccuracyGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailContext, GuardrailKind } from './guardrail-kind';

/** @see Guardrail.shadowAccuracy */
export class ShadowAccuracyEvidence implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(private readonly props: ShadowAccuracyGuardrailOptions) {
    this.name = props.name ?? 'shadow accuracy';
  }

  public problems(): string[] {
    const { maxRatio, certifiedRatio, feedback } = this.props;
    const at = `of guardrail ${JSON.stringify(this.name)}`;
    const problems = [
      ...knownProblem(`maxRatio ${at}`, maxRatio, [1, 100], 'times', '1.1 is the default'),
      ...knownProblem(`certifiedRatio ${at}`, certifiedRatio, [1, 1_000], 'times', '1.5 is the default'),
      ...labelDelayProblems(this.name, this.props),
      ...(feedback._outcome.kind === 'label'
        ? []
        : [
            `the feedback of guardrail ${JSON.stringify(this.name)} is a ${feedback._outcome.kind}, which says nothing of an answer `
              + 'that nobody saw; take FeedbackOutcome.label',
          ]),
    ];
    const { ratio, margin } = this.bounds();
    return problems.length > 0 || margin > ratio
      ? problems
      : [`certifiedRatio ${at} is ${margin}, but must be above maxRatio ${ratio}, or no candidate could pass; raise it or leave it out`];
  }

  public bind(_scope: Construct, { endpointName, alias }: GuardrailContext): BoundGuardrail {
    const { mirror, feedback, action } = this.props;
    const key = routeKey(endpointName, alias);
    return {
      plan: {
        name: this.name,
        action: actionPlan(action),
        kind: 'shadow-accuracy',
        shadow: mirror.shadowName,
        ...this.bounds(),
        ...labelDelayPlan(this.props),
      },
      problems: [
        ...(feedback._aliasKey === key ? [] : [feedbackElsewhere(this.name, alias)]),
        ...(mirror._aliasKey === key
          ? []
          : [
              `the mirror of guardrail ${JSON.stringify(this.name)} is on another alias than the rollout, so that it compares with `
                + `another production; give a mirror of alias ${JSON.stringify(alias)}`,
            ]),
      ],
    };
  }

  private bounds(): { readonly ratio: number; readonly margin: number } {
    const { discordanceRatio, discordanceMargin } = DEFAULTS;
    const { maxRatio: ratio = discordanceRatio, certifiedRatio } = this.props;
    return { ratio, margin: certifiedRatio ?? Number(((ratio * discordanceMargin) / discordanceRatio).toFixed(6)) };
  }
}
