import { Metric } from '../../lib/core/names';
import type { Side } from './alarm-definition';
import type { LatencyDistribution } from './latency-distribution';
import type { Random } from './random';
import { Series } from './series';

interface SideSeries {
  readonly requests: Series;
  readonly failures: Series;
}

/** What the routers have published: counts of both versions by period, and latencies drawn when they are asked for. */
export class SimulatedMetrics {
  private readonly sides: { readonly [side in Side]: SideSeries };
  private readonly drawn = new Map<string, number[]>();
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
    this.sides = { candidate: { requests: series(), failures: series() }, production: { requests: series(), failures: series() } };
  }

  add(period: number, side: Side, requests: number, failures: number): void {
    this.sides[side].requests.set(period, requests);
    this.sides[side].failures.set(period, failures);
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

  /** The value of a period in which there were requests. */
  value(side: Side, metric: Metric, statistic: string, periodMs: number, index: number): number {
    const { requests, failures } = this.sides[side];
    switch (metric) {
      case Metric.MODEL_LATENCY:
        return this.latency(side, statistic, periodMs, index, requests.at(periodMs, index));
      case Metric.INVOCATIONS:
        return requests.at(periodMs, index);
      case Metric.FAILURES:
      case Metric.MODEL_ERRORS:
        return failures.at(periodMs, index);
      case Metric.FALLBACKS:
        return side === 'candidate' ? failures.at(periodMs, index) : 0;
      default:
        return 0;
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
}
