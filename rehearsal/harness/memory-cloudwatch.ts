import { DescribeAlarmsCommand, GetMetricDataCommand, type MetricAlarm, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';

/** Values of a metric's periods, the newest first. */
export interface MetricValues {
  readonly times: readonly Date[];
  readonly values: readonly number[];
}

/** What GetMetricData takes at once. */
const QUERIES_PER_CALL = 500;

/**
 * CloudWatch in memory behind the calls that the controller makes, page by page as it answers; where the values come from is its
 * subclasses'. Every other call is refused.
 */
export abstract class MemoryCloudWatch {
  /** Values of one page. */
  pageSize = 100_800;

  readonly send = (async (command: { readonly input: object }): Promise<object> => {
    this.called(command.constructor.name);
    if (command instanceof GetMetricDataCommand) {
      const { MetricDataQueries: queries = [], StartTime: from, EndTime: until, NextToken: token } = command.input;
      if (queries.length > QUERIES_PER_CALL) {
        throw Object.assign(new Error(`at most ${QUERIES_PER_CALL} queries`), { name: 'ValidationError' });
      }
      return this.page(queries, queries.map((query) => this.read(query, from!.getTime(), until!.getTime())), Number(token ?? 0));
    }
    if (command instanceof DescribeAlarmsCommand) {
      return {
        MetricAlarms: (command.input.AlarmNames ?? []).flatMap((name) => {
          const alarm = this.alarm(name);
          return alarm === undefined ? [] : [{ AlarmName: name, ...alarm }];
        }),
      };
    }
    throw new Error(`${command.constructor.name} is not something that the controller calls`);
  }) as never;

  /** Before every call; may throw what CloudWatch would. */
  protected abstract called(call: string): void;

  /** Periods of a time, epoch milliseconds; one without data has no value. */
  protected abstract read(query: MetricDataQuery, from: number, until: number): MetricValues;

  /** Undefined where there is none. */
  protected abstract alarm(name: string): Pick<MetricAlarm, 'StateValue' | 'StateReason' | 'Metrics'> | undefined;

  private page(queries: readonly MetricDataQuery[], read: readonly MetricValues[], first: number): object {
    let before = 0;
    const results = queries.map(({ Id: id }, index) => {
      const { times, values } = read[index];
      const [from, until] = [Math.max(0, first - before), Math.max(0, first + this.pageSize - before)];
      before += values.length;
      const isWhole = from === 0 && until >= values.length;
      return { Id: id, Timestamps: isWhole ? times : times.slice(from, until), Values: isWhole ? values : values.slice(from, until) };
    });
    const more = first + this.pageSize < before;
    return {
      ...(more ? { NextToken: String(first + this.pageSize) } : {}),
      MetricDataResults: results.map((result) => ({ ...result, StatusCode: more ? 'PartialData' : 'Complete' })),
    };
  }
}
