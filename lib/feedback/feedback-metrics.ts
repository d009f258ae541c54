import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { Dimension, FeedbackMetric, METRIC_NAMESPACE } from '../core/names';

/** Whose metric, and anything else about it. */
export interface FeedbackMetricOptions {
  /**
   * Variant of the alias.
   *
   * @default production
   */
  readonly variant?: string;

  /**
   * Anything else about the metric.
   *
   * @default - one minute
   */
  readonly options?: cloudwatch.MetricOptions;
}

/** The metrics of feedback on an alias. They are counted at the time of the inference, so that past values grow as labels come in. */
export class FeedbackMetrics {
  /** @internal */
  public static _of(endpointName: string, alias: string): FeedbackMetrics {
    return new FeedbackMetrics(endpointName, alias);
  }

  private constructor(private readonly endpointName: string, private readonly alias: string) {}

  /** Inferences of which the outcome is known, count. */
  public outcomes(options?: FeedbackMetricOptions): cloudwatch.Metric {
    return this.metric(FeedbackMetric.OUTCOMES, options);
  }

  /** Those of them that were wrong, count. */
  public wrong(options?: FeedbackMetricOptions): cloudwatch.Metric {
    return this.metric(FeedbackMetric.WRONG, options);
  }

  /** Share of the known outcomes that were right, percent. */
  public accuracy(options: FeedbackMetricOptions = {}): cloudwatch.MathExpression {
    return this.quotient('wrong', options, (metric) => this.wrong(metric), (part, all) => `100 - 100 * ${part} / ${all}`, ', %');
  }

  /** Sum of the ratings, where ratings are told. */
  public ratings(options?: FeedbackMetricOptions): cloudwatch.Metric {
    return this.metric(FeedbackMetric.RATINGS, options);
  }

  /** Mean of the ratings, where ratings are told. */
  public meanRating(options: FeedbackMetricOptions = {}): cloudwatch.MathExpression {
    return this.quotient('ratings', options, (metric) => this.ratings(metric), (part, all) => `${part} / ${all}`, '');
  }

  /** Inferences of the sample that could not be recorded, so that feedback on them is unknown, count. No data where there were none. */
  public lost(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE, metricName: FeedbackMetric.LOST, statistic: Stats.SUM, period: Duration.minutes(1),
      dimensionsMap: { [Dimension.ENDPOINT]: this.endpointName, [Dimension.ALIAS]: this.alias },
      ...options,
    });
  }

  private quotient(
    id: string,
    { variant = 'production', options: metric = {} }: FeedbackMetricOptions,
    part: (options: FeedbackMetricOptions) => cloudwatch.Metric,
    expression: (part: string, all: string) => string,
    unit: string,
  ): cloudwatch.MathExpression {
    const { period = Duration.minutes(1), label = `${variant}${unit}`, color } = metric;
    // Names of metrics in expressions have letters, digits and underscores only.
    const name = variant.replaceAll(/\W/g, '_');
    return new cloudwatch.MathExpression({
      label,
      color,
      period,
      expression: expression(`${id}_${name}`, `outcomes_${name}`),
      usingMetrics: {
        [`${id}_${name}`]: part({ variant, options: { period } }),
        [`outcomes_${name}`]: this.outcomes({ variant, options: { period } }),
      },
    });
  }

  private metric(metricName: FeedbackMetric, { variant = 'production', options }: FeedbackMetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE, metricName, statistic: Stats.SUM, period: Duration.minutes(1),
      dimensionsMap: { [Dimension.ENDPOINT]: this.endpointName, [Dimension.ALIAS]: this.alias, [Dimension.VARIANT]: variant },
      ...options,
    });
  }
}
