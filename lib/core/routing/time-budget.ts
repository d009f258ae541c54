/** How a request's time is divided where it is assigned to another variant than production. All milliseconds. */

/** What the router needs to return production's answer when the variant's time is over. */
const RETURN_MS = 250;

/**
 * How long a variant may take where nobody said: nearly as long as production, so that a version that is as slow as production fails no
 * more requests than production does.
 */
export function defaultTimeBudgetMs(timeoutMs: number): number {
  return Math.max(1, Math.floor(timeoutMs - Math.min(RETURN_MS, timeoutMs / 20)));
}

/** After how long production is asked beside the variant, so that half of the time is left to it. */
export function reserveAfterMs(timeoutMs: number): number {
  return timeoutMs / 2;
}
