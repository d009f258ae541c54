import { logGamma } from '../../../lib/core/judge/special-functions';

/** ln of the multinomial probability of `counts` at `probabilities`: ssrm's marginal likelihood of the null. */
export function logMultinomial(counts: readonly number[], probabilities: readonly number[]): number {
  return logCoefficient(counts) + counts.reduce((sum, count, i) => sum + (count === 0 ? 0 : count * Math.log(probabilities[i])), 0);
}

/**
 * ln of the probability of `counts` with Dirichlet(`prior`) probabilities: ssrm's predictive of a sample-ratio mismatch (Lindon and Malek).
 */
export function logDirichletMultinomial(counts: readonly number[], prior: readonly number[]): number {
  const [total, weight] = [sum(counts), sum(prior)];
  return logCoefficient(counts) + logGamma(weight) - logGamma(weight + total)
    + counts.reduce((value, count, i) => value + logGamma(prior[i] + count) - logGamma(prior[i]), 0);
}

function logCoefficient(counts: readonly number[]): number {
  return counts.reduce((value, count) => value - logGamma(count + 1), logGamma(sum(counts) + 1));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
