import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Metric } from '../../lib/core/names';
import { evidenceGuardrails } from '../../lib/core/guardrails/kinds';
import { routerMetric, type SeriesSource } from '../../lib/core/guardrails/sources';
import type { ForeseenProblem, Load } from '../../lib/core/rollout/capacity';
import type { RolloutState } from '../../lib/core/rollout/state';
import { roomForAll, type RoomClients } from './room';
import { readSeries, valuesOf } from '../shared/series';

const HOUR_SECONDS = 3_600;
const HOURS = 24;
/** As many failures more as a comparison of errors tolerates unless it is told otherwise. */
const TOLERATED = { ratio: 1, tolerance: 0.0005 };

/**
 * What of the plan does not fit production's last day, though the candidate were as good as it: known before traffic. Rejects if it cannot
 * be read.
 */
export async function foresee(state: RolloutState, usual: Load, clients: RoomClients): Promise<ForeseenProblem[]> {
  return (await Promise.all([roomForAll(state, usual, clients), timeBudgetProblem(clients.cloudWatch, state, clients.now())])).flat();
}

/** Production's answers that take longer than the candidate has: as failures of an equal candidate's they would be held against it. */
async function timeBudgetProblem(
  client: Pick<CloudWatchClient, 'send'>,
  { alias, production, candidate, plan }: RolloutState,
  now: number,
): Promise<ForeseenProblem[]> {
  const budgetMs = candidate.timeBudgetMs;
  const until = Math.floor(now / (HOUR_SECONDS * 1_000)) * HOUR_SECONDS * 1_000;
  const of = (metric: Metric, statistic: string): SeriesSource => ({ ...routerMetric(alias, production.version, metric), statistic });
  const sources = [
    of(Metric.MODEL_LATENCY, 'SampleCount'),
    of(Metric.MODEL_LATENCY, `TC(${budgetMs}:)`),
    of(Metric.TIMEOUTS, 'Sum'),
    of(Metric.FAILURES, 'Sum'),
  ];
  const series = await readSeries(client, sources, { start: until - HOURS * HOUR_SECONDS * 1_000, until, periodSeconds: HOUR_SECONDS });
  const [requests, slow, timeouts, failures] = sources.map((source) =>
    [...valuesOf(series, source).values()].filter(Number.isFinite).reduce((all, value) => all + value, 0),
  );
  // What production did not answer in time it failed as well.
  const more = requests === 0 ? 0 : Math.max(0, slow - timeouts) / requests;
  const compared = evidenceGuardrails(plan).find((guardrail) => guardrail.kind === 'errors' && guardrail.action === 'rollback');
  const { ratio, tolerance } = (compared?.kind === 'errors' ? compared.allowed : undefined) ?? TOLERATED;
  const allowed = requests === 0 ? 0 : ((ratio - 1) * failures) / requests + tolerance;
  return more <= allowed
    ? []
    : [
        {
          certain: compared !== undefined,
          sentence:
            `${Number((100 * more).toPrecision(2))} % of production's answers of the last day took longer than the ${budgetMs} ms that `
              + 'the candidate has (candidateTimeBudget), and would be failures of it; ' +
            "raise that, leave it out, or raise the endpoint's timeout",
        },
      ];
}
