import type { IAlarmRef, IMetric } from 'aws-cdk-lib/aws-cloudwatch';

/** A metric that an alarm watches, by itself or in an expression. */
export interface WatchedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: { readonly [name: string]: unknown };
}

/** The metric of an alarm that was defined as a construct here; composite and imported alarms do not tell. */
export function metricOf(alarm: IAlarmRef): IMetric | undefined {
  return (alarm as { readonly metric?: IMetric }).metric;
}

/** All that an alarm watches, as far as that can be known. */
export function watchedMetrics(alarm: IAlarmRef): WatchedMetric[] {
  const metric = metricOf(alarm);
  return metric === undefined ? [] : leavesOf(metric);
}

function leavesOf(metric: IMetric): WatchedMetric[] {
  const { metricStat, mathExpression } = metric.toMetricConfig();
  if (metricStat !== undefined) {
    return [{
      namespace: metricStat.namespace,
      name: metricStat.metricName,
      dimensions: Object.fromEntries((metricStat.dimensions ?? []).map(({ name, value }) => [name, value as unknown])),
    }];
  }
  return Object.values(mathExpression?.usingMetrics ?? {}).flatMap(leavesOf);
}
