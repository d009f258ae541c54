import { Dimension, Metric, METRIC_NAMESPACE, VariantName } from '../../lib/core/names';
import type { AlarmDefinition, Comparison, MissingData, SimulatedMetric } from './alarm-definition';
import { compile, MetricMathError } from './metric-math';
import { flatten } from './flatten';

type Properties = { readonly [name: string]: unknown };

interface TemplateMetric {
  readonly MetricName?: unknown;
  readonly Namespace?: unknown;
  readonly Dimensions?: readonly { readonly Name: unknown; readonly Value: unknown }[];
}

interface TemplateQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly ReturnData?: boolean;
  readonly Period?: number;
  readonly MetricStat?: { readonly Metric: TemplateMetric; readonly Period: number; readonly Stat: string };
}

/** What a rehearsal makes up for every version. */
const SIMULATED: ReadonlySet<string> = new Set([
  Metric.INVOCATIONS, Metric.FAILURES, Metric.MODEL_ERRORS, Metric.TIMEOUTS, Metric.THROTTLES, Metric.BACKEND_ERRORS, Metric.CLIENT_ERRORS,
  Metric.FALLBACKS, Metric.FALLBACK_INVOCATIONS, Metric.FALLBACK_FAILURES, Metric.RETRIES, Metric.MID_STREAM_ERRORS, Metric.MODEL_LATENCY,
]);
const STATISTIC = /^(?:Sum|Average|SampleCount|Minimum|Maximum|p\d+(?:\.\d+)?)$/;
const COMPARISONS: readonly string[] = [
  'GreaterThanThreshold',
  'GreaterThanOrEqualToThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
] satisfies Comparison[];

/** An alarm that a rehearsal cannot simulate; the message says why. */
class NotSimulated extends Error {}

/** An alarm of a template, or why it stays OK in a rehearsal. */
export function alarmOf(name: string, properties: Properties, alias: string): AlarmDefinition | { readonly reason: string } {
  try {
    return read(name, properties, alias);
  } catch (error) {
    if (error instanceof NotSimulated || error instanceof MetricMathError) {
      return { reason: error.message };
    }
    throw error;
  }
}

function read(name: string, properties: Properties, alias: string): AlarmDefinition {
  const queries: readonly TemplateQuery[] = (properties.Metrics as TemplateQuery[] | undefined) ?? [
    {
      Id: 'm1',
      MetricStat: {
        Metric: properties as TemplateMetric,
        Period: Number(properties.Period),
        Stat: String(properties.Statistic ?? properties.ExtendedStatistic),
      },
    },
  ];
  const metrics: { [id: string]: SimulatedMetric } = {};
  const expressions: { [id: string]: string } = {};
  const periods = new Set<number>();
  for (const { Id: id, Expression: expression, MetricStat: stat } of queries) {
    if (stat !== undefined) {
      metrics[id] = metricOf(stat.Metric, stat.Stat, alias);
      periods.add(Number(stat.Period));
    } else if (expression !== undefined) {
      compile(expression);
      expressions[id] = expression;
    }
  }
  if (periods.size !== 1) {
    throw new NotSimulated(`its metrics have ${periods.size} different periods`);
  }
  const comparison = String(properties.ComparisonOperator);
  if (!COMPARISONS.includes(comparison)) {
    throw new NotSimulated(`the comparison ${comparison} is not simulated`);
  }
  const evaluationPeriods = Number(properties.EvaluationPeriods);
  return {
    name,
    periodSeconds: [...periods][0],
    evaluationPeriods,
    datapointsToAlarm: Number(properties.DatapointsToAlarm ?? evaluationPeriods),
    threshold: Number(properties.Threshold),
    comparison: comparison as Comparison,
    missing: (properties.TreatMissingData ?? 'missing') as MissingData,
    metrics,
    expressions,
    watched: (queries.find(({ ReturnData: returned }) => returned !== false) ?? queries[0]).Id,
  };
}

function metricOf(metric: TemplateMetric, statistic: string, alias: string): SimulatedMetric {
  const [namespace, name] = [flatten(metric.Namespace), flatten(metric.MetricName)];
  const dimensions = Object.fromEntries(
    (metric.Dimensions ?? []).map(({ Name: dimension, Value: value }) => [flatten(dimension), flatten(value)]),
  );
  if (namespace !== METRIC_NAMESPACE || !SIMULATED.has(name)) {
    throw new NotSimulated(`it watches ${namespace} ${name}, which a rehearsal knows nothing of`);
  }
  const variant = dimensions[Dimension.VARIANT];
  const known = variant === VariantName.CANDIDATE || variant === VariantName.PRODUCTION;
  if (!known || `${dimensions[Dimension.ENDPOINT]}/${dimensions[Dimension.ALIAS]}` !== alias) {
    throw new NotSimulated(`it watches ${name} of other requests than those of ${alias}'s variants`);
  }
  if (!STATISTIC.test(statistic)) {
    throw new NotSimulated(`the statistic ${statistic} is not simulated`);
  }
  return { side: variant === VariantName.CANDIDATE ? 'candidate' : 'production', metric: name, statistic };
}
