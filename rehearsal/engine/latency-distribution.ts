import { logNormalCdf } from '../../lib/core/judge/special-functions';
import type { Candidate, Latency } from '../../lib/core/rehearsal/scenario';
import { Latencies } from './latencies';
import type { Random } from './random';

/** 99 % quantile of the standard normal distribution. */
const Z99 = 2.3263478740408408;

/** How long answers take: log-normal, and longer by a factor for a part of them. */
export class LatencyDistribution extends Latencies {
  private readonly location: number;
  private readonly scale: number;

  constructor(private readonly latency: Latency, private readonly tail?: Candidate['tail']) {
    super();
    this.location = Math.log(latency.medianMs);
    this.scale = Math.log(latency.p99Ms / latency.medianMs) / Z99;
  }

  /** The same, all answers longer by a factor. */
  times(factor: number): LatencyDistribution {
    const { latency: { medianMs, p99Ms }, tail } = this;
    return new LatencyDistribution({ medianMs: factor * medianMs, p99Ms: factor * p99Ms }, tail);
  }

  /**
   * What one caller's answers take where all callers' are distributed so, and differ by factors whose logarithms have this standard
   * deviation:
   * the caller whose factor is in the middle.
   */
  within(spread: number): LatencyDistribution {
    const { latency: { medianMs }, scale, tail } = this;
    return spread === 0
      ? this
      : new LatencyDistribution({ medianMs, p99Ms: medianMs * Math.exp(Z99 * Math.sqrt(Math.max(0, scale ** 2 - spread ** 2))) }, tail);
  }

  /** One answer. */
  draw(random: Random): number {
    return this.answer(random.normal(), random);
  }

  /** The answer to a request whose time is so many standard deviations above the middle, tail apart. */
  answer(pace: number, random: Random): number {
    const { share, factor } = this.tail ?? { share: 0, factor: 1 };
    return Math.exp(this.location + this.scale * pace) * (share > 0 && random.uniform() < share ? factor : 1);
  }

  /** Part of the answers that take longer. */
  slowerThan(milliseconds: number): number {
    if (milliseconds <= 0) {
      return 1;
    }
    const z = (Math.log(milliseconds) - this.location) / this.scale;
    const { share, factor } = this.tail ?? { share: 0, factor: 1 };
    const above = (value: number): number => Math.exp(logNormalCdf(-value));
    return (1 - share) * above(z) + (share === 0 ? 0 : share * above(z - Math.log(factor) / this.scale));
  }

  /** The latency that a part of the answers is faster than. */
  quantile(part: number): number {
    if (this.tail === undefined || this.tail.share <= 0) {
      return Math.exp(this.location + this.scale * normalQuantile(part));
    }
    const { factor } = this.tail;
    let [low, high] = [this.location - 9 * this.scale, this.location + Math.log(factor) + 9 * this.scale];
    for (let step = 0; step < 40; step++) {
      const middle = (low + high) / 2;
      [low, high] = this.slowerThan(Math.exp(middle)) > 1 - part ? [middle, high] : [low, middle];
    }
    return Math.exp((low + high) / 2);
  }

  /** Of the answers without the tail. */
  get usualMean(): number {
    return Math.exp(this.location + this.scale ** 2 / 2);
  }

  moments(): readonly [number, number] {
    const mean = this.usualMean;
    const { share, factor } = this.tail ?? { share: 0, factor: 1 };
    return [mean * (1 - share + share * factor), mean ** 2 * Math.exp(this.scale ** 2) * (1 - share + share * factor ** 2)];
  }
}

/** Quantile of the standard normal distribution; Acklam's rational approximation, relative error below 1.2e-9. */
export function normalQuantile(p: number): number {
  if (p > 0.5) {
    return -normalQuantile(1 - p);
  }
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q + 4.374664141464968) * q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
    );
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r - 30.66479806614716) * r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r - 13.28068155288572) * r + 1)
  );
}
