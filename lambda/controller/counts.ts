import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Metric } from '../../lib/core/names';
import { type Counts, RECENT_TRAFFIC_SECONDS } from '../../lib/core/rollout/evidence';
import { type MetricSource, routerMetric } from '../../lib/core/guardrails/sources';
import { keptFor } from '../../lib/core/rollout/resolution';
import { cohortIn } from '../../lib/core/rollout/stages';
import type { RolloutState } from '../../lib/core/rollout/state';
import { readSeries, valuesOf } from '../shared/series';

/** What the metrics say of both versions. */
export interface StageCounts {
  /** Epoch milliseconds up to which periods are closed. */
  readonly until: number;
  readonly candidate: Counts;
  readonly production: Counts;
  readonly recentRequests: number;
}

/** The periods that are complete at `now`, and those of them that lie wholly inside the stage, epoch milliseconds. */
export function closedPeriods(
  state: Pick<RolloutState, 'stageStartedAt'>, metrics: RolloutState['plan']['metrics'], now: number,
): { readonly periodSeconds: number; readonly stageFrom: number; readonly from: number; readonly until: number } {
  const periodSeconds = Math.max(metrics.periodSeconds, keptFor((now - state.stageStartedAt) / 1_000));
  const period = periodSeconds * 1_000;
  const until = Math.floor((now - metrics.delaySeconds * 1_000) / period) * period;
  const stageFrom = Math.ceil(state.stageStartedAt / period) * period;
  return { periodSeconds, stageFrom, until, from: Math.min(stageFrom, until - RECENT_TRAFFIC_SECONDS * 1_000) };
}

/**
 * Requests and failures of candidate and production in closed periods of the stage; the candidate's are the cohort's while that has it by
 * itself. Rejects if they cannot be read, or if CloudWatch says
 * two things of one period: of which is true nobody knows, and what is not known is no sign of health.
 */
export async function readCounts(client: Pick<CloudWatchClient, 'send'>, state: RolloutState, now: number): Promise<StageCounts> {
  const { periodSeconds, stageFrom, from, until } = closedPeriods(state, state.plan.metrics, now);
  const of = (version: string, metric: Metric): MetricSource => routerMetric(state.alias, version, metric);
  const [candidate, production] = [
    cohortIn(state.plan, state.stage) === undefined
      ? { requests: of(state.candidate.version, Metric.INVOCATIONS), failures: of(state.candidate.version, Metric.FAILURES) }
      : { requests: of(state.candidate.version, Metric.COHORT_INVOCATIONS), failures: of(state.candidate.version, Metric.COHORT_FAILURES) },
    { requests: of(state.production.version, Metric.INVOCATIONS), failures: of(state.production.version, Metric.FAILURES) },
  ];
  const series = await readSeries(
    client,
    [candidate, production].flatMap(({ requests, failures }) => [requests, failures]),
    { start: from, until, periodSeconds },
  );
  const sum = (source: MetricSource, since: number): number => {
    let total = 0;
    valuesOf(series, source).forEach((value, at) => {
      total += at >= since && at < until ? value : 0;
    });
    if (Number.isNaN(total)) {
      throw new Error(`CloudWatch says two things of one period of ${source.metricName}`);
    }
    return total;
  };
  const counts = ({ requests, failures }: typeof candidate): Counts => ({
    requests: sum(requests, stageFrom),
    failures: sum(failures, stageFrom),
  });
  const recentFrom = until - RECENT_TRAFFIC_SECONDS * 1_000;
  return {
    until,
    candidate: counts(candidate),
    production: counts(production),
    recentRequests: sum(candidate.requests, recentFrom) + sum(production.requests, recentFrom),
  };
}
