import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Metric } from '../../lib/core/names';
import { routerMetric } from '../../lib/core/rollout/sources';
import type { RolloutState } from '../../lib/core/rollout/state';
import { readSeries, valuesOf } from './series';

const HOUR_SECONDS = 3_600;
const HOURS = 24;

/** Requests a second in production's busiest whole hour of the last day; undefined if it had none then, of which nothing follows. Rejects if they cannot be read. */
export async function usualTraffic(client: Pick<CloudWatchClient, 'send'>, { alias, production }: RolloutState, now: number): Promise<number | undefined> {
  const until = Math.floor(now / (HOUR_SECONDS * 1_000)) * HOUR_SECONDS * 1_000;
  const requests = routerMetric(alias, production.version, Metric.INVOCATIONS);
  const hours = valuesOf(await readSeries(client, [requests], { start: until - HOURS * HOUR_SECONDS * 1_000, until, periodSeconds: HOUR_SECONDS }), requests);
  const most = Math.max(0, ...[...hours.values()].filter(Number.isFinite));
  return most > 0 ? most / HOUR_SECONDS : undefined;
}
