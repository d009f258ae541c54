import { type Bound, CERTIFICATION_MULTIPLES } from './rate';

/** Information that detects with about 95 % probability, and with about 50 %, in units of ln(1/α) (docs/how-it-decides.md 3). */
const LIKELY = 3.3;
const EVEN = 1.4;
/** The same for certification, from the measured times of docs/how-it-decides.md 2.10. */
const CERTIFIES_LIKELY = 3;
const CERTIFIES_EVEN = 1.05;

/** Rates and split of a comparison. */
export interface Comparison {
  /** Candidate's rate of bad outcomes, p_c in (0, 1). */
  readonly candidateRate: number;
  /** Production's rate of bad outcomes, p_b in (0, 1). */
  readonly productionRate: number;
  /** Candidate's share of the requests, w in (0, 1). */
  readonly share: number;
}

/**
 * KL₂: information (nats) per candidate request that the two rates differ, which no test at any level can exceed.
 *
 * @see docs/how-it-decides.md 2.9; Wald, "Sequential tests of statistical hypotheses", 1945
 */
export function twoSampleInformation({ candidateRate, productionRate, share }: Comparison): number {
  const pooled = share * candidateRate + (1 - share) * productionRate;
  return bernoulliDivergence(candidateRate, pooled) + ((1 - share) / share) * bernoulliDivergence(productionRate, pooled);
}

/**
 * Information (nats) per candidate request that the candidate's rate exceeds a bound, as the rate e-process (2.0) collects it
 * at its best multiple. Below KL₂ because of the tolerance; 0 where the bound is respected. What promises about a guardrail
 * with tolerance have to be computed from.
 *
 * @see docs/how-it-decides.md 2.0, 3
 */
export function informationBeyond(comparison: Comparison, bound: Bound): number {
  if (comparison.candidateRate <= bound.ratio * comparison.productionRate + bound.tolerance) {
    return 0;
  }
  const growth = (logMultiple: number): number => growthAt(comparison, bound, logMultiple);
  return growth(maximum(growth, 0, Math.log(1e6)));
}

/**
 * Information (nats) per candidate request that the candidate's rate is below a bound, as certification (2.0b) collects it at the best of
 * its multiples; 0 where the bound is reached.
 *
 * @see docs/how-it-decides.md 2.0b
 */
export function informationWithin(comparison: Comparison, bound: Bound): number {
  return Math.max(0, ...CERTIFICATION_MULTIPLES.map((multiple) => growthAt(comparison, bound, Math.log(multiple))));
}

/** What a candidate request adds on average to the log e-value of a multiple of the bound (2.0). */
function growthAt({ candidateRate, productionRate, share }: Comparison, { ratio, tolerance }: Bound, logMultiple: number): number {
  const production = (1 - share) / share;
  const multiple = Math.exp(logMultiple);
  const spread = 1 + (multiple - 1) * (ratio / (ratio + production));
  const bad = candidateRate + production * productionRate;
  const gain = (multiple - 1) * (production / (ratio + production)) / spread;
  return candidateRate * logMultiple - bad * Math.log(spread) - tolerance * gain;
}

/**
 * Mean number of candidate requests that any test needs to detect the difference at level `alpha`, the yardstick for ours.
 *
 * @see docs/how-it-decides.md 2.9
 */
export function waldBound(comparison: Comparison, alpha: number): number {
  return Math.log(1 / alpha) / twoSampleInformation(comparison);
}

/**
 * Mean number of decided pairs, ties apart, that any test needs at level `alpha` to find that a candidate loses so many of them, `losses`
 * in (0, 1), where it may lose `ratio` times as many as it wins: ln(1/α) over the divergence of the two shares. At 0.01 and a ratio of 1
 * that is 919 at 55:45, 229 at 60:40 and 56 at 70:30. Infinity where so many losses are allowed.
 *
 * @see docs/how-it-decides.md 2.6; Wald, "Sequential tests of statistical hypotheses", 1945
 */
export function decidedPairs(losses: number, ratio: number, alpha: number): number {
  const allowed = ratio / (1 + ratio);
  return losses <= allowed ? Infinity : Math.log(1 / alpha) / bernoulliDivergence(losses, allowed);
}

/** A plan's traffic and level. */
export interface Bake {
  /** Requests per second over all variants, λ. */
  readonly requestsPerSecond: number;
  /** Candidate's share of them, w in (0, 1). */
  readonly share: number;
  /** α of the rollout, divided by the guardrail's share of it. */
  readonly alpha: number;
}

/**
 * Seconds of bake after which a candidate as bad as `candidateRate` has been detected with about 95 % probability (or 50 %).
 * Infinity where the tolerance allows that rate.
 *
 * @see docs/how-it-decides.md 3, "bake for power"
 */
export function bakeForPower(
  bake: Bake, rates: { readonly candidateRate: number; readonly productionRate: number }, bound: Bound, power: 0.95 | 0.5 = 0.95,
): number {
  const information = informationBeyond({ ...rates, share: bake.share }, bound);
  const needed = (power === 0.95 ? LIKELY : EVEN) * Math.log(1 / bake.alpha);
  return needed / (bake.requestsPerSecond * bake.share * information);
}

/**
 * Seconds after which a candidate as good as production, at `rate`, has been certified with about 95 % probability (or 50 %).
 *
 * @param bake its `alpha` is certification's: the chance of certifying at the margin
 * @see docs/how-it-decides.md 2.0b, and "Promotion" in 2.10
 */
export function bakeForCertification(bake: Bake, rate: number, margin: Bound, power: 0.95 | 0.5 = 0.95): number {
  const information = informationWithin({ candidateRate: rate, productionRate: rate, share: bake.share }, margin);
  const needed = (power === 0.95 ? CERTIFIES_LIKELY : CERTIFIES_EVEN) * Math.log(1 / bake.alpha);
  return needed / (bake.requestsPerSecond * bake.share * information);
}

/**
 * The lowest candidate rate that is detected with about 95 % probability within a bake of `seconds`: what a plan cannot see
 * lies below. Undefined when not even a candidate that always fails would be.
 *
 * @see docs/how-it-decides.md 3
 */
export function smallestDetectable(bake: Bake, productionRate: number, bound: Bound, seconds: number): number | undefined {
  const needed = (candidateRate: number): number => bakeForPower(bake, { candidateRate, productionRate }, bound);
  if (!(needed(1) <= seconds)) {
    return undefined;
  }
  let missed = Math.min(1, bound.ratio * productionRate + bound.tolerance);
  let seen = 1;
  for (let step = 0; step < 60; step++) {
    const middle = (missed + seen) / 2;
    if (needed(middle) <= seconds) {
      seen = middle;
    } else {
      missed = middle;
    }
  }
  return seen;
}

/** Kullback and Leibler's divergence of Bernoulli(p) from Bernoulli(q), nats; infinite where q rules out what p does. */
export function bernoulliDivergence(p: number, q: number): number {
  const term = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b));
  return term(p, q) + term(1 - p, 1 - q);
}

/** Where a function with one maximum in [low, high] has it, by golden section. */
function maximum(f: (x: number) => number, low: number, high: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  for (let step = 0; step < 60; step++) {
    const left = b - golden * (b - a);
    const right = a + golden * (b - a);
    if (f(left) < f(right)) {
      a = left;
    } else {
      b = right;
    }
  }
  return (a + b) / 2;
}
