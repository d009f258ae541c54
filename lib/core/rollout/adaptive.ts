import { bakeForPower } from '../judge/information';
import { bakeForGrowth, nextShare } from '../judge/ramp';
import type { Bound } from '../judge/rate';

/** How failures are compared while the shift goes on. */
export interface ErrorComparison {
  /** Chance of a false rollback that is the comparison's own. */
  readonly alpha: number;
  /** What does not yet count as worse. */
  readonly allowed: Bound;
  /** How long after each change of the share nothing is compared. */
  readonly settlingSeconds: number;
  /** It is with as few requests as the candidate has, not with all others. */
  readonly control?: boolean;
}

/** What steps are derived from. */
export interface AdaptiveInput {
  /** Failures beyond production's own that may be served from the start of a fault to the return to production. */
  readonly harmBudget: number;
  readonly requestsPerSecond: number;
  /** Share of production's requests that fail. */
  readonly errorRate: number;
  /** Times as many failures, which must be found before the candidate serves nearly all requests. */
  readonly regression: number;
  /** Seconds from a fault to the return: until it is compared at all, counted, judged and rolled back. */
  readonly reactionSeconds: number;
  /** Highest factor from one share to the next. */
  readonly growth: number;
  /** Highest first share, in (0, 1). */
  readonly firstShare: number;
  /** Seconds that each step lasts at the least. */
  readonly leastBakeSeconds: number;
  /** Share of the final bake, in (0, 1]. */
  readonly finalShare: number;
  readonly comparison: ErrorComparison;
}

export interface AdaptiveStep {
  readonly share: number;
  readonly bakeSeconds: number;
}

/** No ramp is worth more; what needs more is refused elsewhere. */
const MOST_STEPS = 200;

/**
 * Steps up to the final bake. The first share is so small that even a total failure stays within the budget; every other one is as large as
 * growth allows, and the step before it lasts until an excess of failures that the larger share could not afford has been found
 * with 95 % probability. The last of them also finds the regression, as a share near the half does soonest. Bake times are Infinity where
 * the comparison tolerates more than the budget affords.
 *
 * @see docs/how-it-decides.md 3
 */
export function adaptiveSteps(input: AdaptiveInput): AdaptiveStep[] {
  const { requestsPerSecond, errorRate, growth, finalShare, comparison } = input;
  const limit = {
    budget: input.harmBudget,
    requestsPerSecond,
    reactionSeconds: input.reactionSeconds,
    cap: Math.min(input.firstShare, finalShare),
    growth,
  };
  const bakeToFind = (share: number, candidateRate: number): number =>
    bakeForPower(
      { requestsPerSecond, share, alpha: comparison.alpha },
      { candidateRate: Math.min(1, candidateRate), productionRate: errorRate },
      comparison.allowed,
    );
  const steps: AdaptiveStep[] = [];
  // Rounding down keeps the budget.
  let share = twoDigitsDown(nextShare(0, 1, limit));
  while (share > 0 && share < finalShare && steps.length < MOST_STEPS) {
    const last = growth * share >= finalShare;
    const next = last ? finalShare : growth * share;
    const bake = Math.max(
      input.leastBakeSeconds,
      bakeForGrowth(limit),
      bakeToFind(share, errorRate + affordableExcess(input, next)),
      last ? bakeToFind(share, input.regression * errorRate) : 0,
    );
    steps.push({ share, bakeSeconds: Math.ceil(bake) });
    share = last ? finalShare : twoDigitsDown(next);
  }
  return steps;
}

/** The excess rate of failures with which a share serves as many within a reaction as the budget has. */
export function affordableExcess({ harmBudget, requestsPerSecond, reactionSeconds }: AdaptiveInput, share: number): number {
  return harmBudget / (requestsPerSecond * reactionSeconds * share);
}

/** The budget up to which the final share serves, within a reaction, failures that the comparison tolerates. */
export function toleratedHarm({
  requestsPerSecond,
  reactionSeconds,
  finalShare,
  errorRate,
  comparison: { allowed },
}: AdaptiveInput): number {
  return requestsPerSecond * reactionSeconds * finalShare * ((allowed.ratio - 1) * errorRate + allowed.tolerance);
}

function twoDigitsDown(share: number): number {
  const digit = 10 ** (Math.floor(Math.log10(share)) - 1);
  return Number((Math.floor(share / digit + 1e-9) * digit).toPrecision(2));
}
