import type { Random } from './random';

/** How long answers take. */
export abstract class Latencies {
  /** Parts by the limits that counts are about: every period is asked for the same few. */
  private readonly partsAbove = new Map<number, number>();

  /** Part of the answers that take longer. */
  abstract slowerThan(milliseconds: number): number;

  /** The latency that a part of the answers is faster than. */
  abstract quantile(part: number): number;

  /** Mean, and mean of the squares. */
  abstract moments(): readonly [number, number];

  /** A statistic of `count` answers as CloudWatch has it, drawn from its distribution. */
  statistic(name: string, count: number, random: Random): number {
    switch (name) {
      case 'SampleCount':
        return count;
      case 'Average':
        return this.average(count, random);
      case 'Sum':
        return count * this.average(count, random);
      case 'Minimum':
        return this.orderStatistic(1, count, random);
      case 'Maximum':
        return this.orderStatistic(count, count, random);
      default: {
        const above = /^TC\((.+):\)$/.exec(name);
        if (above !== null) {
          return random.binomial(count, this.partAbove(Number(above[1])));
        }
        return this.orderStatistic(Math.max(1, Math.ceil((Number(name.slice(1)) / 100) * count)), count, random);
      }
    }
  }

  /**
   * How many of `count` answers are slower than each of these, the lowest first: drawn together, because what is slow for one is so for
   * lower ones.
   */
  slower(thresholds: readonly number[], count: number, random: Random): number[] {
    let [left, chance] = [count, 1];
    return thresholds.map((threshold) => {
      const slower = this.partAbove(threshold);
      left = random.binomial(left, chance === 0 ? 0 : Math.min(1, slower / chance));
      chance = slower;
      return left;
    });
  }

  private partAbove(limit: number): number {
    let part = this.partsAbove.get(limit);
    if (part === undefined) {
      this.partsAbove.set(limit, part = this.slowerThan(limit));
    }
    return part;
  }

  /** The k-th fastest of `count`: a uniform order statistic is beta distributed. */
  private orderStatistic(k: number, count: number, random: Random): number {
    return this.quantile(random.beta(k, count + 1 - k));
  }

  private average(count: number, random: Random): number {
    const [first, second] = this.moments();
    return Math.max(0, first + Math.sqrt(Math.max(0, second - first ** 2) / count) * random.normal());
  }
}

/** As they were measured. */
export class ObservedLatencies extends Latencies {
  /** @param sorted milliseconds, the fastest first; not empty */
  constructor(private readonly sorted: Float64Array) {
    super();
  }

  slowerThan(milliseconds: number): number {
    let [low, high] = [0, this.sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      [low, high] = this.sorted[middle] > milliseconds ? [low, middle] : [middle + 1, high];
    }
    return 1 - low / this.sorted.length;
  }

  quantile(part: number): number {
    const { sorted } = this;
    return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))];
  }

  moments(): readonly [number, number] {
    const mean = (of: (value: number) => number): number => this.sorted.reduce((sum, value) => sum + of(value), 0) / this.sorted.length;
    return [mean((value) => value), mean((value) => value ** 2)];
  }
}

/** All answers that there were: statistics are those of these answers. */
export class MeasuredLatencies extends ObservedLatencies {
  override statistic(name: string, count: number, random: Random): number {
    switch (name) {
      case 'SampleCount':
        return count;
      case 'Average':
        return this.moments()[0];
      case 'Sum':
        return count * this.moments()[0];
      case 'Minimum':
        return this.quantile(0);
      case 'Maximum':
        return this.quantile(1);
      default:
        return name.startsWith('p') ? this.quantile(Number(name.slice(1)) / 100) : super.statistic(name, count, random);
    }
  }

  override slower(thresholds: readonly number[], count: number): number[] {
    return thresholds.map((threshold) => Math.round(count * this.slowerThan(threshold)));
  }
}

/** Answers of several kinds, each so many of all. */
export class MixedLatencies extends Latencies {
  private readonly weight: number;

  constructor(private readonly parts: readonly { readonly weight: number; readonly latencies: Latencies }[]) {
    super();
    this.weight = parts.reduce((sum, { weight }) => sum + weight, 0);
  }

  slowerThan(milliseconds: number): number {
    return this.parts.reduce((sum, { weight, latencies }) => sum + weight * latencies.slowerThan(milliseconds), 0) / this.weight;
  }

  quantile(part: number): number {
    const ends = this.parts.map(({ latencies }) => latencies.quantile(part));
    let [low, high] = [Math.min(...ends), Math.max(...ends)];
    for (let step = 0; step < 40 && high - low > 1e-9 * high; step++) {
      const middle = (low + high) / 2;
      [low, high] = this.slowerThan(middle) > 1 - part ? [middle, high] : [low, middle];
    }
    return (low + high) / 2;
  }

  moments(): readonly [number, number] {
    return this.parts.reduce<readonly [number, number]>(([first, second], { weight, latencies }) => {
      const [mean, square] = latencies.moments();
      return [first + (weight * mean) / this.weight, second + (weight * square) / this.weight];
    }, [0, 0]);
  }
}

/** Nobody waits for longer than `limitMs`. */
export class LimitedLatencies extends Latencies {
  constructor(private readonly latencies: Latencies, private readonly limitMs: number) {
    super();
  }

  slowerThan(milliseconds: number): number {
    return milliseconds >= this.limitMs ? 0 : this.latencies.slowerThan(milliseconds);
  }

  quantile(part: number): number {
    return Math.min(this.limitMs, this.latencies.quantile(part));
  }

  moments(): readonly [number, number] {
    // Of few answers that are cut off the mean hardly tells.
    const [first, second] = this.latencies.moments();
    return [Math.min(this.limitMs, first), Math.min(this.limitMs ** 2, second)];
  }
}
