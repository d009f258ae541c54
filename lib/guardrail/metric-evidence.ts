import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { MetricPairPlan, MetricSource } from '../core/rollout/plan';
import { actionPlan, boundsPlan, boundsProblems } from './evidence-bounds';
import type { MetricGuardrailProps, MetricPair } from './evidence-options';
import type { BoundGuardrail, GuardrailKind } from './guardrail-kind';

const STATISTICS: { readonly [statistic: string]: MetricSource['statistic'] } = { sum: 'Sum', samplecount: 'SampleCount', n: 'SampleCount' };

/** @see Guardrail.metric */
export class MetricEvidence implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(private readonly props: MetricGuardrailProps) {
    this.name = props.name ?? props.label ?? 'metric';
  }

  public problems(): string[] {
    const { candidate, production } = this.props;
    const problems = [
      ...boundsProblems(this.name, this.props),
      ...this.each(candidate, 'candidate', (metric, at) => sourceProblems(metric, at)),
      ...this.each(production, 'production', (metric, at) => sourceProblems(metric, at)),
    ];
    if (problems.length > 0) {
      return problems;
    }
    const [ours, theirs] = [pairPlan(candidate), pairPlan(production)];
    const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
    return [
      ...(same(ours.bad, theirs.bad) ? [`candidate.bad and production.bad of guardrail ${JSON.stringify(this.name)} are the same metric, which compares nothing; `
        + 'give each version its own, for example by the dimension Variant'] : []),
      ...([['candidate', ours], ['production', theirs]] as const).filter(([, { total, bad }]) => same(total, bad)).map(([side]) =>
        `${side}.total and ${side}.bad of guardrail ${JSON.stringify(this.name)} are the same metric, so that every outcome would be bad; count all outcomes in total`),
    ];
  }

  public bind(scope: Construct): BoundGuardrail {
    const { props } = this;
    const stack = Stack.of(scope);
    return {
      plan: {
        name: this.name,
        action: actionPlan(props.action),
        kind: 'metric',
        label: props.label ?? this.name,
        candidate: pairPlan(props.candidate),
        production: pairPlan(props.production),
        ...boundsPlan(props),
      },
      problems: [
        ...this.each(props.candidate, 'candidate', (metric, at) => elsewhere(metric, at, stack)),
        ...this.each(props.production, 'production', (metric, at) => elsewhere(metric, at, stack)),
      ],
    };
  }

  private each(pair: MetricPair, side: string, problems: (metric: IMetric, at: string) => string[]): string[] {
    return (['total', 'bad'] as const).flatMap((part) => problems(pair[part], `${side}.${part} of guardrail ${JSON.stringify(this.name)}`));
  }
}

/** Why a metric cannot be read as a count, or nothing. */
function sourceProblems(metric: IMetric, at: string): string[] {
  const { metricStat } = metric.toMetricConfig();
  if (metricStat === undefined) {
    return [`${at} is a math expression, but evidence is made of counts as they were recorded; give the metrics that the expression is made of, or an alarm with Guardrail.alarm`];
  }
  return [
    ...(STATISTICS[metricStat.statistic.toLowerCase()] === undefined
      ? [`${at} has statistic ${JSON.stringify(metricStat.statistic)}, but must be a count; set statistic to Stats.SUM, or to Stats.SAMPLE_COUNT where each sample is an outcome`]
      : []),
    ...(metricStat.unitFilter === undefined ? [] : [`${at} is limited to unit ${metricStat.unitFilter}, which is not supported; leave unit out`]),
  ];
}

/** Metrics of other accounts and regions cannot be read. */
function elsewhere(metric: IMetric, at: string, stack: Stack): string[] {
  const { metricStat } = metric.toMetricConfig();
  return (['region', 'account'] as const).flatMap((place) => {
    const there = place === 'region' ? metricStat?.region : metricStat?.account;
    const here = stack[place];
    return there === undefined || Token.isUnresolved(there) || Token.isUnresolved(here) || there === here
      ? []
      : [`${at} is in ${place} ${there}, but the endpoint is in ${here}, where it cannot be read; publish it there too`];
  });
}

function pairPlan({ total, bad }: MetricPair): MetricPairPlan {
  return { total: sourcePlan(total), bad: sourcePlan(bad) };
}

function sourcePlan(metric: IMetric): MetricSource {
  const { namespace, metricName, dimensions = [], statistic } = metric.toMetricConfig().metricStat!;
  return {
    namespace,
    metricName,
    dimensions: Object.fromEntries(dimensions.map(({ name, value }) => [name, String(value)])),
    statistic: STATISTICS[statistic.toLowerCase()],
  };
}
