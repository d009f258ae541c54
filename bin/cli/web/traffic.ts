import { keyOf, readSeries } from '../../../lambda/shared/series';
import { routerMetric, type SeriesSource } from '../../../lib/core/guardrails/sources';
import { Metric } from '../../../lib/core/names';
import type { Point } from '../../../page/chart';
import type { RolloutTrace } from '../../../page/rollout-charts';
import { proportion, quantile } from '../../../rehearsal/statistics';
import type { Connection } from '../aws/connection';

/** No construct grants what only this page reads. */
const POLICY = 'an IAM policy of your own; no construct of this package grants it';
/** So many points a line has at most; more cannot be told apart. */
const MOST_POINTS = 120;
const PERIODS = [60, 300, 900, 3_600, 86_400];
/** Of a median's rank, at 95 %: 1.96 times a half, in percent. */
const RANK = 98;
/** With fewer requests its interval is everything. */
const FEWEST = 16;

/** Failures and latency of both versions over time. */
export type Traffic = Required<Pick<RolloutTrace, 'failures' | 'latency'>>;

export interface Versions {
  readonly production: string;
  readonly candidate: string;
}

/** Failures and latency of both versions in a time, epoch milliseconds, as routers counted them. */
export async function readTraffic(
  connection: Connection, alias: string, versions: Versions, { from, until }: { readonly from: number; readonly until: number },
): Promise<Traffic> {
  const periodSeconds = PERIODS.find((period) => (until - from) / 1_000 / period <= MOST_POINTS) ?? PERIODS.at(-1)!;
  const period = 1_000 * periodSeconds;
  const time = { start: Math.floor(from / period) * period, until: Math.ceil(until / period) * period, periodSeconds };
  const read = async (sources: readonly SeriesSource[]): Promise<(readonly [number, number][])[]> => {
    const series = await connection.call('cloudwatch:GetMetricData', POLICY, () => readSeries(connection.cloudWatch, sources, time));
    return sources.map((source) => [...series.get(keyOf(source)) ?? []].sort(([a], [b]) => a - b));
  };
  const both = [versions.production, versions.candidate];
  const of = (version: string, metric: Metric, statistic: string): SeriesSource => ({ ...routerMetric(alias, version, metric), statistic });
  const counts = await read(both.flatMap((version) => [of(version, Metric.INVOCATIONS, 'Sum'), of(version, Metric.FAILURES, 'Sum')]));
  // The median's interval lies between two quantiles, and how far these are apart follows from the requests of a period.
  const spreads = [0, 1].map((side) => RANK / Math.sqrt(quantile(counts[2 * side].map(([, requests]) => requests), 0.5) ?? 0));
  const latencies = await read(both.flatMap((version, side) => {
    const spread = Math.min(49, spreads[side]);
    const statistics = ['p50', 'p99', `p${(50 - spread).toFixed(1)}`, `p${(50 + spread).toFixed(1)}`];
    return statistics.map((statistic) => of(version, Metric.MODEL_LATENCY, statistic));
  }));
  // A value is about all of its period, of which the rollout may have had a part.
  const placed = (at: number): number => Math.min(until, Math.max(from, at + period / 2)) / 1_000;
  const failures = (side: number): Point[] => {
    const failed = new Map(counts[2 * side + 1]);
    return counts[2 * side].filter(([, requests]) => requests > 0).map(([at, requests]) => {
      const { estimate, low, high } = proportion(failed.get(at) ?? 0, requests);
      return { x: placed(at), y: 100 * estimate, low: 100 * low, high: 100 * high };
    });
  };
  const latency = (side: number): { median: Point[]; p99: Point[] } => {
    const [median, p99, low, high] = latencies.slice(4 * side, 4 * side + 4);
    const [lows, highs] = [new Map(low), new Map(high)];
    const known = spreads[side] <= RANK / Math.sqrt(FEWEST);
    return {
      median: median.map(([at, y]) => ({ x: placed(at), y, ...(known ? { low: lows.get(at), high: highs.get(at) } : {}) })),
      p99: p99.map(([at, y]) => ({ x: placed(at), y })),
    };
  };
  return {
    failures: { production: failures(0), candidate: failures(1) },
    latency: { production: latency(0), candidate: latency(1) },
  };
}
