import { GetCalendarStateCommand } from '@aws-sdk/client-ssm';
import { optional } from '../../lib/core/optional';
import { judgeReplay } from '../../lib/core/replay/judge-replay';
import { replayed } from '../../lib/core/replay/progress';
import type { Readings } from '../../lib/core/audit/readings';
import type { Evidence } from '../../lib/core/rollout/evidence';
import { shadowRollout } from '../../lib/core/rollout/shadow-stage';
import type { RolloutState } from '../../lib/core/rollout/state';
import { readAlarms } from './alarms';
import { readCounts, type StageCounts } from './counts';
import { askGuardrails } from './function-guardrails';
import { readJudgement } from './judgement';
import type { Observatory } from './observatory';
import type { Observed } from './ports';

/** Everything that is known of a rollout now. Never rejects: what cannot be read is left unknown, and unknown is not healthy. */
export async function observe(state: RolloutState, from: Observatory): Promise<Observed> {
  const now = from.now();
  const shadow = shadowRollout(state);
  const [alarms, functions, counts, { reading: comparison, ...judgement }, shadowed, calendar] = await Promise.all([
    readAlarms(from.cloudWatch, state, state.plan.guardrails.filter((guardrail) => guardrail.kind === 'alarm')),
    askGuardrails(from.lambda, state, state.plan.guardrails.filter((guardrail) => guardrail.kind === 'function')),
    state.stage < 0 ? undefined : countsOrNothing(state, from, now),
    readJudgement(from, state, now),
    shadow && readJudgement(from, shadow, now),
    readCalendars(state.plan.calendars, from),
  ]);
  const { reading: mirrored, ...shadowJudgement } = shadowed ?? {};
  const readings: Readings = { ...optional('comparison', comparison), ...optional('shadow', mirrored) };
  return {
    until: now,
    ...counts,
    guardrails: [...alarms, ...functions],
    ...judgement,
    ...replayedSoFar(state),
    ...(shadowed === undefined ? {} : { shadow: shadowJudgement }),
    calendar,
    ...(Object.keys(readings).length === 0 ? {} : { readings }),
  };
}

/** What the replay says before traffic, once it has asked something. */
function replayedSoFar({ stage, plan, replay }: RolloutState): Pick<Evidence, 'replay'> {
  return stage >= 0 || plan.replay === undefined || replay === undefined || replay.tally.pairs === 0
    ? {}
    : { replay: judgeReplay(plan.replay, replayed(replay)) };
}

async function countsOrNothing(state: RolloutState, { cloudWatch, warn }: Observatory, now: number): Promise<StageCounts | undefined> {
  try {
    return await readCounts(cloudWatch, state, now);
  } catch (error) {
    warn('counts cannot be read', { alias: state.alias, error: (error as Error).name, reason: (error as Error).message });
    return undefined;
  }
}

async function readCalendars(calendars: readonly string[], { ssm, warn }: Observatory): Promise<Evidence['calendar']> {
  if (calendars.length === 0) {
    return 'open';
  }
  try {
    const { State: state } = await ssm.send(new GetCalendarStateCommand({ CalendarNames: [...calendars] }));
    if (state === 'OPEN') {
      return 'open';
    }
    if (state === 'CLOSED') {
      return 'closed';
    }
    return 'unknown';
  } catch (error) {
    warn('change calendars cannot be read', { error: (error as Error).name, reason: (error as Error).message });
    return 'unknown';
  }
}
