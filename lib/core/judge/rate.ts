import type { Counts } from './counts';

/** How much worse than production still counts as equal: p_c ≤ ratio · p_b + tolerance. */
export interface Bound {
  /** Factor on production's rate, r; 0 leaves production out and tests the candidate against `tolerance` alone. */
  readonly ratio: number;
  /** Absolute rate on top, δ, in outcomes per request. */
  readonly tolerance: number;
}

/** Multiples of the tolerated ratio that regressions are looked for at (2.0). */
export const REGRESSION_MULTIPLES: readonly number[] = [1.25, 1.5, 2, 3, 5, 10, 30, 100];

/**
 * How likely each of them is beforehand, relative to the others: regressions that need many requests to be found are the small ones, and
 * those deserve the wealth; a large one is found at once with a third of it. Equal weights find 1 to 3 % a tenth later, and total failures
 * no sooner.
 */
export const REGRESSION_WEIGHTS: readonly number[] = [4, 4, 4, 4, 2, 1, 1, 1];

/** Multiples of the margin that health is looked for at (2.0b). */
export const CERTIFICATION_MULTIPLES: readonly number[] = [0.9, 0.8, 0.7, 0.6, 0.5, 0.35, 0.2, 0.05];

/**
 * The multiples to use at an overdispersion (2.8): clusters look most like regressions of a high multiple, so that above 1.5
 * only multiples up to 5 are kept.
 */
export function regressionMultiples(overdispersion: number): readonly number[] {
  return overdispersion > 1.5 ? REGRESSION_MULTIPLES.filter((multiple) => multiple <= 5) : REGRESSION_MULTIPLES;
}

/**
 * What one period adds to the log e-values (nats) of the hypothesis that the rate of bad outcomes respects `bound`, one per
 * multiple m: for m > 1 the hypothesis is p_c ≤ r p_b + δ (regression), for m < 1 it is p_c ≥ r p_b + δ (certification).
 * Writes into `increments`, which it returns; multiples come in as logarithms and values so that a loop over periods computes
 * neither twice.
 *
 * With A = m·B and A - 1 written out nothing cancels: 1/B = 1 + (m-1)·share and A - 1 = (m-1)(1-share)·B, where share is the
 * candidate's part of the bad outcomes at the bound.
 * A period in which one side served nothing says nothing and adds 0 (2.0e), unless r is 0, which needs no production.
 *
 * Valid without any model of the traffic, for scores in [0, 1] as well, conservative by about (1 - p) for frequent outcomes.
 * Does not check its input: see `checkMeasurement`.
 *
 * @see docs/how-it-decides.md 2.0, 2.0b, 2.8; Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022
 */
export function rateIncrements(
  counts: Counts, bound: Bound, multiples: Multiples, overdispersion: number, increments: Float64Array,
): Float64Array {
  const { candidateTotal, candidateBad, productionTotal, productionBad } = counts;
  const { ratio, tolerance } = bound;
  if (candidateTotal === 0 || (productionTotal === 0 && ratio > 0)) {
    return increments.fill(0);
  }
  const bad = candidateBad + productionBad;
  const scale = 1 / overdispersion;
  const candidatePart = ratio * candidateTotal;
  const share = ratio === 0 ? 0 : candidatePart / (candidatePart + productionTotal);
  for (let j = 0; j < increments.length; j++) {
    const excess = multiples.values[j] - 1;
    const spread = 1 + excess * share;
    let increment = candidateBad * multiples.logs[j] - bad * Math.log(spread);
    if (tolerance !== 0) {
      increment -= tolerance * candidateTotal * excess * (1 - share) / spread;
    }
    increments[j] = increment * scale;
  }
  return increments;
}

/** Multiples with their logarithms. */
export interface Multiples {
  readonly values: Float64Array;
  readonly logs: Float64Array;
}

/** Multiples with their logarithms, computed once for many periods. */
export function multiplesOf(values: readonly number[]): Multiples {
  return { values: Float64Array.from(values), logs: Float64Array.from(values, Math.log) };
}

/**
 * What one period would add on average to the log e-value of each multiple (nats) if that multiple were true, by production's own rate in
 * the period: a burst of the candidate's does not move it.
 *
 * @see docs/how-it-decides.md 2.8a
 */
export function expectedIncrements(
  { candidateTotal, productionTotal, productionBad }: Counts,
  bound: Bound,
  multiples: Multiples,
  overdispersion: number,
  expected: Float64Array,
): Float64Array {
  if (candidateTotal === 0 || productionTotal === 0) {
    return expected.fill(0);
  }
  const atBound = (bound.ratio * productionBad) / productionTotal + bound.tolerance;
  const { values } = multiples;
  for (let j = 0; j < expected.length; j++) {
    const counts = { candidateTotal, candidateBad: candidateTotal * Math.min(1, values[j] * atBound), productionTotal, productionBad };
    expected[j] = rateIncrements(
      counts,
      bound,
      { values: values.subarray(j, j + 1), logs: multiples.logs.subarray(j, j + 1) },
      overdispersion,
      SINGLE,
    )[0];
  }
  return expected;
}

const SINGLE = new Float64Array(1);
