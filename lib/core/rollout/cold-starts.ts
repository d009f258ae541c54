/** With fewer than these nothing is said. */
const LEAST_STARTS = 5;
/** How far the quicker starts of the one must be above the slower ones of the other; further where there are few. */
const APART = { few: 1.25, many: 1.1, manyStarts: 8 };

/**
 * What there is to say of how long environments of the candidate took to start, beside those of production's version that were started at
 * the same time: nothing unless even its quicker starts, three of four, are clearly slower than most of the other's. Starts of equal
 * versions vary by tens of percent, and overlap.
 */
export function slowStarts(candidate: readonly number[], control: readonly number[]): string | undefined {
  const starts = Math.min(candidate.length, control.length);
  if (
    starts < LEAST_STARTS ||
    quantile(candidate, 0.25) <= (starts < APART.manyStarts ? APART.few : APART.many) * quantile(control, 0.75)
  ) {
    return undefined;
  }
  const [mine, others] = [candidate, control].map((starts) => quantile(starts, 0.5));
  const ms = (value: number): string => `${Math.round(value)} ms`;
  return `its environments take ${ms(mine)} to start (median of ${candidate.length}) where production's take ${ms(others)} (of `
    + `${control.length}), ${Number((mine / others).toPrecision(2))} times as long`;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}
