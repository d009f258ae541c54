import type { CloudWatchClient, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { Column, type Series, seriesAt, type SeriesByKey } from '../../lib/core/rollout/series';
import { type MetricSource, type SeriesSource, sourceKey } from '../../lib/core/guardrails/sources';

/** What GetMetricData takes at once. */
const QUERIES_PER_CALL = 500;
/** Pages of one answer; more would be an answer that never ends. */
const MOST_PAGES = 1_000;

/**
 * The values of metrics in a time, epoch milliseconds, every source read once however often it is given. Where CloudWatch says two things
 * of one period the value is NaN. Rejects if anything could not be read: half an answer would be taken for silence.
 */
export async function readSeries(
  client: Pick<CloudWatchClient, 'send'>,
  sources: readonly SeriesSource[],
  time: { readonly start: number; readonly until: number; readonly periodSeconds: number },
): Promise<SeriesByKey> {
  const byKey = new Map<string, SeriesSource>(sources.map((source) => [keyOf(source), source]));
  const read = new Map<string, Read>([...byKey.keys()].map((key) => [key, { times: [], values: [] }]));
  if (time.until <= time.start) {
    return columnsOf(read);
  }
  const keys = [...byKey.keys()];
  for (let first = 0; first < keys.length; first += QUERIES_PER_CALL) {
    const part = keys.slice(first, first + QUERIES_PER_CALL);
    const queries = part.map((key, index) => queryOf(`m${index}`, byKey.get(key)!, time.periodSeconds));
    let token: string | undefined;
    let pages = 0;
    do {
      const page = await client.send(
        new GetMetricDataCommand({
          MetricDataQueries: queries,
          StartTime: new Date(time.start),
          EndTime: new Date(time.until),
          NextToken: token,
        }),
      );
      for (const { Id: id, Timestamps: times = [], Values: values = [], StatusCode: status } of page.MetricDataResults ?? []) {
        if (status === 'InternalError' || status === 'Forbidden') {
          throw new Error(`CloudWatch answered ${status}`);
        }
        const into = read.get(part[Number(id?.slice(1))] ?? '');
        values.forEach((value, index) => {
          into?.times.push(times[index]?.getTime() ?? NaN);
          into?.values.push(value);
        });
      }
      token = page.NextToken;
      pages++;
    } while (token !== undefined && pages < MOST_PAGES);
    if (token !== undefined) {
      throw new Error(`CloudWatch's answer has more than ${MOST_PAGES} pages`);
    }
  }
  return columnsOf(read);
}

/** Values of a metric as they came. */
interface Read {
  readonly times: number[];
  readonly values: number[];
}

function columnsOf(read: ReadonlyMap<string, Read>): SeriesByKey {
  return new Map([...read].map(([key, { times, values }]) => [key, Column.of(times, values)]));
}

/** The key by which a source's values are found. */
export function keyOf(source: SeriesSource): string {
  return sourceKey(source as MetricSource);
}

function queryOf(id: string, { namespace, metricName, dimensions, statistic }: SeriesSource, periodSeconds: number): MetricDataQuery {
  return {
    Id: id,
    MetricStat: {
      Metric: {
        Namespace: namespace,
        MetricName: metricName,
        Dimensions: Object.entries(dimensions).map(([name, value]) => ({ Name: name, Value: value })),
      },
      Period: periodSeconds,
      Stat: statistic,
    },
  };
}

/** Values of one source. */
export function valuesOf(series: SeriesByKey, source: SeriesSource): Series {
  return seriesAt(series, keyOf(source));
}
