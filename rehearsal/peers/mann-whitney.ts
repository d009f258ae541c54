/** Confidence interval and estimate of a location shift. */
export interface Shift {
  readonly lower: number;
  readonly upper: number;
  readonly estimate: number;
}

/** Kayenta solves for shifts to within this; metrics of tiny magnitude therefore have to be rescaled. */
export const TOLERANCE = 1e-4;

/**
 * Kayenta's Mann-Whitney test: the interval of shifts of `experiment` against `control` that the tie- and continuity-corrected
 * normal approximation does not reject at `quantile`, and the shift in the middle. Undefined when all values are tied.
 */
export function mannWhitney(experiment: readonly number[], control: readonly number[], quantile: number): Shift | undefined {
  const x = Float64Array.from(experiment).sort();
  const y = Float64Array.from(control).sort();
  if (x[0] - y[y.length - 1] === x[x.length - 1] - y[0]) {
    return undefined;
  }
  const last = (accepts: (statistic: number) => boolean): number => {
    let [low, high] = [x[0] - y[y.length - 1], x[x.length - 1] - y[0]];
    if (!accepts(standardizedRankSum(x, y, low))) {
      return low;
    }
    if (accepts(standardizedRankSum(x, y, high))) {
      return high;
    }
    // The statistic falls in steps as the shift grows.
    while (high - low > TOLERANCE / 2) {
      const middle = (low + high) / 2;
      if (accepts(standardizedRankSum(x, y, middle))) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  };
  return {
    lower: last((statistic) => statistic > quantile),
    upper: last((statistic) => statistic > -quantile),
    // The statistic may be zero over a whole range, whose middle is Hodges and Lehmann's estimate.
    estimate: (last((statistic) => statistic > 0) + last((statistic) => statistic >= 0)) / 2,
  };
}

/** The standardized Wilcoxon statistic of `x - mu` against `y`, both sorted. */
export function standardizedRankSum(x: Float64Array, y: Float64Array, mu: number): number {
  const [n, m] = [x.length, y.length];
  let ranks = 0;
  let ties = 0;
  for (let i = 0, j = 0; i < n || j < m;) {
    const value = Math.min(i < n ? x[i] - mu : Infinity, j < m ? y[j] : Infinity);
    const [firstMine, first] = [i, i + j];
    while (i < n && x[i] - mu === value) {
      i++;
    }
    while (j < m && y[j] === value) {
      j++;
    }
    const size = i + j - first;
    ranks += (i - firstMine) * (first + 1 + i + j) / 2;
    ties += size ** 3 - size;
  }
  const difference = ranks - n * (n + 1) / 2 - n * m / 2;
  const sigma = Math.sqrt((n * m / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1))));
  return (difference - Math.sign(difference) * 0.5) / sigma;
}
