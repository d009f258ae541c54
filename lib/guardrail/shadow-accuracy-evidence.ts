import type { Construct } from 'constructs';
import { DEFAULTS } from '../core/judge/plan';
import { routeKey } from '../core/names';
import { knownProblem } from '../validate/limits';
import { feedbackElsewhere, labelDelayPlan, labelDelayProblems } from './evidence-bounds';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { ShadowAccuracyGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';

/** @see Guardrail.shadowAccuracy */
export class ShadowAccuracyEvidence extends EvidenceGuardrail<ShadowAccuracyGuardrailOptions> {
  constructor(options: ShadowAccuracyGuardrailOptions) {
    super(options, 'shadow accuracy');
  }

  public problems(): string[] {
    const { maxRatio, certifiedRatio, feedback } = this.options;
    const at = `of ${this.what}`;
    const problems = [
      ...knownProblem(`maxRatio ${at}`, maxRatio, [1, 100], 'times', '1.1 is the default'),
      ...knownProblem(`certifiedRatio ${at}`, certifiedRatio, [1, 1_000], 'times', '1.5 is the default'),
      ...labelDelayProblems(this.name, this.options),
      ...(feedback._outcome.kind === 'label'
        ? []
        : [
            `the feedback of ${this.what} is a ${feedback._outcome.kind}, which says nothing of an answer `
              + 'that nobody saw; take FeedbackOutcome.label',
          ]),
    ];
    const { ratio, margin } = this.bounds();
    return problems.length > 0 || margin > ratio
      ? problems
      : [`certifiedRatio ${at} is ${margin}, but must be above maxRatio ${ratio}, or no candidate could pass; raise it or leave it out`];
  }

  public bind(_scope: Construct, { endpointName, alias }: GuardrailContext): BoundGuardrail {
    const { mirror, feedback } = this.options;
    const key = routeKey(endpointName, alias);
    return {
      plan: {
        ...this.common,
        kind: 'shadow-accuracy',
        shadow: mirror.shadowName,
        ...this.bounds(),
        ...labelDelayPlan(this.options),
      },
      problems: [
        ...(feedback._aliasKey === key ? [] : [feedbackElsewhere(this.name, alias)]),
        ...(mirror._aliasKey === key
          ? []
          : [
              `the mirror of ${this.what} is on another alias than the rollout, so that it compares with `
                + `another production; give a mirror of alias ${JSON.stringify(alias)}`,
            ]),
      ],
    };
  }

  private bounds(): { readonly ratio: number; readonly margin: number } {
    const { discordanceRatio, discordanceMargin } = DEFAULTS;
    const { maxRatio: ratio = discordanceRatio, certifiedRatio } = this.options;
    return { ratio, margin: certifiedRatio ?? Number(((ratio * discordanceMargin) / discordanceRatio).toFixed(6)) };
  }
}
