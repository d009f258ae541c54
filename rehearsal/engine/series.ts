/** Counts by period of the simulation's own length, and, kept up to date beside them, by longer ones. */
export class Series {
  private readonly counts: Float64Array;
  private readonly longer = new Map<number, Float64Array>();

  /** @param origin epoch milliseconds at which the first period begins, a whole number of hours */
  constructor(private readonly origin: number, private readonly periodMs: number, private readonly periods: number) {
    this.counts = new Float64Array(periods);
  }

  set(period: number, count: number): void {
    this.counts[period] = count;
    for (const [lengthMs, sums] of this.longer) {
      sums[this.indexIn(period, lengthMs)] += count;
    }
  }

  /** Sums over aligned periods of this length, the first being the one that holds the origin. */
  by(lengthMs: number): Float64Array {
    if (lengthMs <= this.periodMs) {
      return this.counts;
    }
    let sums = this.longer.get(lengthMs);
    if (sums === undefined) {
      sums = new Float64Array(Math.ceil((this.periods * this.periodMs) / lengthMs) + 1);
      for (let period = 0; period < this.periods; period++) {
        sums[this.indexIn(period, lengthMs)] += this.counts[period];
      }
      this.longer.set(lengthMs, sums);
    }
    return sums;
  }

  private indexIn(period: number, lengthMs: number): number {
    return Math.floor((this.origin + period * this.periodMs) / lengthMs) - Math.floor(this.origin / lengthMs);
  }
}
