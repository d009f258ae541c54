import { Metrics, MetricResolution, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { PairEffect } from '../../lib/core/feedback/inference';
import { Dimension, METRIC_NAMESPACE, ShadowMetric } from '../../lib/core/names';

/** Counts which of shadow and production was wrong in CloudWatch's embedded metric format, at the time of the inference. */
export class PairMetrics {
  private readonly metrics = new Metrics({ namespace: METRIC_NAMESPACE });

  constructor(private readonly endpoint: string) {
    this.metrics.clearDefaultDimensions();
  }

  count(alias: string, at: number, pairs: readonly PairEffect[]): void {
    for (const { shadow, version, pairs: labelled, onlyShadowWrong, onlyProductionWrong } of pairs) {
      this.metrics.setDefaultDimensions({ [Dimension.ENDPOINT]: this.endpoint, [Dimension.ALIAS]: alias, [Dimension.SHADOW]: shadow });
      this.metrics.addDimensions({});
      this.metrics.addDimensions({ [Dimension.VERSION]: version });
      this.metrics.setTimestamp(at);
      this.metrics.addMetric(ShadowMetric.LABELLED_PAIRS, MetricUnit.Count, labelled, MetricResolution.High);
      this.metrics.addMetric(ShadowMetric.ONLY_SHADOW_WRONG, MetricUnit.Count, onlyShadowWrong, MetricResolution.High);
      this.metrics.addMetric(ShadowMetric.ONLY_PRODUCTION_WRONG, MetricUnit.Count, onlyProductionWrong, MetricResolution.High);
      this.metrics.publishStoredMetrics();
    }
  }
}
