import { logNormalCdf } from '../../lib/core/judge/special-functions';
import type { ShiftStep } from './alarm-shift';
import type { Peer } from './peer';

/** Below it a difference counts as one. */
const SIGNIFICANT = 0.05;

/**
 * The same steps, ended by a p-value: every minute a two-sided test of two proportions compares the failures of all requests so far, and
 * the candidate is rolled back once it fails more with p below 0.05. Read once that would be wrong in one of forty; read every minute it is
 * not.
 *
 * @see Amazon Bedrock AgentCore developer guide, "A/B testing": scores of two variants, a p-value that may be read at any time, significant
 * below 0.05. It does not name its test; this one is the textbook's.
 */
export function pValue(steps: readonly ShiftStep[]): Peer {
  return {
    name: 'p < 0.05 every minute',
    about: `the same steps, rolled back once a test of failures, read every minute, says p < ${SIGNIFICANT}; so are A/B tests of `
      + 'AgentCore read',
    cloudWatch: true,
    start: () => {
      const sums = { candidateRequests: 0, candidateFailures: 0, productionRequests: 0, productionFailures: 0 };
      return {
        at(minute, seen) {
          for (const each of seen) {
            sums.candidateRequests += each.candidateRequests;
            sums.candidateFailures += each.candidateFailures;
            sums.productionRequests += each.productionRequests;
            sums.productionFailures += each.productionFailures;
            const p = twoSided(sums);
            if (p < SIGNIFICANT && sums.candidateFailures / sums.candidateRequests > sums.productionFailures / sums.productionRequests) {
              return { percent: 0, verdict: 'rolled back', sentence: `the candidate fails more, p ${Number(p.toPrecision(2))}` };
            }
          }
          let end = 0;
          for (const step of steps) {
            end += step.minutes;
            if (minute < end) {
              return { percent: step.percent };
            }
          }
          return { percent: 100, verdict: 'promoted', sentence: `p was never below ${SIGNIFICANT}` };
        },
      };
    },
  };
}

/** The test of two proportions with a common variance; 1 where there is nothing to compare. */
export function twoSided({
  candidateRequests,
  candidateFailures,
  productionRequests,
  productionFailures,
}: { readonly [count in 'candidateRequests' | 'candidateFailures' | 'productionRequests' | 'productionFailures']: number }): number {
  const rate = (candidateFailures + productionFailures) / (candidateRequests + productionRequests);
  const deviation = Math.sqrt(rate * (1 - rate) * (1 / candidateRequests + 1 / productionRequests));
  return deviation > 0 && Number.isFinite(deviation)
    ? 2 * Math.exp(logNormalCdf(-Math.abs(candidateFailures / candidateRequests - productionFailures / productionRequests) / deviation))
    : 1;
}
