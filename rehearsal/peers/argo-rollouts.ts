import type { Limits, Peer, PeerMinute } from './peer';

/** Weights and pauses of the example of its documentation, and the analysis beside them from the second weight on. */
const STEPS = [20, 40, 60, 80];
const PAUSE_MINUTES = 10;
const ANALYSED_FROM_MINUTE = 10;
const INTERVAL_MINUTES = 5;
const FAILURE_LIMIT = 3;
/** Its default. */
const ERROR_LIMIT = 4;

/**
 * Argo Rollouts with a background analysis, by its documented example: 20, 40, 60 and 80 % for ten minutes each; from the second weight on
 * the success rate of the last five minutes is measured every five minutes, and more than three failed measurements abort. A measurement
 * without data is an error, of which more than four in a row abort.
 *
 * @see argoproj/argo-rollouts: docs/features/analysis.md, "Background Analysis", "Failure conditions", "ConsecutiveErrorLimit"
 */
export function argoRollouts({ errorRate }: Limits): Peer {
  return {
    name: 'Argo Rollouts',
    about: `${STEPS.join(', ')} % for ${PAUSE_MINUTES} min each, back after more than ${FAILURE_LIMIT} failed measurements of the `
      + `success rate, one every ${INTERVAL_MINUTES} min`,
    cloudWatch: false,
    start: () => {
      let recent: PeerMinute[] = [];
      let failures = 0;
      let errors = 0;
      return {
        at(minute, seen) {
          recent = [...recent, ...seen].slice(-INTERVAL_MINUTES);
          if (minute >= ANALYSED_FROM_MINUTE && (minute - ANALYSED_FROM_MINUTE) % INTERVAL_MINUTES === 0) {
            const requests = recent.reduce((sum, { candidateRequests }) => sum + candidateRequests, 0);
            const failed = recent.reduce((sum, { candidateFailures }) => sum + candidateFailures, 0);
            errors = requests === 0 ? errors + 1 : 0;
            failures += requests > 0 && failed / requests > errorRate ? 1 : 0;
            if (failures > FAILURE_LIMIT || errors > ERROR_LIMIT) {
              return {
                percent: 0,
                verdict: 'rolled back',
                sentence: `the analysis failed: ${failures > FAILURE_LIMIT ? `${failures} measurements` : 'no data'}`,
              };
            }
          }
          const step = Math.floor(minute / PAUSE_MINUTES);
          return step < STEPS.length
            ? { percent: STEPS[step] }
            : { percent: 100, verdict: 'promoted', sentence: 'the analysis did not fail' };
        },
      };
    },
  };
}
