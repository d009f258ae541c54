/** What happens when a step's bake time is over and the candidate had too few requests to be judged by. */
export enum InsufficientTrafficAction {
  /** Wait for more, until the deadline. */
  HOLD = 'HOLD',
  /** Take the missing requests for granted: for endpoints where silence is usual and alarms are enough. */
  ADVANCE = 'ADVANCE',
  /** Take the candidate back. */
  ROLLBACK = 'ROLLBACK',
}

/**
 * What happens when a step has been given its time and it is still not certain that the candidate is not worse. Evidence of harm rolls back
 * all the same.
 */
export enum InconclusiveAction {
  /** Wait for more requests, or for somebody who decides with `model-rollout promote` or `abort`, until the deadline. */
  HOLD = 'HOLD',
  /** Go on: too little is known to roll the candidate back, and that is enough. For traffic that is too low to be certain. */
  ADVANCE = 'ADVANCE',
  /** Take the candidate back. */
  ROLLBACK = 'ROLLBACK',
}

/** Where somebody must approve with `model-rollout approve` before the rollout goes on. */
export enum RolloutApproval {
  /** Nowhere, but for steps of a `TrafficShift.custom` that ask for it. */
  NONE = 'NONE',
  /** Before the candidate gets its first requests. */
  FIRST_STEP = 'FIRST_STEP',
  /** Before every step, the final bake included. */
  EVERY_STEP = 'EVERY_STEP',
  /** Before the final bake. */
  FINAL_BAKE = 'FINAL_BAKE',
}

/** What a deployment that changes the endpoint's `model` does while a rollout of an explicit `candidate` is under way. */
export enum ProductionChange {
  /** The deployment fails, and nothing changes. */
  REFUSE = 'REFUSE',
  /**
   * The changed model is in production at once, without steps; the candidate keeps its share and is compared with the new production from
   * then on.
   */
  KEEP = 'KEEP',
  /**
   * The changed model is in production at once, without steps; the candidate is rolled back, and not tried again while it is left where it
   * is.
   */
  END = 'END',
}
