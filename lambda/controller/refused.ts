import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Metric } from '../../lib/core/names';
import { routerMetric } from '../../lib/core/guardrails/sources';
import type { RolloutState } from '../../lib/core/rollout/state';
import { readSeries, valuesOf } from '../shared/series';

const PERIOD_SECONDS = 60;
const PERIODS = 5;

/** Requests of callers that production had no capacity for in the last minutes. Rejects if that cannot be read. */
export async function refusedLately(
  cloudWatch: Pick<CloudWatchClient, 'send'>,
  { alias, production }: Pick<RolloutState, 'alias' | 'production'>,
  now: number,
): Promise<number> {
  const until = Math.ceil(now / (PERIOD_SECONDS * 1_000)) * PERIOD_SECONDS * 1_000;
  const throttles = routerMetric(alias, production.version, Metric.THROTTLES);
  const series = await readSeries(cloudWatch, [throttles], {
    start: until - PERIODS * PERIOD_SECONDS * 1_000,
    until,
    periodSeconds: PERIOD_SECONDS,
  });
  return [...valuesOf(series, throttles).values()].reduce((sum, value) => sum + (Number.isFinite(value) ? value : 0), 0);
}
