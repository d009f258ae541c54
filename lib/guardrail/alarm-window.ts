import { CfnAlarm, type IAlarmRef, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Token } from 'aws-cdk-lib/core';
import { Dimension } from '../core/names';
import type { AlarmWindow, GuardrailContext } from './guardrail-kind';

/** The metric of an alarm that was defined as a construct here; composite and imported alarms do not tell. */
function metricOf(alarm: IAlarmRef): IMetric | undefined {
  return (alarm as { readonly metric?: IMetric }).metric;
}

/** Over what time an alarm looks, if that can be known. */
export function windowOf(alarm: IAlarmRef): AlarmWindow | undefined {
  const metric = metricOf(alarm);
  const resource = CfnAlarm.isCfnAlarm(alarm) ? alarm : alarm.node.defaultChild;
  if (!CfnAlarm.isCfnAlarm(resource)) {
    return undefined;
  }
  const config = metric?.toMetricConfig();
  const periodSeconds = config?.metricStat?.period.toSeconds() ?? config?.mathExpression?.period ?? resource.period;
  const periods = resource.evaluationPeriods;
  return typeof periodSeconds !== 'number' ||
    typeof periods !== 'number' ||
    Token.isUnresolved(periodSeconds) ||
    Token.isUnresolved(periods)
    ? undefined
    : { periodSeconds, periods };
}

/** What an alarm watches, if that is all requests of the endpoint, of which the candidate's are a part. */
export function watchesBothVersions(alarm: IAlarmRef, context: GuardrailContext): string | undefined {
  const metric = metricOf(alarm);
  const leaves = metric === undefined ? [] : leavesOf(metric);
  // A comparison of versions has at least one metric of one of them.
  return leaves.length > 0 && leaves.every((leaf) => isWhole(leaf, context)) ? leaves.map(({ name }) => name).join(', ') : undefined;
}

interface Leaf {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: { readonly [name: string]: unknown };
}

function leavesOf(metric: IMetric): Leaf[] {
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

function isWhole({ namespace, dimensions }: Leaf, { whole }: GuardrailContext): boolean {
  return whole.some((candidate) =>
    candidate.namespace === namespace
    && Object.entries(candidate.dimensions).every(([name, value]) => dimensions[name] === value)
    && !(Dimension.VARIANT in dimensions || Dimension.VERSION in dimensions));
}
