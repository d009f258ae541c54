import type { Counts } from './counts';
import { logMeanExp } from './log-domain';
import { CERTIFICATION_MULTIPLES, REGRESSION_MULTIPLES } from './rate';

/** How many times production's rate the candidate's is. */
export interface RatioInterval {
  /** Best estimate; undefined while production had no bad outcome. */
  readonly estimate?: number;
  /** 0 while nothing can be said. */
  readonly lower: number;
  /** Absent while nothing can be said. */
  readonly upper?: number;
}

/**
 * Estimate and confidence sequence for the ratio of the candidate's rate to production's, to show beside evidence. Each side is
 * wrong with probability at most `alpha` over the whole rollout, however often it is looked at. Stratified by period: weights
 * that move while rates move do not bias it. The estimate is Mantel and Haenszel's.
 *
 * The log e-value at a ratio r against a multiple m is X_c ln m + G(r) - G(m r) with G(ρ) = Σ_k (x_c + x_b) ln(ρ n_c + n_b), so
 * that the search needs one function of one variable.
 *
 * @see docs/how-it-decides.md 2.0d
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
  const against = (logRatio: number, multiples: readonly number[]): number => {
    const ratio = Math.exp(logRatio);
    const atBound = mass(ratio);
    return logMeanExp(multiples.map((m) => candidateBad * Math.log(m) + atBound - mass(m * ratio))) + Math.log(alpha);
  };
  const estimate = denominator > 0 ? numerator / denominator : undefined;
  const start = estimate !== undefined && estimate > 0 ? Math.log(estimate) : 0;
  const width = 1 / Math.sqrt(1 + candidateBad);
  const upper = edge((logRatio) => against(logRatio, CERTIFICATION_MULTIPLES), start, width);
  return {
    ...(estimate === undefined ? {} : { estimate }),
    lower: edge((logRatio) => against(logRatio, REGRESSION_MULTIPLES), start, -width) ?? 0,
    ...(upper === undefined ? {} : { upper }),
  };
}

/** Ratios from one in a million to a million are told apart, to a thousandth. */
const SEARCHED = Math.log(1e6);
const PRECISION = 1e-3;

/**
 * The innermost ratio that is still rejected: where `evidence`, which grows outwards from `start`, reaches 0. Widens the step until
 * it has been passed, then closes in by false position (Illinois), which takes a third of the evaluations of bisection.
 * Undefined when not even the outermost ratio is rejected.
 */
function edge(evidence: (logRatio: number) => number, start: number, step: number): number | undefined {
  let [inner, outer] = [start, start];
  let atInner = evidence(start);
  let atOuter = atInner;
  const moved = (from: number, by: number): number => Math.max(-SEARCHED, Math.min(SEARCHED, from + by));
  for (let width = step; atOuter < 0; width *= 2) {
    if (moved(outer, width) === outer) {
      return undefined;
    }
    [inner, atInner] = [outer, atOuter];
    outer = moved(outer, width);
    atOuter = evidence(outer);
  }
  // Where even the start is rejected, as after no candidate error at all, the edge lies on its other side.
  for (let width = step; atInner >= 0 && moved(inner, -width) !== inner; width *= 2) {
    [outer, atOuter] = [inner, atInner];
    inner = moved(inner, -width);
    atInner = evidence(inner);
  }
  while (Math.abs(outer - inner) > PRECISION) {
    // Never closer to either end than a tenth, so that the interval shrinks whatever the shape.
    const part = Math.min(0.9, Math.max(0.1, atOuter / (atOuter - atInner)));
    const middle = outer + part * (inner - outer);
    const atMiddle = evidence(middle);
    if (atMiddle >= 0) {
      [outer, atOuter] = [middle, atMiddle];
      atInner /= 2;
    } else {
      [inner, atInner] = [middle, atMiddle];
      atOuter /= 2;
    }
  }
  return Math.exp(outer);
}
