import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { ForeseenProblem, Load } from '../../lib/core/rollout/capacity';
import type { SeriesSource } from '../../lib/core/guardrails/sources';
import type { GateReading } from '../../lib/core/rollout/evidence';
import { percentOf } from '../../lib/core/rollout/stages';
import type { RolloutState } from '../../lib/core/rollout/state';
import type { BackendClients, RoomQuestion } from './backends/backend';
import { backendOf } from './backends/backends';
import { recentLoad } from './load';
import { readSeries, valuesOf } from '../shared/series';

export interface RoomClients extends BackendClients {
  readonly cloudWatch: Pick<CloudWatchClient, 'send'>;
}

const MINUTE_MS = 60_000;
const MINUTES = 15;

/**
 * Whether the candidate has room for the share that comes, by the load of the last minutes. Never rejects: what cannot be read waits, what
 * may not be seen is somebody else's.
 */
export async function roomFor(state: RolloutState, nextPercent: number, clients: RoomClients): Promise<GateReading[]> {
  if (state.plan.ignoresCapacity === true) {
    return [];
  }
  const name = 'room';
  try {
    const load = await recentLoad(clients.cloudWatch, state, clients.now());
    const problems = await problemsOf(state, { percent: nextPercent, before: percentOf(state.plan, state.stage), load }, clients);
    return problems.filter(({ certain }) => certain).map(({ sentence }): GateReading => ({ name, verdict: 'wait', reason: sentence }));
  } catch (error) {
    return [
      { name, verdict: 'wait', reason: `the candidate's limits are not known: ${(error as Error).name}: ${(error as Error).message}` },
    ];
  }
}

/** What of the candidate's limits would not bear all requests of production's busiest hour. Rejects if they cannot be read. */
export async function roomForAll(state: RolloutState, usual: Load, clients: RoomClients): Promise<ForeseenProblem[]> {
  if (state.plan.ignoresCapacity === true) {
    return [];
  }
  return (await problemsOf(state, { percent: 100, load: usual }, clients)).map(({ certain, sentence }) => ({
    certain,
    sentence: `in production's busiest hour of the last day ${sentence}`,
  }));
}

function problemsOf(
  { candidate: { target: candidate }, production: { target: production }, plan: { capacity, instanceRequestsPerMinute } }: RolloutState,
  share: Pick<RoomQuestion, 'percent' | 'before' | 'load'>,
  clients: BackendClients,
): Promise<ForeseenProblem[]> {
  return backendOf(candidate).room({ candidate, production, capacity, instanceRequestsPerMinute, ...share }, clients);
}

/** The most that a metric has been in the last quarter of an hour. */
export async function mostLately(
  client: Pick<CloudWatchClient, 'send'>,
  metric: Pick<SeriesSource, 'namespace' | 'metricName'>,
  now: number,
): Promise<number> {
  const source: SeriesSource = { ...metric, dimensions: {}, statistic: 'Maximum' };
  const until = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
  const series = await readSeries(client, [source], { start: until - MINUTES * MINUTE_MS, until, periodSeconds: 60 });
  return Math.max(0, ...[...valuesOf(series, source).values()].filter(Number.isFinite));
}
