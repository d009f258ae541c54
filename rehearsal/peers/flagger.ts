import { exceeds, type Limits, type Peer } from './peer';

/** Settings of a Flagger canary, as its resource names them. */
export interface FlaggerSettings {
  readonly intervalMinutes: number;
  /** Failed checks before rollback. */
  readonly threshold: number;
  /** Percent. */
  readonly stepWeight: number;
  readonly maxWeight: number;
}

/** The example of its documentation: 25 minutes if all is well. */
export const FLAGGER_EXAMPLE: FlaggerSettings = { intervalMinutes: 1, threshold: 10, stepWeight: 2, maxWeight: 50 };

/**
 * Flagger: at every interval request-success-rate and request-duration of the canary must be within their ranges. A good check raises the
 * weight by a step, one at the highest weight promotes; a failed one holds the weight and is counted, and the count is never reset.
 * No values are a failed check. So a promotion takes at least `interval * maxWeight / stepWeight`, a rollback `interval * threshold`.
 *
 * @see fluxcd/flagger: docs/gitbook/usage/how-it-works.md, deployment-strategies.md; pkg/controller/scheduler.go
 */
export function flagger(limits: Limits, settings: FlaggerSettings = FLAGGER_EXAMPLE): Peer {
  const { intervalMinutes, threshold, stepWeight, maxWeight } = settings;
  return {
    name: 'Flagger',
    about: `weight up by ${stepWeight} every ${intervalMinutes} min to ${maxWeight} %, back after ${threshold} failed checks of `
      + 'success rate and duration',
    cloudWatch: false,
    start: () => {
      let weight = Math.min(stepWeight, maxWeight);
      let failed = 0;
      return {
        at(minute, seen) {
          if (minute === 0 || minute % intervalMinutes !== 0) {
            return { percent: weight };
          }
          const recent = seen.at(-1);
          if (recent === undefined || recent.candidateRequests === 0 || exceeds(recent, limits) !== undefined) {
            failed++;
            return failed < threshold
              ? { percent: weight }
              : { percent: 0, verdict: 'rolled back', sentence: `${threshold} checks failed` };
          }
          if (weight >= maxWeight) {
            return { percent: 100, verdict: 'promoted', sentence: `checks were good up to ${maxWeight} %` };
          }
          weight = Math.min(maxWeight, weight + stepWeight);
          return { percent: weight };
        },
      };
    },
  };
}
