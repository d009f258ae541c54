/**
 * What a rollout does that was told nothing else. Constructs, proposals, rehearsals and documentation take it from here.
 */
export const ROLLOUT_DEFAULTS = {
  /**
   * Steps of a canary before its final bake. No share is more than five times the one before: what starts cold meets few callers at a time.
   */
  steps: [{ percent: 5, bakeSeconds: 300 }, { percent: 25, bakeSeconds: 300 }, { percent: 50, bakeSeconds: 300 }],
  finalBakeSeconds: 600,
  /** Share that production keeps in the final bake: with less of it there is little left to compare with. */
  holdbackPercent: 20,
  /** How long a fresh share is left out of the evidence: environments of Lambda start within it. */
  settlingSeconds: 60,
  uncertifiedAfterSeconds: 600,
  intervalSeconds: 60,
  readinessSeconds: 300,
  minimumRequests: 50,
  /** A cohort is few people: what they send in some minutes is not much. */
  cohort: { bakeSeconds: 600, minimumRequests: 20, maximumErrorPercent: 10 },
  /** A share without a renewed lease ends after three minutes, or after three intervals where they are longer. */
  leaseSeconds: 180,
  leaseIntervals: 3,
} as const;

/** What `TrafficShift.adaptive` takes where it was told nothing else. */
export const ADAPTIVE_DEFAULTS = {
  /** Times production's failures: the regression that is bought with the harm budget. */
  detectableRegression: 2,
  /** From the first failure to the way back, beside the settling time. */
  reactionSeconds: 240,
  growth: 5,
  maximumStartPercent: 10,
  minimumBakeSeconds: 300,
} as const;
