import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { Dimension, METRIC_NAMESPACE, ShadowMetric } from '../../lib/core/names';

/** A request that was chosen for a shadow. */
export interface HandOver {
  readonly alias: string;
  readonly shadow: string;
  /** Whether the mirror will get it. */
  readonly sent: boolean;
  /** Milliseconds that the caller waited. */
  readonly waitedMs: number;
}

export interface HandOverRecorder {
  record(handOver: HandOver): void;
}

/** Counts hand-overs in CloudWatch's embedded metric format. */
export class EmfHandOverRecorder implements HandOverRecorder {
  private readonly metrics = new Metrics({ namespace: METRIC_NAMESPACE });

  constructor(private readonly endpoint: string) {
    this.metrics.clearDefaultDimensions();
  }

  record({ alias, shadow, sent, waitedMs }: HandOver): void {
    this.metrics.addDimensions({ [Dimension.ENDPOINT]: this.endpoint, [Dimension.ALIAS]: alias, [Dimension.SHADOW]: shadow });
    this.metrics.addMetric(ShadowMetric.MIRRORED, MetricUnit.Count, Number(sent));
    this.metrics.addMetric(ShadowMetric.DROPPED, MetricUnit.Count, Number(!sent));
    this.metrics.addMetric(ShadowMetric.HAND_OVER_LATENCY, MetricUnit.Milliseconds, waitedMs);
    this.metrics.publishStoredMetrics();
  }
}
