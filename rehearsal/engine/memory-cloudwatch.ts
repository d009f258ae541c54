import type { Metric as CloudWatchMetric, MetricDataQuery, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Metric} from '../../lib/core/names';
import { Dimension, VariantName } from '../../lib/core/names';
import type { Side } from './alarm-definition';
import type { SimulatedAlarm } from './simulated-alarm';
import type { SimulatedMetrics } from './simulated-metrics';

/**
 * CloudWatch as the controller asks it, over simulated counts: `GetMetricData` for the metrics of both versions, newest first and
 * without what is not there yet, and `DescribeAlarms`. Every other call is refused.
 */
export class MemoryCloudWatch {
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
    const result = { Id: id, StatusCode: 'Complete' as const, Timestamps: [] as Date[], Values: [] as number[] };
    const side = stat?.Metric && this.sideOf(stat.Metric);
    if (side === undefined) {
      return result;
    }
    const periodMs = stat!.Period! * 1_000;
    const name = stat!.Metric!.MetricName as Metric;
    const end = Math.min(until, this.metrics.visibleUntil(this.now(), periodMs));
    const requests = this.metrics.requestsBy(side, periodMs);
    for (let at = Math.ceil(end / periodMs) * periodMs - periodMs; at >= from; at -= periodMs) {
      const index = this.metrics.indexOf(at, periodMs);
      if (requests[index] > 0) {
        result.Timestamps.push(this.metrics.dateOf(index, periodMs));
        result.Values.push(this.metrics.value(side, name, stat!.Stat!, periodMs, index));
      }
    }
    return result;
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
