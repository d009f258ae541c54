import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { FinishReason } from '../core/generation/finish-reason';
import { Dimension, finishedMetric, Metric, METRIC_NAMESPACE } from '../core/names';

/** Which alias's metric, and anything else about it. */
export interface AliasMetricOptions {
  /**
   * Alias.
   *
   * @default live
   */
  readonly alias?: string;

  /**
   * Anything else about the metric.
   *
   * @default - one minute; sums of counts, averages of latencies, maxima of what there is once
   */
  readonly options?: cloudwatch.MetricOptions;
}

/** Which variant's metric, and anything else about it. */
export interface EndpointMetricOptions extends AliasMetricOptions {
  /**
   * Variant of the alias.
   *
   * @default production
   */
  readonly variant?: string;
}

/**
 * The metrics that an endpoint's router publishes for every variant. A request counts once, for the variant that it was assigned to,
 * no matter which variant answered it or after how many attempts. Requests that production answers in another variant's place are counted
 * by `fallbackInvocations` and `fallbackFailures`. A caller gets no answer only if production failed, for itself or in another's place.
 */
export class EndpointMetrics {
  /** @internal */
  public static _of(endpointName: string): EndpointMetrics {
    return new EndpointMetrics(endpointName);
  }

  private constructor(private readonly endpointName: string) {}

  /** Requests that were assigned to the variant, or whose caller chose it, count. */
  public invocations(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.INVOCATIONS, Stats.SUM, options);
  }

  /** Conversations that began with the variant, count; no data where conversations do not stay. */
  public conversations(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.CONVERSATIONS, Stats.SUM, options);
  }

  /**
   * Requests of conversations that began before the candidate got its present share, count: they are invocations, but take part in no
   * comparison. No data while there are none.
   */
  public earlierInvocations(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.EARLIER_INVOCATIONS, Stats.SUM, options);
  }

  /** Requests of the cohort while it has a candidate, count: invocations that take part in no comparison. No data without them. */
  public cohortInvocations(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.COHORT_INVOCATIONS, Stats.SUM, options);
  }

  /** Those of them that the variant failed, count; they are failures too. */
  public cohortFailures(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.COHORT_FAILURES, Stats.SUM, options);
  }

  /** Requests that the model failed to answer, or refused while production did not, count. */
  public modelErrors(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.MODEL_ERRORS, Stats.SUM, options);
  }

  /** Requests for which the variant's time budget was not enough, count. */
  public timeouts(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.TIMEOUTS, Stats.SUM, options);
  }

  /** Requests that the variant's backend had no capacity for, count. */
  public throttles(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.THROTTLES, Stats.SUM, options);
  }

  /** Requests for which the variant's backend could not be reached, count. */
  public backendErrors(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.BACKEND_ERRORS, Stats.SUM, options);
  }

  /** Requests that the variant failed to answer for any of these reasons, count. Down to 10 seconds, as invocations are. */
  public failures(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.FAILURES, Stats.SUM, options);
  }

  /** Requests that were refused as the caller's mistake, by production too if it was asked, count. */
  public clientErrors(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.CLIENT_ERRORS, Stats.SUM, options);
  }

  /** Requests that production was asked because the variant could not answer, count. Down to 10 seconds. */
  public fallbacks(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.FALLBACKS, Stats.SUM, options);
  }

  /**
   * Requests of other variants that production was asked in their place, or beside them because half of the endpoint's time was over,
   * count; no data while there are none. What exceeds the others' `fallbacks` was not needed.
   */
  public fallbackInvocations(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.FALLBACK_INVOCATIONS, Stats.SUM, options);
  }

  /**
   * Requests of other variants that production failed as well, count: their callers had no answer. No data while production is not asked
   * for others.
   */
  public fallbackFailures(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.FALLBACK_FAILURES, Stats.SUM, options);
  }

  /** How often the variant was asked again because its backend could not be reached, count. */
  public retries(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.RETRIES, Stats.SUM, options);
  }

  /** Time until the variant's answer, milliseconds; where the endpoint streams, until the answer begins. */
  public modelLatency(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.MODEL_LATENCY, Stats.AVERAGE, options);
  }

  /** Time from the first part of a streamed answer to its last, milliseconds; no data where nothing is streamed. */
  public streamDuration(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.STREAM_DURATION, Stats.AVERAGE, options);
  }

  /**
   * Streamed answers that had begun and ended before they were complete, count; they are among the failures too. No data where nothing is
   * streamed.
   */
  public midStreamErrors(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.MID_STREAM_ERRORS, Stats.SUM, options);
  }

  /** Complete answers of generative models, count; no data for other models, as of all that follows of tokens. */
  public generations(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.GENERATIONS, Stats.SUM, options);
  }

  /** Time until the first token of a streamed answer (text, reasoning, or a call of a tool), milliseconds. */
  public firstTokenLatency(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.FIRST_TOKEN_LATENCY, Stats.AVERAGE, options);
  }

  /** Time from a token to the next in a streamed answer, milliseconds; what its caller took to read is left out. */
  public timePerToken(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.TIME_PER_TOKEN, Stats.AVERAGE, options);
  }

  /** Tokens of a request, those from a cache included. */
  public tokensIn(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.TOKENS_IN, Stats.AVERAGE, options);
  }

  /** Tokens of an answer, reasoning included. */
  public tokensOut(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.TOKENS_OUT, Stats.AVERAGE, options);
  }

  /** Answers whose tokens the model did not tell, so that four bytes were counted as one, count. */
  public estimatedTokens(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.ESTIMATED_TOKENS, Stats.SUM, options);
  }

  /** Complete answers that ended for a reason, count. */
  public finished(reason: FinishReason, options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(finishedMetric(reason), Stats.SUM, options);
  }

  /** Time that the router added, milliseconds. */
  public overheadLatency(options?: EndpointMetricOptions): cloudwatch.Metric {
    return this.metric(Metric.OVERHEAD_LATENCY, Stats.AVERAGE, options);
  }

  /** Share of an alias's requests that its candidate is given, percent, while a rollout is under way. */
  public candidateWeight(options?: AliasMetricOptions): cloudwatch.Metric {
    return this.rolloutMetric(Metric.CANDIDATE_WEIGHT, options);
  }

  /** Natural logarithm of the combined e-value against the candidate of a running rollout; no data otherwise. */
  public logEvidence(options?: AliasMetricOptions): cloudwatch.Metric {
    return this.rolloutMetric(Metric.LOG_EVIDENCE, options);
  }

  private rolloutMetric(metricName: Metric, { alias = 'live', options }: AliasMetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      statistic: Stats.MAXIMUM,
      period: Duration.minutes(1),
      dimensionsMap: { [Dimension.ENDPOINT]: this.endpointName, [Dimension.ALIAS]: alias },
      ...options,
    });
  }

  private metric(metricName: string, statistic: string, options: EndpointMetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      statistic,
      period: Duration.minutes(1),
      dimensionsMap: {
        [Dimension.ENDPOINT]: this.endpointName,
        [Dimension.ALIAS]: options.alias ?? 'live',
        [Dimension.VARIANT]: options.variant ?? 'production',
      },
      ...options.options,
    });
  }
}
