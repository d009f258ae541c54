import type { OutcomeBounds } from '../judge/bounded-means';
import { aliasMetric } from './alias-metrics';
import { Dimension, endpointAndAlias, Metric, METRIC_NAMESPACE, type ShadowMetric, versionsFunction } from '../names';

/** A metric whose sum is a count. */
export interface MetricSource {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: { readonly [name: string]: string };
  readonly statistic: 'Sum' | 'SampleCount' | TrimmedCount;
}

/** How many values are in a range. */
export type TrimmedCount = `TC(${string})`;

/** A metric, or any statistic of one. */
export type SeriesSource = Omit<MetricSource, 'statistic'> & { readonly statistic: string };

/** What is read for one version: all outcomes, and those that are bad, or in a bin; of a mean their sum. */
export interface SideSources {
  readonly total: MetricSource;
  readonly parts: readonly MetricSource[];
}

/** Requests, failures and refusals. */
export type AnswerSources = readonly [requests: MetricSource, failures: MetricSource, refusals: MetricSource];

/** Where a guardrail's counts come from. */
export interface Sources {
  readonly candidate: SideSources;
  readonly production: SideSources;
  /**
   * Whether the publisher writes zeros: then a count that is missing beside its total has been lost. So has a sum beside its number of
   * samples.
   */
  readonly writesZeros: boolean;
  /** Requests, failures and refusals of each version, where what is counted is labels of its answers. */
  readonly answers?: { readonly candidate: AnswerSources; readonly production: AnswerSources };
}

/** Total and bad outcomes of production for each kind of bad outcome of a guardrail; for a mean number and sum of the values. */
export interface HistorySource {
  readonly total: SeriesSource;
  readonly bad: SeriesSource;
  /** Of the values of a mean: how far they are above the lowest is then counted as shares of bad outcomes are. */
  readonly bounds?: OutcomeBounds;
}

/** The versions that are compared, and where their routers count. */
export interface Compared {
  /** Key of the route record, `endpoint/alias`. */
  readonly alias: string;
  readonly candidate: string;
  /** Production's version, or that of a control in its place. */
  readonly production: string;
}

/** A metric that routers publish for a version, or what Lambda counts in its place where there is no router. */
export function routerMetric(key: string, version: string, metricName: string): MetricSource {
  const [endpoint, alias] = endpointAndAlias(key);
  return aliasMetric([endpoint, alias], version, metricName) ?? {
    namespace: METRIC_NAMESPACE, metricName, statistic: 'Sum',
    dimensions: { [Dimension.ENDPOINT]: endpoint, [Dimension.ALIAS]: alias, [Dimension.VERSION]: version },
  };
}

/** Whether there is no router that counts for an alias, but the service alone. */
export function isDirect(alias: string): boolean {
  return versionsFunction(endpointAndAlias(alias)[0]) !== undefined;
}

/** A metric that a mirror publishes for a version of its shadow. */
export function shadowMetric(alias: string, shadow: string, version: string, metricName: string): MetricSource {
  const { dimensions, ...source } = routerMetric(alias, version, metricName);
  return { ...source, dimensions: { ...dimensions, [Dimension.SHADOW]: shadow } };
}

/** What a mirror of the candidate publishes. */
export function ofShadow({ alias, candidate }: Compared, shadow: string): (metric: ShadowMetric | string) => MetricSource {
  return (metric) => shadowMetric(alias, shadow, candidate, metric);
}

/** The same counts of both versions, as routers publish them. */
export function ofBoth(
  { alias, candidate, production }: Compared, total: string, parts: readonly string[],
): Pick<Sources, 'candidate' | 'production'> {
  const of = (version: string): SideSources => ({
    total: routerMetric(alias, version, total), parts: parts.map((name) => routerMetric(alias, version, name)),
  });
  return { candidate: of(candidate), production: of(production) };
}

/** What each version answered, and what it did not. */
export function answersOf({ alias, candidate, production }: Compared): NonNullable<Sources['answers']> {
  const of = (version: string): AnswerSources => [
    routerMetric(alias, version, Metric.INVOCATIONS),
    routerMetric(alias, version, Metric.FAILURES),
    routerMetric(alias, version, Metric.CLIENT_ERRORS),
  ];
  return { candidate: of(candidate), production: of(production) };
}

const KEYS = new WeakMap<MetricSource, string>();

/** Equal for equal sources. Of the same object it is made once: judgements ask for those of all sources again and again. */
export function sourceKey(source: MetricSource): string {
  const known = KEYS.get(source);
  if (known !== undefined) {
    return known;
  }
  const { namespace, metricName, dimensions, statistic } = source;
  const key = JSON.stringify([namespace, metricName, statistic, ...Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
  KEYS.set(source, key);
  return key;
}
