import type { CloudWatchClient, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { Dimension, endpointAndAlias, Metric, METRIC_NAMESPACE } from '../../lib/core/names';
import { type Counts, SILENCE_SECONDS } from '../../lib/core/rollout/evidence';
import type { RolloutState } from '../../lib/core/rollout/state';

/** What the metrics say of both versions. */
export interface StageCounts {
  /** Epoch milliseconds up to which periods are closed. */
  readonly until: number;
  readonly candidate: Counts;
  readonly production: Counts;
  readonly recentRequests: number;
}

/** CloudWatch keeps periods below a minute for three hours; with some room for a late read. */
const HIGH_RESOLUTION_MS = 2.5 * 3_600_000;

/** The periods that are complete at `now`, and those of them that lie wholly inside the stage, epoch milliseconds. */
export function closedPeriods(
  state: Pick<RolloutState, 'stageStartedAt'>, metrics: RolloutState['plan']['metrics'], now: number,
): { readonly periodSeconds: number; readonly stageFrom: number; readonly from: number; readonly until: number } {
  const periodSeconds = now - state.stageStartedAt > HIGH_RESOLUTION_MS ? Math.max(60, metrics.periodSeconds) : metrics.periodSeconds;
  const period = periodSeconds * 1_000;
  const until = Math.floor((now - metrics.delaySeconds * 1_000) / period) * period;
  const stageFrom = Math.ceil(state.stageStartedAt / period) * period;
  return { periodSeconds, stageFrom, until, from: Math.min(stageFrom, until - SILENCE_SECONDS * 1_000) };
}

/** Requests and failures of candidate and production in closed periods of the stage. Rejects if they cannot be read. */
export async function readCounts(client: Pick<CloudWatchClient, 'send'>, state: RolloutState, now: number): Promise<StageCounts> {
  const { periodSeconds, stageFrom, from, until } = closedPeriods(state, state.plan.metrics, now);
  const recentFrom = until - SILENCE_SECONDS * 1_000;
  const sums = { c0: 0, c1: 0, p0: 0, p1: 0 };
  // By metric: what two pages repeat is one reading.
  const seen = new Map<string, Set<number>>();
  let recentRequests = 0;
  let token: string | undefined;
  do {
    const page = await client.send(
      new GetMetricDataCommand({ MetricDataQueries: queries(state, periodSeconds), StartTime: new Date(from), EndTime: new Date(until), NextToken: token }),
    );
    for (const { Id: id, Timestamps: times = [], Values: values = [], StatusCode: status } of page.MetricDataResults ?? []) {
      if (status === 'InternalError' || status === 'Forbidden') {
        throw new Error(`CloudWatch answered ${status}`);
      }
      const known = seen.get(id ?? '') ?? new Set<number>();
      seen.set(id ?? '', known);
      values.forEach((value, index) => {
        const at = times[index]?.getTime() ?? NaN;
        if (known.has(at)) {
          return;
        }
        known.add(at);
        if (at >= stageFrom && at < until) {
          sums[id as keyof typeof sums] += value;
        }
        if (id?.endsWith('0') === true && at >= recentFrom && at < until) {
          recentRequests += value;
        }
      });
    }
    token = page.NextToken;
  } while (token !== undefined);
  return {
    until,
    candidate: { requests: sums.c0, failures: sums.c1 },
    production: { requests: sums.p0, failures: sums.p1 },
    recentRequests,
  };
}

function queries(state: RolloutState, periodSeconds: number): MetricDataQuery[] {
  const [endpoint, alias] = endpointAndAlias(state.alias);
  return ([['c', state.candidate.version], ['p', state.production.version]] as const).flatMap(([prefix, version]) =>
    [Metric.INVOCATIONS, Metric.FAILURES].map((metric, index) => ({
      Id: `${prefix}${index}`,
      MetricStat: {
        Metric: {
          Namespace: METRIC_NAMESPACE,
          MetricName: metric,
          Dimensions: [
            { Name: Dimension.ENDPOINT, Value: endpoint },
            { Name: Dimension.ALIAS, Value: alias },
            { Name: Dimension.VERSION, Value: version },
          ],
        },
        Period: periodSeconds,
        Stat: 'Sum',
      },
    })),
  );
}
