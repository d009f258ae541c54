/** An estimated probability with its 95 % interval. */
export interface Proportion {
  readonly count: number;
  readonly of: number;
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

const Z95 = 1.959963984540054;

/** Wilson's score interval, which is honest near 0 and 1 too. */
export function proportion(count: number, of: number): Proportion {
  if (of === 0) {
    return { count, of, estimate: NaN, low: 0, high: 1 };
  }
  const p = count / of;
  const z2 = Z95 ** 2;
  const centre = (p + z2 / (2 * of)) / (1 + z2 / of);
  const half = (Z95 / (1 + z2 / of)) * Math.sqrt((p * (1 - p)) / of + z2 / (4 * of * of));
  // Exact where rounding would leave a trace: of none seen, none may be claimed.
  return { count, of, estimate: p, low: count === 0 ? 0 : centre - half, high: count === of ? 1 : centre + half };
}

/** The value that a part of the values is not above; undefined of none. */
export function quantile(values: readonly number[], part: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))];
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
