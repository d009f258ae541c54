import { DescribeAlarmsCommand, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { MetricSource } from '../../lib/core/rollout/plan';

type Named = Pick<MetricSource, 'namespace' | 'metricName' | 'dimensions'>;

interface Datum {
  readonly at: number;
  readonly value: number;
  /** From when on it can be read. */
  readonly seenAt: number;
}

/**
 * Metrics in memory behind the calls that the controller makes: sums, counts, quantiles and trimmed counts of periods, newest first, page by page. A
 * period without data has no value. `fault` is asked before every call and may throw; `distort` may change, repeat or drop what is read.
 */
export class MemoryCloudWatch {
  private readonly data = new Map<string, Datum[]>();
  readonly alarms = new Map<string, { readonly state: string; readonly reason: string }>();
  readonly calls: string[] = [];
  /** Values of one page. */
  pageSize = 100_800;
  fault: (call: string) => void = () => {};
  distort: (metricName: string, version: string, at: number, value: number) => readonly { readonly at: number; readonly value: number }[] = (_, __, at, value) => [{ at, value }];

  constructor(private readonly now: () => number) {}

  put(metric: Named, at: number, value: number, seenAt = at): void {
    const key = keyOf(metric);
    const list = this.data.get(key);
    if (list === undefined) {
      this.data.set(key, [{ at, value, seenAt }]);
    } else {
      list.push({ at, value, seenAt });
    }
  }

  readonly send = (async (command: { readonly input: object }): Promise<object> => {
    this.calls.push(command.constructor.name);
    this.fault(command.constructor.name);
    if (command instanceof DescribeAlarmsCommand) {
      return {
        MetricAlarms: (command.input.AlarmNames ?? []).flatMap((name) => {
          const alarm = this.alarms.get(name);
          return alarm === undefined ? [] : [{ AlarmName: name, StateValue: alarm.state, StateReason: alarm.reason }];
        }),
      };
    }
    if (command instanceof GetMetricDataCommand) {
      const { MetricDataQueries: queries = [], StartTime: from, EndTime: until, NextToken: token } = command.input;
      if (queries.length > 500) {
        throw Object.assign(new Error('at most 500 queries'), { name: 'ValidationError' });
      }
      const all = queries.flatMap((query) => this.values(query, from!.getTime(), until!.getTime()).map((entry) => ({ id: query.Id!, ...entry })));
      const first = Number(token ?? 0);
      const page = all.slice(first, first + this.pageSize);
      const more = first + this.pageSize < all.length;
      return {
        ...(more ? { NextToken: String(first + this.pageSize) } : {}),
        MetricDataResults: queries.map(({ Id: id }) => {
          const own = page.filter((entry) => entry.id === id);
          return { Id: id, StatusCode: more ? 'PartialData' : 'Complete', Timestamps: own.map(({ at }) => new Date(at)), Values: own.map(({ value }) => value) };
        }),
      };
    }
    throw new Error(`${command.constructor.name} is not something that the controller calls`);
  }) as never;

  private values({ MetricStat: stat }: MetricDataQuery, from: number, until: number): { at: number; value: number }[] {
    const { Namespace: namespace = '', MetricName: metricName = '', Dimensions: dimensions = [] } = stat!.Metric!;
    const named = { namespace, metricName, dimensions: Object.fromEntries(dimensions.map(({ Name: name, Value: value }) => [name!, value!])) };
    const period = stat!.Period! * 1_000;
    const periods = new Map<number, number[]>();
    for (const { at, value, seenAt } of this.data.get(keyOf(named)) ?? []) {
      const start = Math.floor(at / period) * period;
      if (seenAt <= this.now() && start >= Math.floor(from / period) * period && start < until) {
        const values = periods.get(start);
        if (values === undefined) {
          periods.set(start, [value]);
        } else {
          values.push(value);
        }
      }
    }
    return [...periods].sort(([a], [b]) => b - a)
      .flatMap(([at, values]) => this.distort(metricName, named.dimensions.Version ?? '', at, statistic(stat!.Stat!, values)));
  }
}

function statistic(name: string, values: readonly number[]): number {
  const trimmed = /^TC\((.+):\)$/.exec(name)?.[1];
  if (trimmed !== undefined) {
    return values.filter((value) => value > Number(trimmed)).length;
  }
  switch (name) {
    case 'Sum':
      return values.reduce((sum, value) => sum + value, 0);
    case 'SampleCount':
      return values.length;
    case 'Average':
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    case 'Maximum':
      return Math.max(...values);
    default: {
      const sorted = [...values].sort((a, b) => a - b);
      return sorted[Math.max(0, Math.ceil((Number(name.slice(1)) / 100) * sorted.length) - 1)];
    }
  }
}

function keyOf({ namespace, metricName, dimensions }: Named): string {
  return JSON.stringify([namespace, metricName, ...Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
