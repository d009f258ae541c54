import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { isJudged } from '../../lib/core/rollout/decide';
import type { Evidence } from '../../lib/core/rollout/evidence';
import { judgedTime, judgeRollout, sourcesOf } from '../../lib/core/rollout/judging';
import { requestSources } from '../../lib/core/rollout/sources';
import type { RolloutState } from '../../lib/core/rollout/state';
import { readSeries } from './series';

/**
 * What the evidence says of a rollout now, from all its periods: read anew at every judgement, so that late revisions count and nothing
 * is kept that could be lost. Never rejects: what cannot be read is said, and permits nothing.
 */
export async function readJudgement(client: Pick<CloudWatchClient, 'send'>, state: RolloutState, now: number): Promise<Pick<Evidence, 'judgement' | 'judgementProblem'>> {
  if (!isJudged(state.plan) || state.stage < 0) {
    return {};
  }
  const time = judgedTime(state, now);
  if (time === undefined) {
    return { judgementProblem: 'nobody knows since when the candidate has had its share' };
  }
  try {
    const guardrails = sourcesOf(state);
    const sources = [...Object.values(requestSources(state)), ...guardrails.flatMap(({ candidate, production }) => [candidate.total, ...candidate.parts, production.total, ...production.parts])];
    return { judgement: judgeRollout(state, await readSeries(client, sources, time), time) };
  } catch (error) {
    return { judgementProblem: `${(error as Error).name}: ${(error as Error).message}` };
  }
}
