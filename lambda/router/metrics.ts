import { Metrics, MetricResolution, MetricUnit } from '@aws-lambda-powertools/metrics';
import { FinishReason } from '../../lib/core/generation/finish-reason';
import type { Generation } from '../../lib/core/generation/generation';
import {
  binMetric, Dimension, finishedMetric, MEASURED_GENERATIONS, MEASURED_REQUESTS, Metric, METRIC_NAMESPACE, schemaMetric,
  slowMetric, sumMetric,
} from '../../lib/core/names';
import { addend, binCount, binOf, type Measures, slowerThan, TIMINGS, timingsOf } from '../../lib/core/routing/measures';
import { FailureClass, isRefusal, isSuccess } from '../shared/http/outcome';
import { readJson } from '../shared/http/read-json';
import { Part, type ServedAttempt, timesOf } from './served';

/** What became of one request at one variant. */
export interface Attempt extends ServedAttempt {
  readonly alias: string;
  /** Milliseconds spent in the router; given for the attempt whose outcome the caller sees. */
  readonly overheadMs?: number;
  /** What the route asks to be counted besides. */
  readonly measures?: Measures;
}

/** Where attempts are counted. */
export interface AttemptRecorder {
  record(attempt: Attempt): void;
  /** Production was asked in case another variant would not answer, and was not needed. */
  reserved(asked: Pick<Attempt, 'alias' | 'variant'>): void;
}

/** What counts for a version. */
const COMPARED: ReadonlySet<Part> = new Set([Part.ASSIGNED, Part.FALLBACK]);

/**
 * Counts attempts in CloudWatch's embedded metric format. Zeros are written too: a variant that is called and does not fail
 * must look different from one that is not called.
 *
 * A request counts for the variant that it was assigned to, once, whoever answered it and however often: else production would be charged
 * with what a candidate refuses. What production answers in another's place has names of its own. A request whose caller chose the
 * variant counts for the variant, which alarms look at, and not for the version: versions are compared, and nobody has drawn lots for it.
 * So does another try of a request: one request is one, however often its caller insists. So do those who get the candidate before anybody
 * else, and conversations that are older than the shares: the candidate has none so old.
 */
export class EmfRecorder implements AttemptRecorder {
  private readonly byAlias = new Map<string, Metrics>();
  private readonly measuredByAlias = new Map<string, Metrics>();

  /** @param generative models generate text */
  constructor(private readonly endpoint: string, private readonly generative = false) {}

  record(attempt: Attempt): void {
    const { alias, variant, part, outcome, latencyMs, overheadMs, retries, failed, measures } = attempt;
    const metrics = this.metricsOf(this.byAlias, alias);
    metrics.addDimensions({ [Dimension.VARIANT]: variant.name });
    if (COMPARED.has(part)) {
      metrics.addDimensions({ [Dimension.VERSION]: variant.version });
    }
    const count = (name: Metric, value: number, resolution: 1 | 60 = MetricResolution.Standard): Metrics =>
      metrics.addMetric(name, MetricUnit.Count, value, resolution);
    if (part === Part.FALLBACK) {
      this.countFallback(metrics, failed !== undefined);
    } else {
      const failedBy = (...classes: FailureClass[]): number => Number(failed !== undefined && classes.includes(failed));
      // These decide about rollouts: alarms and counts of ten seconds need high resolution.
      count(Metric.INVOCATIONS, 1, MetricResolution.High);
      count(Metric.FAILURES, Number(failed !== undefined), MetricResolution.High);
      count(Metric.MODEL_ERRORS, failedBy(FailureClass.MODEL, FailureClass.REFUSED));
      count(Metric.TIMEOUTS, failedBy(FailureClass.TIMEOUT));
      count(Metric.THROTTLES, failedBy(FailureClass.THROTTLE));
      count(Metric.BACKEND_ERRORS, failedBy(FailureClass.BACKEND, FailureClass.GONE));
      count(Metric.CLIENT_ERRORS, Number(failed === undefined && isRefusal(outcome)));
      count(Metric.FALLBACKS, Number(attempt.fellBack), MetricResolution.High);
      metrics.addMetric(Metric.MODEL_LATENCY, MetricUnit.Milliseconds, latencyMs);
      if (attempt.stream !== undefined) {
        count(Metric.MID_STREAM_ERRORS, Number(attempt.stream.broken));
        metrics.addMetric(Metric.STREAM_DURATION, MetricUnit.Milliseconds, attempt.stream.tookMs);
      }
      if (this.generative) {
        countGeneration(metrics, attempt.generation);
      }
    }
    if (attempt.opens !== undefined && part === Part.ASSIGNED) {
      count(Metric.CONVERSATIONS, Number(attempt.opens), MetricResolution.High);
    }
    if (isApart(part)) {
      countApart(metrics, attempt);
    }
    count(Metric.RETRIES, retries);
    if (overheadMs !== undefined) {
      metrics.addMetric(Metric.OVERHEAD_LATENCY, MetricUnit.Milliseconds, overheadMs);
    }
    metrics.publishStoredMetrics();
    if (measures !== undefined && part === Part.ASSIGNED) {
      this.measure(measures, attempt);
    }
    if (isApart(part)) {
      const ofVersion = this.metricsOf(this.measuredByAlias, alias);
      ofVersion.addDimensions({ [Dimension.VERSION]: variant.version });
      countApart(ofVersion, attempt);
      ofVersion.publishStoredMetrics();
    }
  }

  reserved({ alias, variant }: Pick<Attempt, 'alias' | 'variant'>): void {
    const metrics = this.metricsOf(this.byAlias, alias);
    metrics.addDimensions({ [Dimension.VARIANT]: variant.name });
    metrics.addDimensions({ [Dimension.VERSION]: variant.version });
    this.countFallback(metrics, false);
    metrics.publishStoredMetrics();
  }

  private countFallback(metrics: Metrics, failed: boolean): void {
    metrics.addMetric(Metric.FALLBACK_INVOCATIONS, MetricUnit.Count, 1);
    metrics.addMetric(Metric.FALLBACK_FAILURES, MetricUnit.Count, Number(failed));
  }

  /** In a record of its own with one set of dimensions: these counts are for judging versions, and every further set would be billed. */
  private measure(measures: Measures, attempt: Attempt): void {
    const { alias, variant: { version, role }, outcome } = attempt;
    const metrics = this.metricsOf(this.measuredByAlias, alias);
    metrics.addDimensions({ [Dimension.VERSION]: version });
    const count = (name: string, value: number): Metrics => metrics.addMetric(name, MetricUnit.Count, value, MetricResolution.High);
    const times = timesOf(attempt);
    count(MEASURED_REQUESTS, 1);
    timingsOf(measures)
      .filter((timing) => timing !== 'answer')
      .forEach((timing) => count(TIMINGS[timing].measured, Number(times[timing] !== undefined)));
    slowerThan(measures, role, times).forEach((slower, index) => count(slowMetric(index), Number(slower)));
    const { bins, sums = [], schemas = [] } = measures;
    if (sums.length > 0) {
      const { generation } = attempt;
      count(MEASURED_GENERATIONS, Number(generation !== undefined));
      const tokens = generation && { in: generation.tokensIn, out: generation.tokensOut };
      sums.forEach((sum, index) => count(sumMetric(index), tokens === undefined ? 0 : addend(sum, role, tokens)));
    }
    schemas.forEach((_, index) => {
      const follows = attempt.generation?.follows?.[index];
      count(schemaMetric(index, 'Answers'), Number(follows !== undefined));
      count(schemaMetric(index, 'Broken'), Number(follows === false));
    });
    if (bins.length > 0) {
      const predicted = isSuccess(outcome);
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

/** Whether a request counts for its version by names of its own. */
function isApart(part: Part): boolean {
  return part === Part.COHORT || part === Part.EARLIER;
}

function countApart(metrics: Metrics, { part, failed }: Attempt): void {
  const count = (name: Metric, value: number): Metrics => metrics.addMetric(name, MetricUnit.Count, value, MetricResolution.High);
  if (part === Part.COHORT) {
    count(Metric.COHORT_INVOCATIONS, 1);
    count(Metric.COHORT_FAILURES, Number(failed !== undefined));
  } else {
    count(Metric.EARLIER_INVOCATIONS, 1);
  }
}

/** @param generation undefined for what has no complete answer */
function countGeneration(metrics: Metrics, generation: Generation | undefined): void {
  // Reasons are compared as failures are, so they need as high a resolution, and zeros.
  const count = (name: string, value: number): Metrics => metrics.addMetric(name, MetricUnit.Count, value, MetricResolution.High);
  count(Metric.GENERATIONS, Number(generation !== undefined));
  Object.values(FinishReason).forEach((reason) => count(finishedMetric(reason), Number(reason === generation?.finish)));
  if (generation === undefined) {
    return;
  }
  const { tokensIn, tokensOut, estimated, firstTokenMs, perTokenMs } = generation;
  metrics.addMetric(Metric.TOKENS_IN, MetricUnit.Count, tokensIn);
  metrics.addMetric(Metric.TOKENS_OUT, MetricUnit.Count, tokensOut);
  metrics.addMetric(Metric.ESTIMATED_TOKENS, MetricUnit.Count, Number(estimated));
  if (firstTokenMs !== undefined) {
    metrics.addMetric(Metric.FIRST_TOKEN_LATENCY, MetricUnit.Milliseconds, firstTokenMs);
  }
  if (perTokenMs !== undefined) {
    metrics.addMetric(Metric.TIME_PER_TOKEN, MetricUnit.Milliseconds, perTokenMs);
  }
}
