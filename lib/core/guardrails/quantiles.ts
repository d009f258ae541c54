import type { Metric } from '../names';
import { type Compared, type HistorySource, routerMetric, type TrimmedCount } from './sources';

/**
 * Beyond what a request of the candidate's counts, where production's count beyond `threshold`. If no value of the candidate's is more
 * than `factor` times production's, then no more of its requests are beyond the one than of production's beyond the other: the same
 * comparison of shares, exact at whatever traffic, and the tolerance is one in the metric's unit. A factor on the shares would not be: slow
 * requests 1.1 times as often are 3 % more of latency at the median.
 */
export function candidateThreshold(factor: number, threshold: number): number {
  return Number((factor * threshold).toPrecision(12));
}

/** What routers will count from now on, of before: values of a metric above a threshold, which is a trimmed count. */
export function beyond(
  { alias, production }: Pick<Compared, 'alias' | 'production'>, metric: Metric, threshold: number,
): HistorySource {
  const source = routerMetric(alias, production, metric);
  return { total: { ...source, statistic: 'SampleCount' }, bad: { ...source, statistic: countAbove(threshold) } };
}

/** The statistic that counts values above a threshold. */
export function countAbove(threshold: number): TrimmedCount {
  return `TC(${Number(threshold.toFixed(3))}:)`;
}

/** The statistic that is a quantile. */
export function percentile(quantile: number): string {
  return `p${Number((100 * quantile).toFixed(4))}`;
}
