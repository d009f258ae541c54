import { Metrics, MetricResolution, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Effect } from '../../lib/core/feedback/inference';
import { Dimension, FeedbackMetric, METRIC_NAMESPACE } from '../../lib/core/names';
import { PairMetrics } from '../shared/pair-metrics';

/** An outcome that was accepted or corrected. */
export interface ToldOutcome {
  readonly alias: string;
  readonly variant: string;
  /** Absent where the request was not assigned to it: then the outcome counts for the variant only. */
  readonly version?: string;
  /** Time of the inference, epoch milliseconds. */
  readonly at: number;
  readonly effect: Effect;
}

export interface FeedbackRecorder {
  told(outcome: ToldOutcome): void;
}

/** Counts outcomes in CloudWatch's embedded metric format, at the time of the inference. */
export class EmfFeedbackRecorder implements FeedbackRecorder {
  private readonly byAlias = new Map<string, Metrics>();
  private readonly pairs: PairMetrics;

  constructor(private readonly endpoint: string) {
    this.pairs = new PairMetrics(endpoint);
  }

  told({ alias, variant, version, at, effect }: ToldOutcome): void {
    const metrics = this.metricsOf(alias);
    metrics.addDimensions({ [Dimension.VARIANT]: variant });
    if (version !== undefined) {
      metrics.addDimensions({ [Dimension.VERSION]: version });
    }
    metrics.setTimestamp(at);
    metrics.addMetric(FeedbackMetric.OUTCOMES, MetricUnit.Count, effect.outcomes, MetricResolution.High);
    if (effect.rating === undefined) {
      metrics.addMetric(FeedbackMetric.WRONG, MetricUnit.Count, effect.wrong, MetricResolution.High);
    } else {
      metrics.addMetric(FeedbackMetric.RATINGS, MetricUnit.NoUnit, effect.rating, MetricResolution.High);
    }
    metrics.publishStoredMetrics();
    this.pairs.count(alias, at, effect.pairs);
  }

  /** Powertools warns of a dimension that is in two sets, so what the sets share is in its default dimensions. */
  private metricsOf(alias: string): Metrics {
    let metrics = this.byAlias.get(alias);
    if (metrics === undefined) {
      metrics = new Metrics({ namespace: METRIC_NAMESPACE });
      metrics.clearDefaultDimensions();
      metrics.setDefaultDimensions({ [Dimension.ENDPOINT]: this.endpoint, [Dimension.ALIAS]: alias });
      this.byAlias.set(alias, metrics);
    }
    return metrics;
  }
}
