import type { GateResult } from '../../lambda/gate/gate';
import { gist } from '../../lib/core/rollout/reasons';
import type { RolloutState } from '../../lib/core/rollout/state';
import type { Stores } from '../harness/memory-stores';
import { isWorse, type Scenario } from '../../lib/core/rehearsal/scenario';
import type { Run, Verdict } from './run';
import type { Shares } from './shares';

const MINUTE_MS = 60_000;

/** How a rollout ended that began then, epoch milliseconds, and from when it was seen. */
export interface Ended {
  readonly alias: string;
  readonly startedAt: number;
  readonly now: number;
  /** The controller was gone. */
  readonly lost: boolean;
  /** What the gate said of the change. */
  readonly gated: GateResult;
}

/** What is kept in the tables of how a rollout ended, in the words of a run. */
export async function outcomeOf(
  { rollouts }: Pick<Stores, 'rollouts'>,
  { alias, startedAt, now, lost, gated }: Ended,
): Promise<Pick<Run, 'verdict' | 'sentence' | 'gist' | 'seconds'>> {
  const state = (await rollouts.readState(alias))?.state;
  const outcome = state?.outcome;
  const rejected = state !== undefined && (await rollouts.rejection(alias, state.candidate.version)) !== undefined;
  const ended: { readonly [result: string]: Verdict } = { 'promoted': 'promoted', 'rolled back': rejected ? 'rolled back' : 'gave up' };
  const verdict = lost ? 'lease ran out' : (ended[outcome?.result ?? ''] ?? 'superseded');
  const sentence = outcome?.sentence ?? sentenceWithout(verdict, state, gated);
  return { verdict, sentence, gist: gist(outcome?.reasons) ?? sentence, seconds: ((outcome?.at ?? now) - startedAt) / 1_000 };
}

/** From when the candidate was worse and served until it served no more. */
export function detection(
  verdict: Verdict,
  { changes }: Pick<Shares, 'changes'>,
  scenario: Scenario,
  startedAt: number,
): Pick<Run, 'detectionSeconds'> {
  const first = changes.find(([, percent]) => percent > 0)?.[0];
  const last = changes.at(-1);
  if (verdict !== 'rolled back' || !isWorse(scenario) || first === undefined || last === undefined || last[1] !== 0) {
    return {};
  }
  const since = Math.max(first, startedAt + scenario.candidate.onsetMinute * MINUTE_MS);
  return last[0] < since ? {} : { detectionSeconds: (last[0] - since) / 1_000 };
}

/** Seconds from the start, percent. A candidate that was promoted is none any more, and has everything. */
export function sharesOf(verdict: Verdict, { changes }: Pick<Shares, 'changes'>, startedAt: number): Run['shares'] {
  return changes.map(
    ([at, percent], index, { length }) =>
      [(at - startedAt) / 1_000, verdict === 'promoted' && percent === 0 && index === length - 1 ? 100 : percent] as const,
  );
}

function sentenceWithout(verdict: Verdict, state: RolloutState | undefined, gated: GateResult): string {
  if (verdict === 'lease ran out') {
    return 'the controller was gone, and the candidate\'s lease ran out: production has all requests';
  }
  return state === undefined
    ? `there was no rollout: the gate answered ${gated.answer}`
    : 'the deployment was cancelled: CloudFormation restored the earlier template';
}
