import type { Counts } from './counts';
import type { Multiples } from './rate';
import { logGamma } from './special-functions';

/**
 * What one period adds to the log e-values (nats) of the hypothesis about the odds ratio of candidate to production, for
 * frequent outcomes: odds ratio ≤ `oddsRatio` where the multiple is above 1, ≥ where it is below. Conditional on how many
 * outcomes both had together, so that production's rate drops out; mean exactly 1 at the bound, and the same for good
 * outcomes as for bad ones. Needs whole numbers, see `checkMeasurement`; overdispersion is only a heuristic here.
 *
 * @see docs/how-it-decides.md 2.0c; Fisher's noncentral hypergeometric distribution
 */
export function exactIncrements(
  counts: Counts, oddsRatio: number, multiples: Multiples, overdispersion: number, increments: Float64Array,
): Float64Array {
  const { candidateTotal, candidateBad, productionTotal, productionBad } = counts;
  const bad = candidateBad + productionBad;
  if (candidateTotal === 0 || productionTotal === 0 || bad === 0 || bad === candidateTotal + productionTotal) {
    return increments.fill(0);
  }
  const atBound = logNormalizer(candidateTotal, productionTotal, bad, oddsRatio);
  for (let j = 0; j < increments.length; j++) {
    const alternative = logNormalizer(candidateTotal, productionTotal, bad, oddsRatio * multiples.values[j]);
    increments[j] = (candidateBad * multiples.logs[j] - alternative + atBound) / overdispersion;
  }
  return increments;
}

/**
 * ln Z(ψ) less ln(n_c! n_b!), where Z(ψ) = Σ C(n_c, x) C(n_b, s-x) ψ^x: the normalizer of Fisher's noncentral hypergeometric
 * distribution. Summed outwards from the mode by the ratio of neighbouring terms until these fall below 1e-14 of the sum,
 * which takes O(standard deviation) terms.
 */
function logNormalizer(candidateTotal: number, productionTotal: number, bad: number, oddsRatio: number): number {
  const low = Math.max(0, bad - productionTotal);
  const high = Math.min(candidateTotal, bad);
  // Terms rise while ψ (n_c - x + 1)(s - x + 1) > x (n_b - s + x): the mode is the root of that quadratic, in its stable form.
  const b = (candidateTotal + bad + 2) * oddsRatio + productionTotal - bad;
  const c = oddsRatio * (candidateTotal + 1) * (bad + 1);
  const root = (2 * c) / (b + Math.sqrt(Math.max(0, b * b - 4 * (oddsRatio - 1) * c)));
  const mode = Math.min(high, Math.max(low, Math.floor(root)));

  let sum = 1;
  let term = 1;
  for (let x = mode; x < high && term > sum * 1e-14; x++) {
    term *= (oddsRatio * (candidateTotal - x) * (bad - x)) / ((x + 1) * (productionTotal - bad + x + 1));
    sum += term;
  }
  term = 1;
  for (let x = mode; x > low && term > sum * 1e-14; x--) {
    term *= (x * (productionTotal - bad + x)) / (oddsRatio * (candidateTotal - x + 1) * (bad - x + 1));
    sum += term;
  }
  return Math.log(sum) + mode * Math.log(oddsRatio)
    - logGamma(mode + 1) - logGamma(candidateTotal - mode + 1) - logGamma(bad - mode + 1) - logGamma(productionTotal - bad + mode + 1);
}
