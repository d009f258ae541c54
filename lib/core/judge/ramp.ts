/** What limits how fast a candidate's weight may grow. */
export interface HarmLimit {
  /** Bad responses that may be served between a fault's start and the return to production, H. */
  readonly budget: number;
  /** Requests per second over all variants, λ. */
  readonly requestsPerSecond: number;
  /** Seconds from a fault to the return: period, metric delay and rollback together, τ. */
  readonly reactionSeconds: number;
  /** Highest candidate share that the ramp may reach, (0, 1]. */
  readonly cap: number;
  /** Highest factor from one step to the next. */
  readonly growth: number;
}

/**
 * The candidate's next share: as much as growth, cap and the harm budget allow, H / (λτU), where `excess` is the highest excess
 * rate of bad responses that the data have not ruled out (see {@link excessBound}). For the first step pass a current share
 * of 0: only cap and budget count then.
 *
 * @see docs/how-it-decides.md 3, "harm limit"
 */
export function nextShare(current: number, excess: number, limit: HarmLimit): number {
  const byHarm = excess > 0 ? limit.budget / (limit.requestsPerSecond * limit.reactionSeconds * excess) : Infinity;
  return Math.min(limit.cap, current > 0 ? limit.growth * current : Infinity, byHarm);
}

/** What is known of a candidate when its next share is chosen. */
export interface ExcessKnowledge {
  readonly candidateRequests: number;
  readonly candidateBad: number;
  /** Production's rate of bad outcomes. */
  readonly productionRate: number;
  /** Upper end of the ratio's confidence sequence (2.0d) at α_U = 0.05; absent while nothing is known. */
  readonly ratioUpper?: number;
  /** Whether the candidate is certified not to be worse than the margin (2.0b). */
  readonly certified: boolean;
  /** Excess rate that is tolerated anyhow. */
  readonly tolerated: number;
  /** What to assume before there are data, Δ_max; 1 for total failure. */
  readonly worst: number;
}

/**
 * U: the highest excess rate of bad responses that the data have not ruled out, bad outcomes per request, at 95 % confidence.
 * 0 once certified; 3/n_c bounds the rate itself while the candidate has had no bad outcome.
 *
 * @see docs/how-it-decides.md 3
 */
export function excessBound(known: ExcessKnowledge): number {
  if (known.certified) {
    return 0;
  }
  const fromRatio = known.productionRate > 0 && known.ratioUpper !== undefined ? (known.ratioUpper - 1) * known.productionRate : Infinity;
  const fromSilence = known.candidateBad === 0 && known.candidateRequests > 0 ? 3 / known.candidateRequests : Infinity;
  return Math.max(0, Math.min(known.worst, fromRatio, fromSilence) - known.tolerated);
}

/**
 * Seconds a step must last so that the shares can keep growing by `growth` per step under the harm budget while few bad
 * outcomes are seen: T ≥ g τ ln(1/α_U) / H.
 *
 * @see docs/how-it-decides.md 3, "growth law"
 */
export function bakeForGrowth(limit: HarmLimit, alpha = 0.05): number {
  return limit.growth * limit.reactionSeconds * Math.log(1 / alpha) / limit.budget;
}
