import type { Counts } from './counts';
import { logMeanExp } from './log-domain';
import { CERTIFICATION_MULTIPLES, REGRESSION_MULTIPLES } from './rate';

/** How many times production's rate the candidate's is. */
export interface RatioInterval {
  /** Best estimate; undefined while production had no bad outcome. */
  readonly estimate?: number;
  /** 0 while nothing can be said. */
  readonly lower: number;
  /** Infinity while nothing can be said. */
  readonly upper: number;
}

/**
 * Estimate and confidence sequence for the ratio of the candidate's rate to production's, to show beside evidence. Each side is
 * wrong with probability at most `alpha` over the whole rollout, however often it is looked at. Stratified by period: weights
 * that move while rates move do not bias it. The estimate is Mantel and Haenszel's.
 *
 * The log e-value at a ratio r against a multiple m is X_c ln m + G(r) - G(m r) with G(ρ) = Σ_k (x_c + x_b) ln(ρ n_c + n_b), so
 * that bisection needs one function of one variable.
 *
 * @see canary-analysis.md 2.0d
 */
export function ratioInterval(periods: readonly Counts[], alpha: number): RatioInterval {
  const informative = periods.filter((p) => p.candidateTotal > 0 && p.productionTotal > 0 && p.candidateBad + p.productionBad > 0);
  let candidateBad = 0;
  let numerator = 0;
  let denominator = 0;
  for (const p of informative) {
    const total = p.candidateTotal + p.productionTotal;
    candidateBad += p.candidateBad;
    numerator += p.candidateBad * p.productionTotal / total;
    denominator += p.productionBad * p.candidateTotal / total;
  }
  const mass = (ratio: number): number => {
    let sum = 0;
    for (const p of informative) {
      sum += (p.candidateBad + p.productionBad) * Math.log(ratio * p.candidateTotal + p.productionTotal);
    }
    return sum;
  };
  const rejectedBy = (logRatio: number, multiples: readonly number[]): boolean => {
    const ratio = Math.exp(logRatio);
    const atBound = mass(ratio);
    return logMeanExp(multiples.map((m) => candidateBad * Math.log(m) + atBound - mass(m * ratio))) >= -Math.log(alpha);
  };
  return {
    ...(denominator > 0 ? { estimate: numerator / denominator } : {}),
    lower: edge((logRatio) => rejectedBy(logRatio, REGRESSION_MULTIPLES), -1) ?? 0,
    upper: edge((logRatio) => rejectedBy(logRatio, CERTIFICATION_MULTIPLES), 1) ?? Infinity,
  };
}

/** Ratios from one in a million to a million are told apart, to a thousandth. */
const SEARCHED = Math.log(1e6);
const STEPS = 15;

/** The innermost ratio that is still rejected, coming from the `side` that is rejected first; undefined when not even the outermost is. */
function edge(rejected: (logRatio: number) => boolean, side: 1 | -1): number | undefined {
  let outer = side * SEARCHED;
  let inner = -side * SEARCHED;
  if (!rejected(outer)) {
    return undefined;
  }
  for (let step = 0; step < STEPS; step++) {
    const middle = (outer + inner) / 2;
    if (rejected(middle)) {
      outer = middle;
    } else {
      inner = middle;
    }
  }
  return Math.exp(outer);
}
