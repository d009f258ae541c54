import type { Reading } from '../../lib/core/audit/readings';
import type { CounterReading } from '../../lib/core/counters/cells';
import { isJudged } from '../../lib/core/rollout/decide';
import type { Evidence } from '../../lib/core/rollout/evidence';
import { judgedTime, judgeRollout } from '../../lib/core/rollout/judge-rollout';
import { Column, type Series, type SeriesByKey } from '../../lib/core/rollout/series';
import { metricsOf } from '../../lib/core/rollout/sources';
import { partsOf } from '../../lib/core/rollout/resolution';
import { countersOf } from '../../lib/core/rollout/segments';
import { cohortIn } from '../../lib/core/rollout/stages';
import type { RolloutState } from '../../lib/core/rollout/state';
import type { Observatory } from './observatory';
import { readSeries } from '../shared/series';

/**
 * What the evidence says of a rollout now, from all its periods: read anew at every judgement, so that late revisions count and nothing
 * is kept that could be lost. Never rejects: what cannot be read is said, and permits nothing.
 */
export async function readJudgement(
  { cloudWatch, cells, judges }: Pick<Observatory, 'cloudWatch' | 'cells' | 'judges'>,
  state: RolloutState,
  now: number,
): Promise<Pick<Evidence, 'judgement' | 'judgementProblem'> & { readonly reading?: Reading }> {
  if (!isJudged(state.plan) || state.stage < 0 || cohortIn(state.plan, state.stage) !== undefined) {
    return {};
  }
  const time = judgedTime(state, now);
  if (time === undefined) {
    return { judgementProblem: 'nobody knows since when the candidate has had its share' };
  }
  try {
    const sources = metricsOf(state);
    // A part after the other: a long answer has many pages, and CloudWatch counts calls.
    const parts: SeriesByKey[] = [];
    for (const part of partsOf(time)) {
      parts.push(await readSeries(cloudWatch, sources, part));
    }
    const counted = new Map<string, readonly CounterReading[]>();
    for (const counter of countersOf(state.plan)) {
      counted.set(counter.name, await cells.read(counter, state.alias, time));
    }
    const series = joined(parts);
    return { judgement: judgeRollout(state, series, time, counted, judges), reading: { time, series, cells: counted } };
  } catch (error) {
    return { judgementProblem: `${(error as Error).name}: ${(error as Error).message}` };
  }
}

/** What was read of several times, which have no period in common. */
function joined([first, ...others]: readonly SeriesByKey[]): SeriesByKey {
  return others.length === 0 ? first : new Map([...first].map(([key, values]): [string, Series] =>
    [key, Column.joined([values, ...others.flatMap((series) => series.get(key) ?? [])])]));
}
