import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';

/** Metrics of a log's delivery, those that Firehose publishes. */
export class InferenceLogMetrics {
  /** @internal */
  public static _of(streamName: string): InferenceLogMetrics {
    return new InferenceLogMetrics(streamName);
  }

  private constructor(private readonly streamName: string) {}

  /** Bytes that arrived from the logs. */
  public incomingBytes(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('IncomingBytes', Stats.SUM, options);
  }

  /** Share of the attempts to write to the bucket that succeeded, 0 to 1. */
  public deliverySuccess(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('DeliveryToS3.Success', Stats.AVERAGE, options);
  }

  /** Age of the oldest record that is not in the bucket yet, seconds. */
  public freshness(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('DeliveryToS3.DataFreshness', Stats.MAXIMUM, options);
  }

  /** Records that could not be converted to Parquet, count; they are below `errors/` in the bucket. */
  public failedConversions(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('FailedConversion.Records', Stats.SUM, options);
  }

  private metric(metricName: string, statistic: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/Firehose',
      metricName,
      statistic,
      period: Duration.minutes(5),
      dimensionsMap: { DeliveryStreamName: this.streamName },
      ...options,
    });
  }
}
