import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { Dimension, METRIC_NAMESPACE, outputMetric, ShadowMetric } from '../core/names';

/** The metrics of a shadow. */
export class ShadowMetrics {
  /** @internal */
  public static _of(endpointName: string, alias: string, shadow: string): ShadowMetrics {
    return new ShadowMetrics(endpointName, alias, shadow);
  }

  private constructor(private readonly endpointName: string, private readonly alias: string, private readonly shadow: string) {}

  /** Requests handed over to the mirror, count. */
  public mirrored(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.MIRRORED, Stats.SUM, options);
  }

  /**
   * Requests of the sample that are not compared, count: too large, not handed over, beyond the bound of a minute, or their bodies gone.
   */
  public dropped(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.DROPPED, Stats.SUM, options);
  }

  /** Time that callers waited for the hand-over, milliseconds: none on Lambda, some on emulators. */
  public handOverLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.HAND_OVER_LATENCY, Stats.AVERAGE, options);
  }

  /** Requests that the shadow was asked, count. */
  public comparisons(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.COMPARISONS, Stats.SUM, options);
  }

  /** Requests on which shadow and production agree, count. */
  public agreements(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.AGREEMENTS, Stats.SUM, options);
  }

  /** Requests on which they differ, count. */
  public differences(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.DIFFERENCES, Stats.SUM, options);
  }

  /** Requests on which the answers have different forms, count. */
  public schemaDifferences(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.SCHEMA_DIFFERENCES, Stats.SUM, options);
  }

  /** Requests that the shadow failed to answer, count. */
  public shadowErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.SHADOW_ERRORS, Stats.SUM, options);
  }

  /** Requests that the function of a custom comparison, or a judge, failed to compare, count. */
  public comparisonErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.COMPARISON_ERRORS, Stats.SUM, options);
  }

  /** Pairs of answers of which a judge said which is better, and requests that the shadow alone failed to answer, count. */
  public judged(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.JUDGED, Stats.SUM, options);
  }

  /** Pairs of which the judge found the shadow's answer better, count. */
  public wins(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.WINS, Stats.SUM, options);
  }

  /** Pairs of which the judge found production's answer better, or that the shadow failed to answer, count. */
  public losses(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.LOSSES, Stats.SUM, options);
  }

  /** Pairs that the judge was not asked about, because it may not be asked more in a day, count. No data where there were none. */
  public notJudged(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.NOT_JUDGED, Stats.SUM, options);
  }

  /** Pairs of which the judge found neither answer better, count. */
  public ties(options?: cloudwatch.MetricOptions): cloudwatch.MathExpression {
    const { period = Duration.minutes(1), label = 'ties', color } = options ?? {};
    return new cloudwatch.MathExpression({
      label, color, period, expression: 'judged - wins - losses',
      usingMetrics: { judged: this.judged({ period }), wins: this.wins({ period }), losses: this.losses({ period }) },
    });
  }

  /**
   * Pairs of which the judge preferred the same place in both orders, which is no verdict, count. No data where there were none.
   */
  public judgeContradictions(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.JUDGE_CONTRADICTIONS, Stats.SUM, options);
  }

  /** Tokens in and out that a model took to judge, count; not of a function. */
  public judgeTokens(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.JUDGE_TOKENS, Stats.SUM, options);
  }

  /**
   * Answers of the shadow in a bin of one of the mirror's outputs, count.
   *
   * @param output index in `outputs`
   * @param bin index, 0 for the lowest or the first label; the last two are all others and answers without the value
   */
  public shadowOutputs(output: number, bin: number, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(outputMetric('Shadow', output, bin), Stats.SUM, options);
  }

  /**
   * Answers of production to the same requests in that bin, count.
   *
   * @param output index in `outputs`
   * @param bin index, as with `shadowOutputs`
   */
  public productionOutputs(output: number, bin: number, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(outputMetric('Production', output, bin), Stats.SUM, options);
  }

  /** Time until the shadow's answer, milliseconds. */
  public shadowLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.SHADOW_LATENCY, Stats.AVERAGE, options);
  }

  /** Time until production's answer to the same requests, milliseconds. */
  public productionLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.PRODUCTION_LATENCY, Stats.AVERAGE, options);
  }

  /** How far the answers are apart, in the unit of the comparison. */
  public differenceSize(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.DIFFERENCE, Stats.AVERAGE, options);
  }

  /** Requests that production answered a second time, count. */
  public noiseComparisons(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.NOISE_COMPARISONS, Stats.SUM, options);
  }

  /** Requests on which production did not agree with itself, count. */
  public noiseDifferences(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(ShadowMetric.NOISE_DIFFERENCES, Stats.SUM, options);
  }

  /** Share of the requests asked on which shadow and production agree, percent; errors and schema differences are no agreement. */
  public agreementRate(options?: cloudwatch.MetricOptions): cloudwatch.MathExpression {
    const { period = Duration.minutes(1), label = 'agreement, %', color } = options ?? {};
    return new cloudwatch.MathExpression({
      label, color, period, expression: '100 * agreements / comparisons',
      usingMetrics: { agreements: this.agreements({ period }), comparisons: this.comparisons({ period }) },
    });
  }

  private metric(metricName: string, statistic: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      statistic,
      period: Duration.minutes(1),
      dimensionsMap: { [Dimension.ENDPOINT]: this.endpointName, [Dimension.ALIAS]: this.alias, [Dimension.SHADOW]: this.shadow },
      ...options,
    });
  }
}
