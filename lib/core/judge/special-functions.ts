const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/**
 * ln Γ(x) for x > 0, to about 15 digits: Stirling's series, after shifting small arguments up to where it has converged.
 */
export function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  while (shifted < 10) {
    product *= shifted;
    shifted += 1;
  }
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
  const value = (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LOG_TWO_PI + series;
  return product === 1 ? value : value - Math.log(product);
}

/**
 * ln Φ(x), the logarithm of the standard normal distribution function; finite for every finite x, where Φ itself underflows
 * below -38. Taylor series in the middle, Laplace's continued fraction in the tails.
 */
export function logNormalCdf(x: number): number {
  if (x > 3) {
    return Math.log1p(-Math.exp(logNormalCdf(-x)));
  }
  const logDensity = -0.5 * x * x - HALF_LOG_TWO_PI;
  if (x < -3) {
    let fraction = -x;
    for (let k = 120; k >= 1; k--) {
      fraction = -x + k / fraction;
    }
    return logDensity - Math.log(fraction);
  }
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return Math.log(0.5 + Math.exp(logDensity) * sum);
}

/**
 * How many standard deviations a normal variable is above its mean with a chance of 1 - `part`: Φ⁻¹, by bisection, to 12 digits for every
 * part in (0, 1).
 */
export function normalQuantile(part: number): number {
  const logPart = Math.log(part);
  let [low, high] = [-40, 40];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    [low, high] = logNormalCdf(middle) < logPart ? [middle, high] : [low, middle];
  }
  return (low + high) / 2;
}
