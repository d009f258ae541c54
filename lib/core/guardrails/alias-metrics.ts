import { MEASURED_REQUESTS, Metric, versionsFunction } from '../names';

/** A metric of Lambda's. */
interface AliasMetric {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: { readonly [name: string]: string };
  readonly statistic: 'Sum' | 'SampleCount';
}

/** What Lambda counts of what routers would. Everything else routers alone know: of that there is nothing. */
const COUNTED: { readonly [metric: string]: Pick<AliasMetric, 'metricName' | 'statistic'> } = {
  [Metric.INVOCATIONS]: { metricName: 'Invocations', statistic: 'Sum' },
  [Metric.FAILURES]: { metricName: 'Errors', statistic: 'Sum' },
  [Metric.MODEL_LATENCY]: { metricName: 'Duration', statistic: 'Sum' },
  [MEASURED_REQUESTS]: { metricName: 'Duration', statistic: 'SampleCount' },
};

/**
 * Lambda's own metric of a version behind a weighted alias, which has the alias's name and the version's number as dimensions; undefined
 * where a router is in front, or Lambda has no such metric.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export function aliasMetric(
  [endpoint, alias]: readonly [string, string], version: string, metricName: string,
): AliasMetric | undefined {
  const functionName = versionsFunction(endpoint);
  const counted = COUNTED[metricName];
  return functionName === undefined || counted === undefined ? undefined : {
    namespace: 'AWS/Lambda', ...counted,
    dimensions: { FunctionName: functionName, Resource: `${functionName}:${alias}`, ExecutedVersion: version },
  };
}
