import type { MeanSums } from './period';

/** What every outcome is known to lie within, in its unit. */
export interface OutcomeBounds {
  readonly lowest: number;
  readonly highest: number;
}

/** Sums of many values are this inexact, relative to the largest of them. */
const ROUNDING = 1e-9;

/**
 * What the engine needs of outcomes of which only number and sum are known, measured from `lowest`. With y = x - lowest in [0, w] no y² is
 * above w·y, so Σy² is at most w·Σy and the variance at most (mean - lowest)(highest - mean): evidence with it is never more than with the
 * true one, and least where outcomes are at both ends. y/w needs no cap, so that the exact half of the evidence is complete. A mean outside
 * the bounds comes out as one, for `checkMeasurement` to refuse.
 *
 * @see docs/how-it-decides.md 2.3; Bhatia and Davis, "A better bound on the variance", 2000
 */
export function boundedSums(count: number, sum: number, { lowest, highest }: OutcomeBounds): Required<MeanSums> {
  const width = highest - lowest;
  const room = ROUNDING * count * Math.max(Math.abs(lowest), Math.abs(highest));
  const above = nearTo(0, nearTo(count * width, sum - count * lowest, room), room);
  return { count, sum: above, sumOfSquares: width * above, cappedSum: above / width };
}

/** The largest standard deviation that outcomes can have whose mean lies at `share` of the way from the lowest to the highest. */
export function largestDeviation(share: number, { lowest, highest }: OutcomeBounds): number {
  return (highest - lowest) * Math.sqrt(Math.max(0, share * (1 - share)));
}

function nearTo(end: number, value: number, room: number): number {
  return Math.abs(value - end) <= room ? end : value;
}
