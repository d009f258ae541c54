import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { keyOf, readSeries } from '../../../lambda/shared/series';
import { Dimension, ShadowMetric } from '../../../lib/core/names';
import { shadowMetric, type SeriesSource } from '../../../lib/core/guardrails/sources';
import type { Mirror } from '../../../lib/core/routing/route';
import { type AgreementCounts, type Disagreement, disagreementOf } from '../documents/compare-document';
import { CliError } from '../exit';
import type { Connection } from './connection';

export interface TimeWindow {
  /** Epoch milliseconds; multiples of the period. */
  readonly from: number;
  readonly until: number;
  readonly periodSeconds: number;
}

const METRICS: { readonly [count in keyof AgreementCounts]: ShadowMetric } = {
  comparisons: ShadowMetric.COMPARISONS,
  agreements: ShadowMetric.AGREEMENTS,
  differences: ShadowMetric.DIFFERENCES,
  schemaDifferences: ShadowMetric.SCHEMA_DIFFERENCES,
  shadowErrors: ShadowMetric.SHADOW_ERRORS,
  comparisonErrors: ShadowMetric.COMPARISON_ERRORS,
  dropped: ShadowMetric.DROPPED,
};

/** Nobody reads more, and CloudWatch Logs answers slowly; records and pages. */
const MOST_RECORDS = 10_000;
const MOST_PAGES = 200;

/** No construct grants what only this command reads. */
const POLICY = 'an IAM policy of your own; no construct of this package grants it';

/** Reads what mirrors have counted and logged. */
export class Comparisons {
  constructor(private readonly connection: Connection) {}

  /** Counts by the beginning of each period in which the shadow was asked, or something was dropped. */
  async counts(alias: string, mirror: Mirror, window: TimeWindow): Promise<(AgreementCounts & { readonly start: string })[]> {
    const names = Object.keys(METRICS) as (keyof AgreementCounts)[];
    const sources = names.map((name) => sourceOf(alias, mirror, METRICS[name]));
    const series = await this.connection.call('cloudwatch:GetMetricData', POLICY, () =>
      readSeries(this.connection.cloudWatch, sources, { start: window.from, until: window.until, periodSeconds: window.periodSeconds }),
    );
    const starts = [...new Set(sources.flatMap((source) => [...(series.get(keyOf(source))?.keys() ?? [])]))].sort((a, b) => a - b);
    return starts
      .map((start) => ({
        start: new Date(start).toISOString(),
        ...(Object.fromEntries(
          names.map((name, index) => [name, series.get(keyOf(sources[index]))?.get(start) ?? 0]),
        ) as unknown as AgreementCounts),
      }))
      .filter(({ comparisons, dropped }) => comparisons > 0 || dropped > 0);
  }

  /** Disagreements that the mirror has logged, of its present version. */
  async disagreements(
    { functionArn, name, version }: Mirror,
    window: TimeWindow,
  ): Promise<{ found: readonly Disagreement[]; more: boolean; note?: string }> {
    const found: Disagreement[] = [];
    let nextToken: string | undefined;
    try {
      const logGroupName = await this.logGroup(functionArn);
      for (let page = 0; page < MOST_PAGES && found.length < MOST_RECORDS; page++) {
        const { events = [], nextToken: next } = await this.connection.call('logs:FilterLogEvents', POLICY, () =>
          this.connection.logs.send(
            new FilterLogEventsCommand({
              logGroupName,
              startTime: window.from,
              endTime: window.until,
              nextToken,
              filterPattern: '{ ($.modelRollout = "inference" || $.modelRollout = "comparison") && $.comparison != "agree" && '
                + `$.variant = "${name}" }`,
            }),
          ),
        );
        for (const { message = '' } of events) {
          const disagreement = disagreementOf(message);
          if (disagreement?.variant === name && disagreement.version === version) {
            const { variant: _, version: __, ...rest } = disagreement;
            found.push(rest);
          }
        }
        nextToken = next;
        if (next === undefined) {
          break;
        }
      }
    } catch (error) {
      // The counts are worth showing without them, unless nobody may look.
      if (error instanceof CliError && error.code === 'FAILED') {
        return { found, more: false, note: `the worst disagreements of shadow ${name} cannot be read: ${error.message}` };
      }
      throw error;
    }
    return { found, more: nextToken !== undefined };
  }

  private async logGroup(functionArn: string): Promise<string> {
    const { LoggingConfig: logging, FunctionName: name } = await this.connection.call('lambda:GetFunctionConfiguration', POLICY, () =>
      this.connection.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionArn })),
    );
    return logging?.LogGroup ?? `/aws/lambda/${name}`;
  }
}

/** What is dropped never reached a version. */
function sourceOf(alias: string, { name, version }: Mirror, metricName: ShadowMetric): SeriesSource {
  const source = shadowMetric(alias, name, version, metricName);
  if (metricName !== ShadowMetric.DROPPED) {
    return source;
  }
  const { [Dimension.VERSION]: _, ...dimensions } = source.dimensions;
  return { ...source, dimensions };
}
