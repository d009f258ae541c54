import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Metric } from '../../lib/core/names';
import type { Load } from '../../lib/core/rollout/capacity';
import { routerMetric, type SeriesSource } from '../../lib/core/guardrails/sources';
import type { RolloutState } from '../../lib/core/rollout/state';
import { readSeries, valuesOf } from '../shared/series';

/** Periods in which the busiest is looked for. */
interface Periods {
  readonly seconds: number;
  readonly count: number;
}

const QUARTER_OF_AN_HOUR: Periods = { seconds: 300, count: 3 };
const DAY: Periods = { seconds: 3_600, count: 24 };

/**
 * Requests of all versions in the busiest of the last five minutes' periods, and how long they take. Rejects if CloudWatch cannot be
 * read.
 */
export function recentLoad(client: Pick<CloudWatchClient, 'send'>, state: RolloutState, now: number): Promise<Load> {
  // The period that is open counts too: what it has by now is no more than it will have.
  return loadOf(
    client,
    state,
    [state.candidate, state.production, ...(state.control === undefined ? [] : [state.control])].map(({ version }) => version),
    QUARTER_OF_AN_HOUR,
    Math.ceil(now / (QUARTER_OF_AN_HOUR.seconds * 1_000)),
  );
}

/**
 * What production had in its busiest whole hour of the last day; undefined if it had nothing then, of which nothing follows. Rejects if
 * CloudWatch cannot be read.
 */
export async function usualLoad(client: Pick<CloudWatchClient, 'send'>, state: RolloutState, now: number): Promise<Load | undefined> {
  const load = await loadOf(client, state, [state.production.version], DAY, Math.floor(now / (DAY.seconds * 1_000)));
  return load.requestsPerSecond > 0 ? load : undefined;
}

async function loadOf(
  client: Pick<CloudWatchClient, 'send'>,
  { alias, promoted: { assignment, cohort } }: RolloutState,
  versions: readonly string[],
  { seconds: periodSeconds, count }: Periods,
  untilPeriod: number,
): Promise<Load> {
  const until = untilPeriod * periodSeconds * 1_000;
  const of = (metric: Metric, statistic: string): SeriesSource[] =>
    versions.map((version) => ({ ...routerMetric(alias, version, metric), statistic }));
  const [requests, latencies, streams] = [
    [
      ...of(Metric.INVOCATIONS, 'Sum'),
      ...(cohort === undefined ? [] : of(Metric.COHORT_INVOCATIONS, 'Sum')),
      ...(assignment.source === 'session' ? of(Metric.EARLIER_INVOCATIONS, 'Sum') : []),
    ],
    of(Metric.MODEL_LATENCY, 'Average'),
    of(Metric.STREAM_DURATION, 'Average'),
  ];
  const series = await readSeries(client, [...requests, ...latencies, ...streams], {
    start: until - count * periodSeconds * 1_000,
    until,
    periodSeconds,
  });
  const byPeriod = new Map<number, number>();
  for (const source of requests) {
    valuesOf(series, source).forEach((value, at) => byPeriod.set(at, (byPeriod.get(at) ?? 0) + value));
  }
  const most = (values: Iterable<number>): number => Math.max(0, ...[...values].filter(Number.isFinite));
  const mostOf = (sources: readonly SeriesSource[]): number => most(sources.flatMap((source) => [...valuesOf(series, source).values()]));
  // An answer that is streamed occupies the model until its end.
  return { requestsPerSecond: most(byPeriod.values()) / periodSeconds, seconds: (mostOf(latencies) + mostOf(streams)) / 1_000 };
}
