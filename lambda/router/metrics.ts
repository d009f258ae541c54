import { Metrics, MetricResolution, MetricUnit } from '@aws-lambda-powertools/metrics';
import { binMetric, Dimension, MEASURED_REQUESTS, Metric, METRIC_NAMESPACE, slowMetric } from '../../lib/core/names';
import { binCount, binOf, type Measures } from '../../lib/core/routing/measures';
import type { Variant } from '../../lib/core/routing/route';
import { FailureClass, type Outcome } from './outcome';
import { readJson } from './read-json';

/** One request's share of a variant. */
export interface Attempt {
  readonly alias: string;
  readonly variant: Variant;
  readonly outcome: Outcome;
  readonly latencyMs: number;
  /** Production served the request instead. */
  readonly fellBack: boolean;
  /** Milliseconds spent in the router; given for the attempt whose outcome the caller sees. */
  readonly overheadMs?: number;
  /** What the route asks to be counted besides. */
  readonly measures?: Measures;
}

/** Where attempts are counted. */
export interface AttemptRecorder {
  record(attempt: Attempt): void;
}

/**
 * Counts attempts in CloudWatch's embedded metric format. Zeros are written too: a variant that is called and does not fail
 * must look different from one that is not called.
 */
export class EmfRecorder implements AttemptRecorder {
  private readonly byAlias = new Map<string, Metrics>();
  private readonly measuredByAlias = new Map<string, Metrics>();

  constructor(private readonly endpoint: string) {}

  record({ alias, variant, outcome, latencyMs, fellBack, overheadMs, measures }: Attempt): void {
    const metrics = this.metricsOf(this.byAlias, alias);
    metrics.addDimensions({ [Dimension.VARIANT]: variant.name });
    metrics.addDimensions({ [Dimension.VERSION]: variant.version });
    const failed = (failureClass: FailureClass): number =>
      outcome.kind === 'failure' && outcome.class === failureClass ? 1 : 0;
    const count = (name: Metric, value: number, resolution: 1 | 60 = MetricResolution.Standard): Metrics =>
      metrics.addMetric(name, MetricUnit.Count, value, resolution);
    // These decide about rollouts: alarms and counts of ten seconds need high resolution.
    count(Metric.INVOCATIONS, 1, MetricResolution.High);
    count(Metric.FAILURES, Number(outcome.kind === 'failure' && outcome.class !== FailureClass.CALLER), MetricResolution.High);
    count(Metric.MODEL_ERRORS, failed(FailureClass.MODEL));
    count(Metric.TIMEOUTS, failed(FailureClass.TIMEOUT));
    count(Metric.THROTTLES, failed(FailureClass.THROTTLE));
    count(Metric.BACKEND_ERRORS, failed(FailureClass.BACKEND) + failed(FailureClass.GONE));
    count(Metric.CLIENT_ERRORS, outcome.kind === 'answer' ? Number(outcome.status >= 400) : failed(FailureClass.CALLER));
    count(Metric.FALLBACKS, Number(fellBack), MetricResolution.High);
    metrics.addMetric(Metric.MODEL_LATENCY, MetricUnit.Milliseconds, latencyMs);
    if (overheadMs !== undefined) {
      metrics.addMetric(Metric.OVERHEAD_LATENCY, MetricUnit.Milliseconds, overheadMs);
    }
    metrics.publishStoredMetrics();
    if (measures !== undefined) {
      this.measure(measures, alias, variant.version, outcome, latencyMs);
    }
  }

  /** In a record of its own with one set of dimensions: these counts are for judging versions, and every further set would be billed. */
  private measure({ slowerThanMs, bins }: Measures, alias: string, version: string, outcome: Outcome, latencyMs: number): void {
    const metrics = this.metricsOf(this.measuredByAlias, alias);
    metrics.addDimensions({ [Dimension.VERSION]: version });
    const count = (name: string, value: number): Metrics => metrics.addMetric(name, MetricUnit.Count, value, MetricResolution.High);
    count(MEASURED_REQUESTS, 1);
    slowerThanMs.forEach((threshold, index) => count(slowMetric(index), Number(latencyMs > threshold)));
    if (bins.length > 0) {
      const predicted = outcome.kind === 'answer' && outcome.status < 400;
      const document = predicted ? readJson(outcome.body) : undefined;
      bins.forEach((measure, index) => {
        const hit = predicted ? binOf(measure, document) : -1;
        for (let bin = 0; bin < binCount(measure); bin++) {
          count(binMetric(index, bin), Number(bin === hit));
        }
      });
    }
    metrics.publishStoredMetrics();
  }

  /** Powertools warns of a dimension that is in two sets, so what the sets share is in its default dimensions. */
  private metricsOf(known: Map<string, Metrics>, alias: string): Metrics {
    let metrics = known.get(alias);
    if (metrics === undefined) {
      metrics = new Metrics({ namespace: METRIC_NAMESPACE });
      // It also has a default dimension for the service, which would set these metrics apart from those that the construct names.
      metrics.clearDefaultDimensions();
      metrics.setDefaultDimensions({ [Dimension.ENDPOINT]: this.endpoint, [Dimension.ALIAS]: alias });
      known.set(alias, metrics);
    }
    return metrics;
  }
}
