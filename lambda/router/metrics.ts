import { Metrics, MetricResolution, MetricUnit } from '@aws-lambda-powertools/metrics';
import { Dimension, Metric, METRIC_NAMESPACE } from '../../lib/core/names';
import type { Variant } from '../../lib/core/routing/route';
import { FailureClass, type Outcome } from './outcome';

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

  constructor(private readonly endpoint: string) {}

  record({ alias, variant, outcome, latencyMs, fellBack, overheadMs }: Attempt): void {
    const metrics = this.metricsOf(alias);
    metrics.addDimensions({ [Dimension.VARIANT]: variant.name });
    metrics.addDimensions({ [Dimension.VERSION]: variant.version });
    const failed = (failureClass: FailureClass): number =>
      outcome.kind === 'failure' && outcome.class === failureClass ? 1 : 0;
    const count = (name: Metric, value: number, resolution: 1 | 60 = MetricResolution.Standard): Metrics =>
      metrics.addMetric(name, MetricUnit.Count, value, resolution);
    // These two decide about rollouts: alarms and counts of ten seconds need high resolution.
    count(Metric.INVOCATIONS, 1, MetricResolution.High);
    count(Metric.FAILURES, Number(outcome.kind === 'failure' && outcome.class !== FailureClass.CALLER), MetricResolution.High);
    count(Metric.MODEL_ERRORS, failed(FailureClass.MODEL));
    count(Metric.TIMEOUTS, failed(FailureClass.TIMEOUT));
    count(Metric.THROTTLES, failed(FailureClass.THROTTLE));
    count(Metric.BACKEND_ERRORS, failed(FailureClass.BACKEND) + failed(FailureClass.GONE));
    count(Metric.CLIENT_ERRORS, outcome.kind === 'answer' ? Number(outcome.status >= 400) : failed(FailureClass.CALLER));
    count(Metric.FALLBACKS, Number(fellBack));
    metrics.addMetric(Metric.MODEL_LATENCY, MetricUnit.Milliseconds, latencyMs);
    if (overheadMs !== undefined) {
      metrics.addMetric(Metric.OVERHEAD_LATENCY, MetricUnit.Milliseconds, overheadMs);
    }
    metrics.publishStoredMetrics();
  }

  /** Powertools warns of a dimension that is in two sets, so what the sets share is in its default dimensions. */
  private metricsOf(alias: string): Metrics {
    let metrics = this.byAlias.get(alias);
    if (metrics === undefined) {
      metrics = new Metrics({ namespace: METRIC_NAMESPACE });
      // It also has a default dimension for the service, which would set these metrics apart from those that the construct names.
      metrics.clearDefaultDimensions();
      metrics.setDefaultDimensions({ [Dimension.ENDPOINT]: this.endpoint, [Dimension.ALIAS]: alias });
      this.byAlias.set(alias, metrics);
    }
    return metrics;
  }
}
