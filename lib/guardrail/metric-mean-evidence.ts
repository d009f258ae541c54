import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { valueBoundsProblems } from '../validate/value-bounds';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { MetricMeanGuardrailOptions } from './evidence-options';
import type { BoundGuardrail } from './guardrail-kind';
import { elsewhere, sameMetric, serviceOf, sourcePlan, sourceProblems } from './metric-source';
import { changePlan, changeProblems } from './mean-changes';

/** @see Guardrail.metricMean */
export class MetricMeanEvidence extends EvidenceGuardrail<MetricMeanGuardrailOptions> {
  constructor(options: MetricMeanGuardrailOptions) {
    super(options, options.label ?? 'metric-mean');
  }

  public problems(): string[] {
    const { candidate, production } = this.options;
    const problems = [
      ...valueBoundsProblems(`of ${this.what}`, this.options.minValue, this.options.maxValue,
        'give the bounds that no value can leave, and cap values that have none where they are published'),
      ...changeProblems(this.what, this.options),
      ...this.each((metric, at) => sourceProblems(metric, at, (statistic) => ['average', 'avg'].includes(statistic.toLowerCase()),
        'must be a mean; set statistic to Stats.AVERAGE, or leave it out, or count bad outcomes with Guardrail.metric')),
    ];
    return problems.length === 0 && JSON.stringify(sourcePlan(candidate)) === JSON.stringify(sourcePlan(production))
      ? [sameMetric(this.name)]
      : problems;
  }

  public bind(scope: Construct): BoundGuardrail {
    const { candidate, production, minValue, maxValue, regression, label } = this.options;
    return {
      plan: {
        ...this.common,
        kind: 'mean',
        label: label ?? this.name,
        candidate: sourcePlan(candidate),
        production: sourcePlan(production),
        lowest: minValue,
        highest: maxValue,
        ...changePlan(this.options, regression),
      },
      countsFallbacks: serviceOf([production]),
      problems: this.each((metric, at) => elsewhere(metric, at, Stack.of(scope))),
    };
  }

  private each(problems: (metric: IMetric, at: string) => string[]): string[] {
    return (['candidate', 'production'] as const).flatMap((side) =>
      problems(this.options[side], `${side} of ${this.what}`),
    );
  }
}
