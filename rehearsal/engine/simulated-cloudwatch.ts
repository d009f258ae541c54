import type { Metric as CloudWatchMetric, MetricAlarm, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { LABEL_METRICS } from '../../lib/core/guardrails/labels';
import { type MetricSource, sourceKey } from '../../lib/core/guardrails/sources';
import { Dimension, endpointAndAlias, METRIC_NAMESPACE, VariantName } from '../../lib/core/names';
import type { Side, SimulatedMetric } from '../assembly/alarm-definition';
import { MemoryCloudWatch, type MetricValues } from '../harness/memory-cloudwatch';
import type { SimulatedAlarm } from './simulated-alarm';
import type { SimulatedShadows } from './simulated-shadows';
import type { SimulatedMetrics } from './simulated-metrics';

/** Periods that were read. */
interface Reading {
  readonly from: number;
  /** The first that was not. */
  next: number;
  readonly times: Date[];
  readonly values: number[];
}

/** Periods longer than this begin before a time that is asked for. */
const LONG_MS = 3_600_000;
const NOTHING: Reading = { from: 0, next: 0, times: [], values: [] };

/** What is read of a rehearsal. */
export interface Simulated {
  readonly metrics: SimulatedMetrics;
  /** Key of the route record, `endpoint/alias`. */
  readonly alias: string;
  readonly alarms: ReadonlyMap<string, Pick<SimulatedAlarm, 'state' | 'reason' | 'watched'>>;
  readonly versions: { readonly [version: string]: Side };
  readonly now: () => number;
  /** Metrics of others that stand for the versions' requests and failures, by {@link sourceKey}. */
  readonly foreign: ReadonlyMap<string, SimulatedMetric>;
  readonly shadows: Pick<SimulatedShadows, 'value'>;
  /** What labels say of a period by now; undefined for other metrics too. */
  readonly labelled: (
    of: { readonly side: Side; readonly shadow?: string; readonly metric: string },
    periodMs: number,
    index: number,
  ) => number | undefined;
  /** Whether CloudWatch answers nobody now. */
  readonly isOut: () => boolean;
}

type Sided = Pick<SimulatedMetric, 'side' | 'metric'>;

/** A time, epoch milliseconds, in periods. */
interface Time {
  readonly periodMs: number;
  readonly from: number;
  readonly until: number;
}

/** Simulated counts as CloudWatch tells them: metrics of both versions, without what is not there yet, and the plan's alarms. */
export class SimulatedCloudWatch extends MemoryCloudWatch {
  /** Metrics that it was asked for. */
  metricsRead = 0;
  private readonly readings = new Map<string, Reading>();

  constructor(private readonly from: Simulated) {
    super();
  }

  protected called(): void {
    if (this.from.isOut()) {
      throw Object.assign(new Error('CloudWatch is out of order'), { name: 'InternalServiceFault' });
    }
  }

  protected alarm(name: string): Pick<MetricAlarm, 'StateValue' | 'StateReason' | 'Metrics'> | undefined {
    const alarm = this.from.alarms.get(name);
    return alarm && { StateValue: alarm.state, StateReason: alarm.reason, Metrics: this.queriesOf(alarm.watched) };
  }

  /** As an alarm on metrics of the router declares them. */
  private queriesOf(watched: readonly SimulatedMetric[]): MetricDataQuery[] {
    const [endpoint, alias] = endpointAndAlias(this.from.alias);
    const dimensions = (side: Side): { Name: string; Value: string }[] => [
      { Name: Dimension.ENDPOINT, Value: endpoint },
      { Name: Dimension.ALIAS, Value: alias },
      { Name: Dimension.VARIANT, Value: side },
    ];
    return watched.map(({ side, metric, statistic }, index) => ({
      Id: `m${index}`,
      MetricStat: {
        Metric: { Namespace: METRIC_NAMESPACE, MetricName: metric, Dimensions: dimensions(side) },
        Period: 60,
        Stat: statistic,
      },
    }));
  }

  protected read({ MetricStat: stat }: MetricDataQuery, from: number, until: number): MetricValues {
    this.metricsRead++;
    const shadow = stat?.Metric?.Dimensions?.find(({ Name: name }) => name === Dimension.SHADOW)?.Value;
    const found = stat?.Metric && this.find(stat.Metric, stat.Stat!);
    const read = found === undefined ? NOTHING : this.seen(found, shadow, stat!.Stat!, { periodMs: stat!.Period! * 1_000, from, until });
    return { times: read.times.toReversed(), values: read.values.toReversed() };
  }

  /**
   * Periods, oldest first. A controller asks for the same ones again at every tick, and for those that came since: what is there does
   * not change, so that only the new ones are added.
   */
  private lasting({ side, metric }: Sided, statistic: string, { periodMs, from, until }: Time): Reading {
    const { metrics } = this.from;
    const key = `${side} ${metric} ${statistic} ${periodMs}`;
    // Days and hours are cut at their own borders, and what there is of the first and the last of them is told.
    const long = periodMs > LONG_MS;
    const end = long ? until : Math.min(until, metrics.visibleUntil(this.from.now(), periodMs));
    let reading = this.readings.get(key);
    if (reading === undefined || reading.from !== from || reading.next > end) {
      this.readings.set(
        key,
        (reading = { from, next: (long ? Math.floor(from / periodMs) : Math.ceil(from / periodMs)) * periodMs, times: [], values: [] }),
      );
    }
    const column = metrics.column(side, metric, statistic, periodMs);
    for (; reading.next < end; reading.next += periodMs) {
      const index = metrics.indexOf(reading.next, periodMs);
      if (metrics.requestsAt(side, periodMs, index) > 0) {
        const value = column(index);
        if (!Number.isNaN(value)) {
          reading.times.push(metrics.dateOf(index, periodMs));
          reading.values.push(value);
        }
      }
    }
    return reading;
  }

  private seen({ side, metric }: Sided, shadow: string | undefined, statistic: string, time: Time): Pick<Reading, 'times' | 'values'> {
    if (LABEL_METRICS.has(metric)) {
      return this.readAnew((index) => this.from.labelled({ side, shadow, metric }, time.periodMs, index), time);
    }
    return shadow === undefined ? this.lasting({ side, metric }, statistic, time)
      : this.readAnew((index) => this.from.shadows.value(shadow, metric, time.periodMs, index), time);
  }

  /** Periods that may change: all of them at every call. */
  private readAnew(valueAt: (index: number) => number | undefined, { periodMs, from, until }: Time): Pick<Reading, 'times' | 'values'> {
    const reading = { times: [] as Date[], values: [] as number[] };
    const end = Math.min(until, this.from.metrics.visibleUntil(this.from.now(), periodMs));
    for (let at = Math.ceil(from / periodMs) * periodMs; at < end; at += periodMs) {
      const index = this.from.metrics.indexOf(at, periodMs);
      const value = valueAt(index);
      if (value !== undefined) {
        reading.times.push(this.from.metrics.dateOf(index, periodMs));
        reading.values.push(value);
      }
    }
    return reading;
  }

  private find(metric: CloudWatchMetric, statistic: string): Sided | undefined {
    const { Namespace: namespace = '', MetricName: name = '', Dimensions: dimensions = [] } = metric;
    if (namespace !== METRIC_NAMESPACE) {
      const named = Object.fromEntries(dimensions.map(({ Name: dimension, Value: value }) => [dimension, value]));
      return this.from.foreign.get(sourceKey({ namespace, metricName: name, dimensions: named, statistic } as MetricSource));
    }
    for (const { Name: dimension, Value: value = '' } of dimensions) {
      const named =
        dimension === Dimension.VARIANT &&
        (value === VariantName.CANDIDATE || value === VariantName.PRODUCTION || value === VariantName.CONTROL)
          ? value
          : undefined;
      const side = dimension === Dimension.VERSION ? this.from.versions[value] : named;
      if (side !== undefined) {
        return { side, metric: name };
      }
    }
    return undefined;
  }
}
