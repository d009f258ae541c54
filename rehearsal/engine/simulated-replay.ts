import { asksTwice } from '../../lib/core/replay/order';
import { addTallies, NO_PAIRS, tallyOf } from '../../lib/core/replay/pair';
import type { ReplayPlan } from '../../lib/core/replay/plan';
import type { ReplayChunk, ReplayProgress } from '../../lib/core/replay/progress';
import { PATIENCE } from '../../lib/core/rollout/execution';
import type { Behaviour, Scenario } from '../../lib/core/rehearsal/scenario';
import type { LatencyDistribution } from './latency-distribution';
import type { Random } from './random';

/** One version while it is asked recorded requests. */
export interface ReplayedVersion {
  readonly behaviour: Behaviour;
  readonly latencies: LatencyDistribution;
}

/** The way to the router and back, for each answer, milliseconds. */
const WAY_MS = 20;

/**
 * The next pairs of a replay, drawn, and how long they take. Recorded requests are taken to be as callers' are: those that are bad or
 * refused fail both versions, everything else fails each by itself. Half of the variance of their times is the request's.
 */
export function simulatedReplay(
  { id, plan }: { readonly id: string; readonly plan: ReplayPlan },
  {
    done: from,
    requests = { digest: 'simulated', total: plan.requests, labelled: plan.labelPath === undefined ? 0 : plan.requests },
  }: ReplayProgress,
  { production, candidate }: { readonly production: ReplayedVersion; readonly candidate: ReplayedVersion },
  { badInputs, refusals, segment }: Pick<Scenario, 'badInputs' | 'refusals' | 'segment'>,
  random: Random,
): Omit<ReplayChunk, 'at'> & { readonly seconds: number } {
  const { noiseShare, slowdown, requestsPerSecond, concurrency } = plan;
  let [tally, done, milliseconds] = [NO_PAIRS, from, 0];
  const chance = (part: number): boolean => random.uniform() < part;
  const own = ({ errorRate }: Behaviour): number => Math.max(0, errorRate - badInputs) / (1 - badInputs);
  for (; done < requests.total && milliseconds < PATIENCE.replay * 1_000; done++) {
    const bad = chance(badInputs) || chance(refusals);
    const inSegment = segment !== undefined && chance(segment.share) && chance(segment.errorRate);
    const pace = Math.SQRT1_2 * random.normal();
    const side = (
      { behaviour, latencies }: ReplayedVersion,
      fails: boolean,
    ): { answered: boolean; milliseconds: number; right?: boolean } => ({
      answered: !bad && !fails,
      milliseconds: WAY_MS + latencies.answer(pace + Math.SQRT1_2 * random.normal(), random),
      ...(requests.labelled > 0 ? { right: chance(behaviour.accuracy) } : {}),
    });
    const pair = {
      production: side(production, chance(own(production.behaviour))),
      candidate: side(candidate, chance(own(candidate.behaviour)) || inSegment),
    };
    const compared = (agreement: number): { kind: 'agree' | 'differ'; difference: number } =>
      chance(agreement) ? { kind: 'agree', difference: 0 } : { kind: 'differ', difference: 1 };
    const again = noiseShare !== undefined && asksTwice(id, done, noiseShare) && pair.production.answered;
    tally = addTallies(
      tally,
      tallyOf(
        {
          ...pair,
          ...(pair.production.answered && pair.candidate.answered ? { outcome: compared(candidate.behaviour.agreement) } : {}),
          ...(again ? { noise: compared(production.behaviour.agreement) } : {}),
        },
        slowdown,
      ),
    );
    milliseconds += Math.max(1_000 / requestsPerSecond, (pair.production.milliseconds + pair.candidate.milliseconds) / concurrency);
  }
  return { requests, from, done, tally, seconds: milliseconds / 1_000 };
}
