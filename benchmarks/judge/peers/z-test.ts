import type { Rule } from '../simulation/rules';

/** The one-sided two-proportion z test on the totals so far, repeated every minute as if each time were the only one. */
export function zTestRule(critical: number): Rule {
  const sum = { candidateTotal: 0, candidateBad: 0, productionTotal: 0, productionBad: 0 };
  return {
    add(counts) {
      sum.candidateTotal += counts.candidateTotal;
      sum.candidateBad += counts.candidateBad;
      sum.productionTotal += counts.productionTotal;
      sum.productionBad += counts.productionBad;
      const pooled = (sum.candidateBad + sum.productionBad) / (sum.candidateTotal + sum.productionTotal);
      const variance = pooled * (1 - pooled) * (1 / sum.candidateTotal + 1 / sum.productionTotal);
      const difference = sum.candidateBad / sum.candidateTotal - sum.productionBad / sum.productionTotal;
      return variance > 0 && difference > critical * Math.sqrt(variance);
    },
  };
}
