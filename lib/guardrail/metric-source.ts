import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { type Stack, Token } from 'aws-cdk-lib/core';
import type { MeanMetricSource } from '../core/guardrails/mean';

/** Why the statistics of a metric cannot be evidence, or nothing. `remedy` says which statistic `accepts` wants. */
export function sourceProblems(metric: IMetric, at: string, accepts: (statistic: string) => boolean, remedy: string): string[] {
  const { metricStat } = metric.toMetricConfig();
  if (metricStat === undefined) {
    return [
      `${at} is a math expression, but evidence is made of values as they were recorded; give the metrics that the expression is made `
        + 'of, or an alarm with Guardrail.alarm',
    ];
  }
  return [
    ...(accepts(metricStat.statistic) ? [] : [`${at} has statistic ${JSON.stringify(metricStat.statistic)}, but ${remedy}`]),
    ...(metricStat.unitFilter === undefined
      ? []
      : [`${at} is limited to unit ${metricStat.unitFilter}, which is not supported; leave unit out`]),
  ];
}

/** Metrics of other accounts and regions cannot be read. */
export function elsewhere(metric: IMetric, at: string, stack: Stack): string[] {
  const { metricStat } = metric.toMetricConfig();
  return (['region', 'account'] as const).flatMap((place) => {
    const there = place === 'region' ? metricStat?.region : metricStat?.account;
    const here = stack[place];
    return there === undefined || Token.isUnresolved(there) || Token.isUnresolved(here) || there === here
      ? []
      : [`${at} is in ${place} ${there}, but the endpoint is in ${here}, where it cannot be read; publish it there too`];
  });
}

/** A metric without its statistic. */
export function sourcePlan(metric: IMetric): MeanMetricSource {
  const { namespace, metricName, dimensions = [] } = metric.toMetricConfig().metricStat!;
  return { namespace, metricName, dimensions: Object.fromEntries(dimensions.map(({ name, value }) => [name, String(value)])) };
}

/** Said of two versions that are given one metric. */
export function sameMetric(guardrail: string, part = ''): string {
  return `candidate${part} and production${part} of guardrail ${JSON.stringify(guardrail)} are the same metric, which compares `
    + 'nothing; give each version its own, for example by the dimension Variant';
}

/** Services count each call of a model, whoever it is made for. */
const SERVICES: readonly string[] = ['AWS/Lambda', 'AWS/SageMaker'];

/** The service whose metrics these are, if it cannot tell a request of production's own from one that it answers for a candidate. */
export function serviceOf(metrics: readonly IMetric[]): string | undefined {
  return metrics.map((metric) => metric.toMetricConfig().metricStat?.namespace ?? '').find((namespace) => SERVICES.includes(namespace));
}
