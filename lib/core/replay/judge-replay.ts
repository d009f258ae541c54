import { judge } from '../judge/judge';
import type { Judgement } from '../judge/judgement';
import { type GuardrailPlan, type JudgePlan, UNCHECKED_SPLIT } from '../judge/plan';
import type { Measurement } from '../judge/period';
import type { ReplayTally } from './pair';
import { ReplayGuardrail, type ReplayPlan } from './plan';

/**
 * A request of the candidate is as likely to be the slower one as production's: half of the pairs, and what a ratio of 1.1 and 1.5 of them
 * makes of that.
 */
const SLOWER = { bound: 0.524, margin: 0.6 };

/** What is replayed, as far as it is judged. */
export interface Replayed {
  readonly tally: ReplayTally;
  /** Whether some of the requests have a label: known before the first of them is asked. */
  readonly labelled: boolean;
  /** Epoch milliseconds of what was seen last. */
  readonly at: number;
}

/**
 * The verdict on a candidate from the pairs so far. Their order is drawn by lot, so that harm shows from the first on: nothing is held in
 * reserve for what begins late, the evidence follows from the sums alone, and it is valid at every look. What is not certified makes it
 * `hold`.
 */
export function judgeReplay(plan: ReplayPlan, { tally, labelled, at }: Replayed): Judgement {
  const judged = guardrailsOf(plan, labelled);
  const measurements = Object.fromEntries(judged.map(({ name }) => [name, measured(name as ReplayGuardrail, plan, tally)]));
  const judgePlan: JudgePlan = {
    start: Math.floor(at),
    periodMs: 1,
    plannedPeriods: 1,
    minimumPeriods: 1,
    silentPeriods: 1,
    alpha: plan.alpha,
    // The split of a replay is no matter of chance.
    sampleRatio: UNCHECKED_SPLIT,
    guardrails: judged,
  };
  const period = {
    start: judgePlan.start,
    step: 0,
    share: 0.5,
    requests: { candidate: tally.pairs, production: tally.pairs },
    measurements,
  };
  return judge(judgePlan, [period], { step: 0, closedUntil: judgePlan.start + 1 });
}

function guardrailsOf(plan: ReplayPlan, labelled: boolean): GuardrailPlan[] {
  const { agreement, slowdown, failureTolerance, accuracyTolerance } = plan;
  return [
    {
      kind: 'discordance',
      name: ReplayGuardrail.FAILURES,
      label: 'replay',
      tolerance: failureTolerance,
      words: { pairs: 'pairs', verb: 'failed' },
    },
    ...(agreement === undefined ? [] : [agreementOf(agreement)]),
    {
      kind: 'disagreement',
      name: ReplayGuardrail.LATENCY,
      label: 'replay',
      verb: `took the candidate more than ${slowdown} times as long`,
      ...SLOWER,
    },
    ...(labelled ? [{ kind: 'discordance' as const, name: ReplayGuardrail.ACCURACY, label: 'replay', tolerance: accuracyTolerance }] : []),
  ];
}

function agreementOf({ bound, margin, beyondNoise = false }: NonNullable<ReplayPlan['agreement']>): GuardrailPlan {
  return beyondNoise
    ? {
        kind: 'counts', name: ReplayGuardrail.AGREEMENT, outcomes: [{ label: 'disagreements in the replay' }],
        allowed: { ratio: 1, tolerance: bound }, margin: { ratio: 1, tolerance: margin },
      }
    : { kind: 'disagreement', name: ReplayGuardrail.AGREEMENT, label: 'replay', bound, margin };
}

function measured(name: ReplayGuardrail, { agreement }: ReplayPlan, tally: ReplayTally): Measurement {
  switch (name) {
    case ReplayGuardrail.FAILURES:
      return {
        kind: 'discordance',
        pairs: tally.pairs,
        onlyCandidateWrong: tally.candidateFailed,
        onlyProductionWrong: tally.productionFailed,
      };
    case ReplayGuardrail.AGREEMENT:
      return agreement?.beyondNoise === true
        ? {
            kind: 'counts',
            candidate: { total: tally.compared, bad: [tally.disagreed] },
            production: { total: tally.noise, bad: [tally.noiseDisagreed] },
          }
        : { kind: 'disagreement', pairs: tally.compared, disagreements: tally.disagreed };
    case ReplayGuardrail.LATENCY:
      return { kind: 'disagreement', pairs: tally.timed, disagreements: tally.slower };
    case ReplayGuardrail.ACCURACY:
      return {
        kind: 'discordance',
        pairs: tally.labelled,
        onlyCandidateWrong: tally.candidateWrong,
        onlyProductionWrong: tally.productionWrong,
      };
  }
}

/** The fewest requests at which a candidate can be certified, that of all of which nothing can be said against it. */
export function fewestForCertainty(plan: ReplayPlan, labelled: boolean): number {
  const flawless = (pairs: number): ReplayTally => ({
    pairs,
    candidateFailed: 0,
    productionFailed: 0,
    bothFailed: 0,
    compared: pairs,
    disagreed: 0,
    noise: Math.ceil(pairs * (plan.noiseShare ?? 0)),
    noiseDisagreed: 0,
    timed: pairs,
    slower: 0,
    labelled: labelled ? pairs : 0,
    candidateWrong: 0,
    productionWrong: 0,
  });
  const isCertain = (pairs: number): boolean =>
    judgeReplay(plan, { tally: flawless(pairs), labelled, at: 0 }).guardrails.every(({ certified }) => certified !== false);
  let [low, high] = [0, 1];
  while (!isCertain(high)) {
    [low, high] = [high, 2 * high];
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    [low, high] = isCertain(middle) ? [low, middle] : [middle, high];
  }
  return high;
}
