/**
 * Instances that a candidate needs for a share of the requests, when production has as many as all of them took: in
 * proportion, rounded up, within the declared limits. Whole instances are the reason why a small share still needs one.
 */
export function instancesFor(nextPercent: number, production: number, limits: { readonly min: number; readonly max: number }): number {
  return Math.min(limits.max, Math.max(limits.min, Math.ceil((production * nextPercent) / 100 - 1e-9)));
}

/**
 * Requests that a share has in flight at a time: what comes in while one is answered (Little's law), and three standard deviations for chance, since arrivals
 * that do not know of each other make that number a Poisson one. At least one.
 */
export function requestsInFlight(percent: number, requestsPerSecond: number, seconds: number): number {
  const usual = requestsPerSecond * (percent / 100) * seconds;
  return Math.max(1, Math.ceil(usual + 3 * Math.sqrt(usual)));
}
