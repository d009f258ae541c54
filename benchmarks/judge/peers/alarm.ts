import type { Rule } from '../rules';

/**
 * CloudWatch's alarm: error rate of the candidate above a threshold in M of the last N minutes. A minute without requests is
 * missing data, which counts as not breaching.
 */
export function alarmRule(threshold: number, m: number, n: number): Rule {
  const breaches: boolean[] = [];
  return {
    add({ candidateBad, candidateTotal }) {
      breaches.push(candidateTotal > 0 && candidateBad / candidateTotal > threshold);
      if (breaches.length > n) {
        breaches.shift();
      }
      return breaches.filter((breach) => breach).length >= m;
    },
  };
}
