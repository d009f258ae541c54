import {
  binMetric, finishedMetric, MEASURED_GENERATIONS, MEASURED_REQUESTS, Metric, schemaMetric, slowMetric, sumMetric,
} from '../../lib/core/names';
import { binCount, type Measures, thresholdsFor, type Timing, TIMINGS, timingOf, timingsOf } from '../../lib/core/routing/measures';
import { FinishReason } from '../../lib/core/generation/finish-reason';
import type { Side } from '../assembly/alarm-definition';
import type { Behaviour, Candidate } from '../../lib/core/rehearsal/scenario';
import { LatencyDistribution } from './latency-distribution';
import { type Latencies, MixedLatencies } from './latencies';
import type { Random } from './random';
import { Series } from './series';
import { drawReasons, drawSum, timesOf, tokensOf } from './simulated-generation';
import { spread } from './spread';

/** What came of the requests of a version. */
export interface Answers {
  readonly requests: number;
  /** Time-outs included. */
  readonly failures: number;
  readonly timeouts: number;
  /** Refused as the caller's mistake. */
  readonly refusals: number;
  /** Of which production was asked instead, and what it failed of them too. */
  readonly fallbacks: number;
  readonly fallbackFailures: number;
  readonly answeredBeside: number;
}

/** What is counted of why answers end. */
const FINISHED: ReadonlySet<string> = new Set(Object.values(FinishReason).map(finishedMetric));

/** A period of some length, by its index. */
interface Period {
  readonly periodMs: number;
  readonly index: number;
}

/** The values of a metric in periods of one length, by their index. */
export type Column = (index: number) => number;

/** What answers may take, and the metric that counts those that take longer. */
interface Threshold {
  readonly threshold: number;
  readonly metric: string;
}

const NOTHING: ReadonlyMap<string, number> = new Map();

type SideSeries = { readonly [count in keyof Answers]: Series };

/** A model refuses as soon as it has read the request. */
const REFUSAL = new LatencyDistribution({ medianMs: 3, p99Ms: 10 });

const COUNTS: readonly (keyof Answers)[] = [
  'requests',
  'failures',
  'timeouts',
  'refusals',
  'fallbacks',
  'fallbackFailures',
  'answeredBeside',
];

/** What the routers have published: counts of both versions by period, and latencies drawn when they are asked for. */
export class SimulatedMetrics {
  private readonly sides: { readonly [side in Side]: SideSeries };
  private readonly columns = new Map<string, Column>();
  private readonly measured = new Map<string, ReadonlyMap<string, number>[]>();
  private readonly thresholds = new Map<string, readonly Threshold[]>();
  private counts: Measures | undefined;
  private readonly dates = new Map<number, Date[]>();

  constructor(
    private readonly options: {
      /** Epoch milliseconds, a whole number of hours. */
      readonly origin: number;
      readonly periodMs: number;
      /** How long after its end a period is there. */
      readonly delayMs: number;
      /** What answers of a period that ends then are drawn from. */
      readonly latency: (side: Side, end: number) => Latencies;
      /** What answers of a period took, where they were served one by one. */
      readonly observed?: (side: Side, from: number, lengthMs: number) => Latencies | undefined;
      /** What a version does in a period that ends then; absent where its models generate nothing. */
      readonly behaviour?: (side: Side, end: number) => Behaviour | Candidate;
      readonly random: Random;
    },
  ) {
    const { origin, periodMs } = options;
    const series = (): Series => new Series(origin, periodMs);
    const side = (): SideSeries => ({
      requests: series(),
      failures: series(),
      timeouts: series(),
      refusals: series(),
      fallbacks: series(),
      fallbackFailures: series(),
      answeredBeside: series(),
    });
    this.sides = { candidate: side(), production: side(), control: side() };
  }

  add(period: number, side: Side, answers: Answers): void {
    const series = this.sides[side];
    for (const count of COUNTS) {
      series[count].set(period, answers[count]);
    }
  }

  /** What routers count of every request since the rollout began. */
  get measures(): Measures | undefined {
    return this.counts;
  }

  set measures(measures: Measures | undefined) {
    this.counts = measures;
    this.thresholds.clear();
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
    const { requests, failures, refusals } = this.sides[side];
    const { periodMs } = this.options;
    return requests.at(periodMs, period) - failures.at(periodMs, period) - refusals.at(periodMs, period);
  }

  /** The value of a period in which there were requests. */
  value(side: Side, metric: string, statistic: string, periodMs: number, index: number): number {
    return this.column(side, metric, statistic, periodMs)(index);
  }

  /** The values of periods of one length, by their index; who asks twice is told the same. */
  column(side: Side, metric: string, statistic: string, periodMs: number): Column {
    const key = `${side} ${metric} ${statistic} ${periodMs}`;
    let column = this.columns.get(key);
    if (column === undefined) {
      this.columns.set(key, (column = this.columnOf(side, metric, statistic, periodMs)));
    }
    return column;
  }

  private columnOf(side: Side, metric: string, statistic: string, periodMs: number): Column {
    const { requests, failures, timeouts, refusals, fallbacks } = this.sides[side];
    const of = (series: Series): Column => (index) => series.at(periodMs, index);
    switch (metric as Metric) {
      case Metric.MODEL_LATENCY:
        return this.drawnOnce((index, random) =>
          this.latencies(side, periodMs, index).statistic(statistic, requests.at(periodMs, index), random));
      case Metric.FIRST_TOKEN_LATENCY:
      case Metric.TIME_PER_TOKEN: {
        const timing = metric === Metric.FIRST_TOKEN_LATENCY ? 'first-token' : 'token';
        return this.drawnOnce((index, random) =>
          this.tokenTimes(timing, side, { periodMs, index })?.statistic(statistic, this.completeIn(side, periodMs, index), random) ?? NaN);
      }
      // Each request is a conversation of its own here.
      case Metric.CONVERSATIONS:
      // What the candidate has while it is the cohort's is the cohort's.
      case Metric.COHORT_INVOCATIONS:
      case Metric.INVOCATIONS:
        return of(requests);
      case Metric.COHORT_FAILURES:
      case Metric.FAILURES:
        return of(failures);
      case Metric.MODEL_ERRORS:
        return (index) => failures.at(periodMs, index) - timeouts.at(periodMs, index);
      case Metric.TIMEOUTS:
        return of(timeouts);
      case Metric.CLIENT_ERRORS:
        return of(refusals);
      case Metric.FALLBACKS:
        return of(fallbacks);
      case Metric.FALLBACK_INVOCATIONS: {
        const { candidate } = this.sides;
        return side === 'production'
          ? (index) => candidate.fallbacks.at(periodMs, index) + candidate.answeredBeside.at(periodMs, index)
          : () => 0;
      }
      case Metric.FALLBACK_FAILURES:
        return side === 'production' ? of(this.sides.candidate.fallbackFailures) : () => 0;
      case Metric.TOKENS_IN:
      case Metric.TOKENS_OUT: {
        const direction = metric === Metric.TOKENS_IN ? 'in' : 'out';
        return this.drawnOnce((index, random) => {
          const behaviour = this.behaviourIn(side, { periodMs, index });
          return behaviour === undefined
            ? NaN
            : tokensOf(behaviour, direction).statistic(statistic, this.completeIn(side, periodMs, index), random);
        });
      }
      case Metric.GENERATIONS:
        return (index) => this.completeIn(side, periodMs, index);
      case Metric.THROTTLES:
      case Metric.BACKEND_ERRORS:
      case Metric.RETRIES:
      case Metric.MID_STREAM_ERRORS:
      case Metric.EARLIER_INVOCATIONS:
        return () => 0;
      default: {
        const of = FINISHED.has(metric) ? this.finished(side, periodMs) : this.counted(side, periodMs);
        return (index) => of(index).get(metric) ?? NaN;
      }
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

  private drawnOnce(draw: (index: number, random: Random) => number): Column {
    const values: number[] = [];
    return (index) => (values[index] ??= draw(index, this.options.random));
  }

  /** Why complete answers of a period ended: drawn together, each has one reason. */
  private finished(side: Side, periodMs: number): (index: number) => ReadonlyMap<string, number> {
    return this.together(`finished ${side} ${periodMs}`, (index, random) => {
      const behaviour = this.behaviourIn(side, { periodMs, index });
      return behaviour === undefined ? NOTHING : drawReasons(behaviour, this.completeIn(side, periodMs, index), random);
    });
  }

  /**
   * What routers counted by the route's measures in a period: drawn together, because a request that is slow for one threshold is so for
   * lower ones.
   */
  private counted(side: Side, periodMs: number): (index: number) => ReadonlyMap<string, number> {
    return this.together(`${side} ${periodMs}`, (index, random) =>
      this.drawCounts(side, { periodMs, index }, this.sides[side].requests.at(periodMs, index), random));
  }

  /** Counts of which several metrics tell. */
  private together(
    key: string,
    draw: (index: number, random: Random) => ReadonlyMap<string, number>,
  ): (index: number) => ReadonlyMap<string, number> {
    const periods = this.measured.get(key) ?? [];
    this.measured.set(key, periods);
    return (index) => (periods[index] ??= draw(index, this.options.random));
  }

  private tokenTimes(timing: Timing, side: Side, period: Period): Latencies | undefined {
    const behaviour = this.behaviourIn(side, period);
    return behaviour && timesOf(behaviour, timing);
  }

  private behaviourIn(side: Side, { periodMs, index }: Period): Behaviour | Candidate | undefined {
    const { origin, behaviour } = this.options;
    return behaviour?.(side, (Math.floor(origin / periodMs) + index + 1) * periodMs);
  }

  private completeIn(side: Side, periodMs: number, index: number): number {
    const { requests, failures, refusals } = this.sides[side];
    return requests.at(periodMs, index) - failures.at(periodMs, index) - refusals.at(periodMs, index);
  }

  /** How long the answers of a period took. */
  private latencies(side: Side, periodMs: number, index: number): Latencies {
    const { origin, latency, observed } = this.options;
    const seen = observed?.(side, (Math.floor(origin / periodMs) + index) * periodMs, periodMs);
    if (seen !== undefined) {
      return seen;
    }
    const answered = latency(side, (Math.floor(origin / periodMs) + index + 1) * periodMs);
    const { requests, refusals } = this.sides[side];
    const refused = refusals.at(periodMs, index);
    return refused === 0
      ? answered
      : new MixedLatencies([
          { weight: requests.at(periodMs, index) - refused, latencies: answered },
          { weight: refused, latencies: REFUSAL },
        ]);
  }

  private drawCounts(side: Side, period: Period, count: number, random: Random): ReadonlyMap<string, number> {
    const { measures } = this;
    if (measures === undefined) {
      return NOTHING;
    }
    const counts = new Map<string, number>();
    counts.set(MEASURED_REQUESTS, count);
    for (const timing of timingsOf(measures)) {
      const ofAnswers = timing === 'answer';
      const times = ofAnswers ? this.latencies(side, period.periodMs, period.index) : this.tokenTimes(timing, side, period);
      const measured = ofAnswers ? count : this.completeIn(side, period.periodMs, period.index);
      counts.set(TIMINGS[timing].measured, measured);
      const thresholds = this.thresholdsOf(measures, timing, side);
      const slower = times?.slower(thresholds.map(({ threshold }) => threshold), measured, random) ?? [];
      thresholds.forEach(({ metric }, place) => counts.set(metric, slower[place] ?? 0));
    }
    const complete = this.completeIn(side, period.periodMs, period.index);
    const behaviour = this.behaviourIn(side, period);
    if (behaviour !== undefined) {
      counts.set(MEASURED_GENERATIONS, complete);
      measures.sums?.forEach((sum, index) => counts.set(sumMetric(index), drawSum(behaviour, { sum, side, count: complete }, random)));
      measures.schemas?.forEach((_, index) => {
        counts.set(schemaMetric(index, 'Answers'), complete);
        counts.set(schemaMetric(index, 'Broken'), random.binomial(complete, behaviour.generation.unstructured));
      });
    }
    measures.bins.forEach((bins, measure) => {
      spread(count, binCount(bins), random).forEach((inBin, bin) => counts.set(binMetric(measure, bin), inBin));
    });
    return counts;
  }

  /** The lowest first. */
  private thresholdsOf(measures: Measures, timing: Timing, side: Side): readonly Threshold[] {
    const key = `${timing} ${side}`;
    let thresholds = this.thresholds.get(key);
    if (thresholds === undefined) {
      thresholds = thresholdsFor(measures, side)
        .flatMap((threshold, index) => (timingOf(measures, index) === timing ? [{ threshold, metric: slowMetric(index) }] : []))
        .sort((one, other) => one.threshold - other.threshold);
      this.thresholds.set(key, thresholds);
    }
    return thresholds;
  }
}
