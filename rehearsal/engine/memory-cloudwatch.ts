import type { Metric as CloudWatchMetric, MetricDataQuery, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Metric} from '../../lib/core/names';
import { Dimension, VariantName } from '../../lib/core/names';
import type { Side } from './alarm-definition';
import type { SimulatedAlarm } from './simulated-alarm';
import type { SimulatedMetrics } from './simulated-metrics';

/** Periods that were read. */
interface Reading {
  readonly from: number;
  /** The first that was not. */
  next: number;
  readonly times: Date[];
  readonly values: number[];
}

const NOTHING: Reading = { from: 0, next: 0, times: [], values: [] };

/**
 * CloudWatch as the controller asks it, over simulated counts: `GetMetricData` for the metrics of both versions, newest first and
 * without what is not there yet, and `DescribeAlarms`. Every other call is refused.
 */
export class MemoryCloudWatch {
  private readonly readings = new Map<string, Reading>();

  constructor(
    private readonly metrics: SimulatedMetrics, private readonly alarms: ReadonlyMap<string, Pick<SimulatedAlarm, 'state' | 'reason'>>,
    private readonly versions: { readonly [version: string]: Side }, private readonly now: () => number,
  ) {}

  readonly send = (async (command: unknown): Promise<object> => {
    if (command instanceof GetMetricDataCommand) {
      const { MetricDataQueries: queries = [], StartTime: from, EndTime: until } = command.input;
      return { MetricDataResults: queries.map((query) => this.result(query, from!.getTime(), until!.getTime())) };
    }
    if (command instanceof DescribeAlarmsCommand) {
      const { AlarmNames: names = [] } = command.input;
      return {
        MetricAlarms: names.flatMap((name) => {
          const alarm = this.alarms.get(name);
          return alarm === undefined ? [] : [{ AlarmName: name, StateValue: alarm.state, StateReason: alarm.reason }];
        }),
      };
    }
    throw new Error(`${(command as object).constructor.name} is not rehearsed`);
  }) as never;

  private result({ Id: id, MetricStat: stat }: MetricDataQuery, from: number, until: number): MetricDataResult {
    const side = stat?.Metric && this.sideOf(stat.Metric);
    const read = side === undefined ? NOTHING : this.read(side, stat!.Metric!.MetricName as Metric, stat!.Stat!, stat!.Period! * 1_000, from, until);
    return { Id: id, StatusCode: 'Complete' as const, Timestamps: read.times.toReversed(), Values: read.values.toReversed() };
  }

  /**
   * Periods, oldest first. A controller asks for the same ones again at every tick, and for those that came since: what is there does
   * not change, so that only the new ones are added.
   */
  private read(side: Side, metric: Metric, statistic: string, periodMs: number, from: number, until: number): Reading {
    const { metrics } = this;
    const key = `${side} ${metric} ${statistic} ${periodMs}`;
    const end = Math.min(until, metrics.visibleUntil(this.now(), periodMs));
    let reading = this.readings.get(key);
    if (reading === undefined || reading.from !== from || reading.next > end) {
      this.readings.set(key, reading = { from, next: Math.ceil(from / periodMs) * periodMs, times: [], values: [] });
    }
    for (; reading.next < end; reading.next += periodMs) {
      const index = metrics.indexOf(reading.next, periodMs);
      if (metrics.requestsAt(side, periodMs, index) > 0) {
        reading.times.push(metrics.dateOf(index, periodMs));
        reading.values.push(metrics.value(side, metric, statistic, periodMs, index));
      }
    }
    return reading;
  }

  private sideOf({ Dimensions: dimensions = [] }: CloudWatchMetric): Side | undefined {
    for (const { Name: name, Value: value } of dimensions) {
      if (name === Dimension.VERSION) {
        return this.versions[value!];
      }
      if (name === Dimension.VARIANT) {
        return value === VariantName.CANDIDATE || value === VariantName.PRODUCTION ? value : undefined;
      }
    }
    return undefined;
  }
}
