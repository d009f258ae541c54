import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { MetricPairPlan } from '../core/guardrails/metric';
import type { MetricSource } from '../core/guardrails/sources';
import { boundsPlan, boundsProblems } from './evidence-bounds';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { MetricGuardrailOptions, MetricPair } from './evidence-options';
import type { BoundGuardrail } from './guardrail-kind';
import { elsewhere, sameMetric, serviceOf, sourcePlan, sourceProblems } from './metric-source';

const STATISTICS: { readonly [statistic: string]: MetricSource['statistic'] } = {
  sum: 'Sum',
  samplecount: 'SampleCount',
  n: 'SampleCount',
};

/** @see Guardrail.metric */
export class MetricEvidence extends EvidenceGuardrail<MetricGuardrailOptions> {
  constructor(options: MetricGuardrailOptions) {
    super(options, options.label ?? 'metric');
  }

  public problems(): string[] {
    const { candidate, production } = this.options;
    const problems = [
      ...boundsProblems(this.name, this.options),
      ...this.each(candidate, 'candidate', countProblems),
      ...this.each(production, 'production', countProblems),
    ];
    if (problems.length > 0) {
      return problems;
    }
    const [ours, theirs] = [pairPlan(candidate), pairPlan(production)];
    const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
    return [
      ...(same(ours.bad, theirs.bad) ? [sameMetric(this.name, '.bad')] : []),
      ...(
        [
          ['candidate', ours],
          ['production', theirs],
        ] as const
      )
        .filter(([, { total, bad }]) => same(total, bad))
        .map(
          ([side]) =>
            `${side}.total and ${side}.bad of ${this.what} are the same metric, so that every outcome would `
              + 'be bad; count all outcomes in total',
        ),
    ];
  }

  public bind(scope: Construct): BoundGuardrail {
    const { options } = this;
    const stack = Stack.of(scope);
    return {
      plan: {
        ...this.common,
        kind: 'metric',
        label: options.label ?? this.name,
        candidate: pairPlan(options.candidate),
        production: pairPlan(options.production),
        ...boundsPlan(options),
      },
      countsFallbacks: serviceOf([options.production.total, options.production.bad]),
      problems: [
        ...this.each(options.candidate, 'candidate', (metric, at) => elsewhere(metric, at, stack)),
        ...this.each(options.production, 'production', (metric, at) => elsewhere(metric, at, stack)),
      ],
    };
  }

  private each(pair: MetricPair, side: string, problems: (metric: IMetric, at: string) => string[]): string[] {
    return (['total', 'bad'] as const).flatMap((part) => problems(pair[part], `${side}.${part} of ${this.what}`));
  }
}

/** Why a metric cannot be read as a count, or nothing. */
function countProblems(metric: IMetric, at: string): string[] {
  return sourceProblems(metric, at, (statistic) => STATISTICS[statistic.toLowerCase()] !== undefined,
    'must be a count; set statistic to Stats.SUM, or to Stats.SAMPLE_COUNT where each sample is an outcome');
}

/** Why a pair of metrics cannot be counted here, or nothing. */
export function pairProblems(pair: MetricPair, at: string, stack: Stack): string[] {
  return (['total', 'bad'] as const).flatMap((part) =>
    [countProblems, (metric: IMetric, place: string) => elsewhere(metric, place, stack)].flatMap((problems) =>
      problems(pair[part], `${part} of ${at}`)));
}

export function pairPlan({ total, bad }: MetricPair): MetricPairPlan {
  return { total: countPlan(total), bad: countPlan(bad) };
}

function countPlan(metric: IMetric): MetricSource {
  return { ...sourcePlan(metric), statistic: STATISTICS[metric.toMetricConfig().metricStat!.statistic.toLowerCase()] };
}
