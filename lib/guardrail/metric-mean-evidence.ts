import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { knownProblem } from '../validate/limits';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { MetricMeanGuardrailOptions } from './evidence-options';
import type { BoundGuardrail } from './guardrail-kind';
import { elsewhere, sameMetric, serviceOf, sourcePlan, sourceProblems } from './metric-source';
import { RegressionDirection } from './guardrail-options';

const DEFAULT_CHANGE = 0.05;
const DEFAULT_CERTIFIED_CHANGE = 0.1;

/** @see Guardrail.metricMean */
export class MetricMeanEvidence extends EvidenceGuardrail<MetricMeanGuardrailOptions> {
  constructor(options: MetricMeanGuardrailOptions) {
    super(options, options.label ?? 'metric-mean');
  }

  public problems(): string[] {
    const { candidate, production } = this.options;
    const problems = [
      ...this.boundsProblems(),
      ...this.changeProblems(),
      ...this.each((metric, at) => sourceProblems(metric, at, (statistic) => ['average', 'avg'].includes(statistic.toLowerCase()),
        'must be a mean; set statistic to Stats.AVERAGE, or leave it out, or count bad outcomes with Guardrail.metric')),
    ];
    return problems.length === 0 && JSON.stringify(sourcePlan(candidate)) === JSON.stringify(sourcePlan(production))
      ? [sameMetric(this.name)]
      : problems;
  }

  public bind(scope: Construct): BoundGuardrail {
    const { candidate, production, minValue, maxValue, regression, label } = this.options;
    const { maxChange, certifiedChange } = this.changes();
    const factor = (change: number): number => Number((regression === RegressionDirection.DECREASE ? 1 - change : 1 + change).toFixed(9));
    return {
      plan: {
        ...this.common,
        kind: 'mean',
        label: label ?? this.name,
        candidate: sourcePlan(candidate),
        production: sourcePlan(production),
        lowest: minValue,
        highest: maxValue,
        worse: regression === RegressionDirection.DECREASE ? 'lower' : 'higher',
        allowed: factor(maxChange),
        margin: factor(certifiedChange),
      },
      countsFallbacks: serviceOf([production]),
      problems: this.each((metric, at) => elsewhere(metric, at, Stack.of(scope))),
    };
  }

  private changes(): { readonly maxChange: number; readonly certifiedChange: number } {
    const { maxChange = DEFAULT_CHANGE } = this.options;
    return {
      maxChange,
      certifiedChange: this.options.certifiedChange ?? Math.min((1 + maxChange) / 2, Math.max(DEFAULT_CERTIFIED_CHANGE, 2 * maxChange)),
    };
  }

  private boundsProblems(): string[] {
    const { minValue, maxValue } = this.options;
    const at = `of ${this.what}`;
    if (Token.isUnresolved(minValue) || Token.isUnresolved(maxValue)) {
      return [`minValue and maxValue ${at} are known only at deployment; give numbers`];
    }
    return Number.isFinite(minValue) && Number.isFinite(maxValue) && minValue < maxValue
      ? []
      : [
          `minValue ${at} is ${minValue} and maxValue ${maxValue}, but they must be finite numbers with minValue below maxValue; give the `
            + 'bounds that no value can leave, ' +
            'and cap values that have none where they are published',
        ];
  }

  private changeProblems(): string[] {
    const { maxChange: max, certifiedChange: certified } = this.options;
    const at = `of ${this.what}`;
    const unit = 'of what production\'s mean is above minValue';
    const problems = [
      ...knownProblem(`maxChange ${at}`, max, [0, 0.99], unit, 'it is a share, not percent; 0.05 is the default'),
      ...knownProblem(`certifiedChange ${at}`, certified, [0.001, 0.999], unit, 'it is a share, not percent; 0.1 is the default'),
    ];
    if (problems.length > 0) {
      return problems;
    }
    const { maxChange, certifiedChange } = this.changes();
    return certifiedChange > maxChange
      ? []
      : [
          `${this.what} must rule out a change of ${certifiedChange}, which is not more than the `
            + `${maxChange} that it allows, so that no candidate could pass; ` +
            'raise certifiedChange, or leave it out',
        ];
  }

  private each(problems: (metric: IMetric, at: string) => string[]): string[] {
    return (['candidate', 'production'] as const).flatMap((side) =>
      problems(this.options[side], `${side} of ${this.what}`),
    );
  }
}
