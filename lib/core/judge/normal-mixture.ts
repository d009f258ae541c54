import { logNormalCdf } from './special-functions';

/**
 * The mixture's scale τ that makes its boundary tightest once the variance process reaches `variance`; any scale is valid if it
 * was fixed before the data. `alpha` is the level for a two-sided test and twice the level for a one-sided one.
 *
 * @see docs/how-it-decides.md 2.3; Howard et al., "Time-uniform, nonparametric, nonasymptotic confidence sequences", 2021, (3.9)
 */
export function normalMixtureScale(variance: number, alpha: number): number {
  const log = 2 * Math.log(1 / alpha);
  return variance / (log + Math.log1p(log));
}

/**
 * ln of the one-sided normal mixture, nats: grows only when `sum` is positive. E = 2√(1-q) exp(q Z²/2) Φ(Z√q).
 *
 * @see docs/how-it-decides.md 2.3; Howard et al. 2021, (3.11)
 */
export function oneSidedNormalMixture(sum: number, variance: number, scale: number): number {
  const total = variance + scale;
  return Math.LN2 + 0.5 * Math.log(scale / total) + (sum * sum) / (2 * total) + logNormalCdf(sum / Math.sqrt(total));
}

/**
 * Half the width of the two-sided confidence sequence for the sum, in the sum's unit.
 *
 * @see docs/how-it-decides.md 2.3; Waudby-Smith et al., "Time-uniform central limit theory and asymptotic confidence sequences", 2023
 */
export function normalMixtureHalfWidth(variance: number, scale: number, alpha: number): number {
  return Math.sqrt((variance + scale) * (2 * Math.log(1 / alpha) + Math.log1p(variance / scale)));
}
