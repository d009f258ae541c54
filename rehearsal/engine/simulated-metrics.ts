import { binMetric, MEASURED_REQUESTS, Metric, slowMetric } from '../../lib/core/names';
import { binCount, type Measures } from '../../lib/core/routing/measures';
import type { Side } from './alarm-definition';
import type { LatencyDistribution } from './latency-distribution';
import type { Random } from './random';
import { Series } from './series';
import { spread } from './spread';

interface SideSeries {
  readonly requests: Series;
  readonly failures: Series;
}

/** What the routers have published: counts of both versions by period, and latencies drawn when they are asked for. */
export class SimulatedMetrics {
  private readonly sides: { readonly [side in Side]: SideSeries };
  /** What production was asked in the candidate's place. */
  private readonly fallbacks: SideSeries;
  private readonly drawn = new Map<string, number[]>();
  private readonly measured = new Map<string, ReadonlyMap<string, number>[]>();
  /** What routers count of every request since the rollout began. */
  measures?: Measures;
  private readonly dates = new Map<number, Date[]>();

  constructor(
    private readonly options: {
      /** Epoch milliseconds, a whole number of hours. */
      readonly origin: number;
      readonly periodMs: number;
      /** How long after its end a period is there. */
      readonly delayMs: number;
      /** What answers of a period that ends then are drawn from. */
      readonly latency: (side: Side, end: number) => LatencyDistribution;
      readonly random: Random;
    },
  ) {
    const { origin, periodMs } = options;
    const series = (): Series => new Series(origin, periodMs);
    const side = (): SideSeries => ({ requests: series(), failures: series() });
    this.sides = { candidate: side(), production: side() };
    this.fallbacks = side();
  }

  add(period: number, side: Side, requests: number, failures: number): void {
    this.sides[side].requests.set(period, requests);
    this.sides[side].failures.set(period, failures);
  }

  addFallbacks(period: number, requests: number, failures: number): void {
    this.fallbacks.requests.set(period, requests);
    this.fallbacks.failures.set(period, failures);
  }

  indexOf(at: number, periodMs: number): number {
    return Math.floor(at / periodMs) - Math.floor(this.options.origin / periodMs);
  }

  /** End of the last period of this length that is there at `now`. */
  visibleUntil(now: number, periodMs: number): number {
    return Math.floor((now - this.options.delayMs) / periodMs) * periodMs;
  }

  requestsAt(side: Side, periodMs: number, index: number): number {
    return this.sides[side].requests.at(periodMs, index);
  }

  /** Requests that a version answered in a period of the simulation. */
  answersIn(side: Side, period: number): number {
    const { requests, failures } = this.sides[side];
    return requests.at(this.options.periodMs, period) - failures.at(this.options.periodMs, period);
  }

  /** The value of a period in which there were requests. */
  value(side: Side, metric: string, statistic: string, periodMs: number, index: number): number {
    const { requests, failures } = this.sides[side];
    switch (metric as Metric) {
      case Metric.MODEL_LATENCY:
        return this.latency(side, statistic, periodMs, index, requests.at(periodMs, index));
      case Metric.INVOCATIONS:
        return requests.at(periodMs, index);
      case Metric.FAILURES:
      case Metric.MODEL_ERRORS:
        return failures.at(periodMs, index);
      case Metric.FALLBACKS:
        return side === 'candidate' ? failures.at(periodMs, index) : 0;
      case Metric.FALLBACK_INVOCATIONS:
        return side === 'production' ? this.fallbacks.requests.at(periodMs, index) : 0;
      case Metric.FALLBACK_FAILURES:
        return side === 'production' ? this.fallbacks.failures.at(periodMs, index) : 0;
      case Metric.TIMEOUTS:
      case Metric.THROTTLES:
      case Metric.BACKEND_ERRORS:
      case Metric.CLIENT_ERRORS:
      case Metric.RETRIES:
        return 0;
      default:
        return this.counted(side, periodMs, index, requests.at(periodMs, index)).get(metric) ?? NaN;
    }
  }

  /** The time at which a period begins; made once, because a rollout's counts are read at every tick. */
  dateOf(index: number, periodMs: number): Date {
    let dates = this.dates.get(periodMs);
    if (dates === undefined) {
      this.dates.set(periodMs, dates = []);
    }
    return (dates[index] ??= new Date((Math.floor(this.options.origin / periodMs) + index) * periodMs));
  }

  /** Drawn once: who asks twice is told the same. */
  private latency(side: Side, statistic: string, periodMs: number, index: number, count: number): number {
    const key = `${side} ${statistic} ${periodMs}`;
    let values = this.drawn.get(key);
    if (values === undefined) {
      this.drawn.set(key, values = []);
    }
    const { origin, latency, random } = this.options;
    return (values[index] ??= latency(side, (Math.floor(origin / periodMs) + index + 1) * periodMs).statistic(statistic, count, random));
  }

  /** What routers counted by the route's measures in a period: drawn together, because a request that is slow for one threshold is so for lower ones. */
  private counted(side: Side, periodMs: number, index: number, count: number): ReadonlyMap<string, number> {
    const key = `${side} ${periodMs}`;
    let periods = this.measured.get(key);
    if (periods === undefined) {
      this.measured.set(key, periods = []);
    }
    return (periods[index] ??= this.drawCounts(side, (Math.floor(this.options.origin / periodMs) + index + 1) * periodMs, count));
  }

  private drawCounts(side: Side, end: number, count: number): ReadonlyMap<string, number> {
    const { measures, options: { latency, random } } = this;
    const counts = new Map<string, number>();
    if (measures === undefined) {
      return counts;
    }
    counts.set(MEASURED_REQUESTS, count);
    const distribution = latency(side, end);
    let [left, chance] = [count, 1];
    for (const { threshold, index } of measures.slowerThanMs.map((value, place) => ({ threshold: value, index: place })).sort((a, b) => a.threshold - b.threshold)) {
      const slower = distribution.slowerThan(threshold);
      left = random.binomial(left, chance === 0 ? 0 : Math.min(1, slower / chance));
      chance = slower;
      counts.set(slowMetric(index), left);
    }
    measures.bins.forEach((bins, measure) => {
      spread(count, binCount(bins), random).forEach((inBin, bin) => counts.set(binMetric(measure, bin), inBin));
    });
    return counts;
  }
}
