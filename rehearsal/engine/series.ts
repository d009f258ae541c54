/** Periods that room is made for when the first count comes: a day of minutes before a rollout, and some hours of it. */
const ROOM = 2_048;

/**
 * Counts by period of the simulation's own length, and, kept up to date beside them, by longer ones. Each period is set once; there is
 * room only for what has ever happened, since most of what is counted happens in few scenarios.
 */
export class Series {
  private counts = new Float64Array(0);
  private readonly longer = new Map<number, Float64Array>();

  /** @param origin epoch milliseconds at which the first period begins */
  constructor(private readonly origin: number, private readonly periodMs: number) {}

  set(period: number, count: number): void {
    if (count === 0) {
      return;
    }
    if (period >= this.counts.length) {
      this.counts = grown(this.counts, period);
    }
    this.counts[period] = count;
    for (const [lengthMs, sums] of this.longer) {
      const index = this.indexIn(period, lengthMs);
      if (index >= sums.length) {
        this.longer.set(lengthMs, grown(sums, index));
      }
      this.longer.get(lengthMs)![index] += count;
    }
  }

  /** The sum over an aligned period of this length, the first being the one that holds the origin. */
  at(lengthMs: number, index: number): number {
    return (lengthMs === this.periodMs ? this.counts : this.longer.get(lengthMs) ?? this.summed(lengthMs))[index] ?? 0;
  }

  private summed(lengthMs: number): Float64Array {
    let sums = new Float64Array(0);
    for (let period = 0; period < this.counts.length; period++) {
      if (this.counts[period] === 0) {
        continue;
      }
      const index = this.indexIn(period, lengthMs);
      sums = index < sums.length ? sums : grown(sums, index);
      sums[index] += this.counts[period];
    }
    this.longer.set(lengthMs, sums);
    return sums;
  }

  private indexIn(period: number, lengthMs: number): number {
    return Math.floor((this.origin + period * this.periodMs) / lengthMs) - Math.floor(this.origin / lengthMs);
  }
}

function grown(values: Float64Array, index: number): Float64Array<ArrayBuffer> {
  const room = new Float64Array(Math.max(index + 1, ROOM, 2 * values.length));
  room.set(values);
  return room;
}
