import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Duration } from 'aws-cdk-lib/core';
import { AgreementEvidence } from './agreement-evidence';
import { AlarmGuardrail } from './alarm-guardrail';
import { ErrorEvidence } from './error-evidence';
import { ErrorRateGuardrail } from './error-rate-guardrail';
import type {
  AgreementGuardrailOptions,
  ErrorRateGuardrailOptions,
  EvidenceOptions,
  FeedbackGuardrailOptions,
  LatencyGuardrailOptions,
  MetricGuardrailOptions,
  MetricMeanGuardrailOptions,
  OutputDriftGuardrailOptions,
  PredictionDriftGuardrailOptions,
  SampleRatioGuardrailOptions,
  PreferenceGuardrailOptions,
  ShadowAccuracyGuardrailOptions,
} from './evidence-options';
import type { CostGuardrailOptions, FinishReasonsGuardrailOptions, TokensGuardrailOptions } from './generation-options';
import { FinishReasonsEvidence } from './finish-reasons-evidence';
import { FeedbackEvidence } from './feedback-evidence';
import { FunctionGuardrail } from './function-guardrail';
import type { GuardrailKind } from './guardrail-kind';
import type { AlarmGuardrailOptions, GuardrailOptions, LatencyThresholdOptions, ThresholdGuardrailOptions } from './guardrail-options';
import { LatencyGuardrail } from './latency-guardrail';
import { MetricEvidence } from './metric-evidence';
import { MetricMeanEvidence } from './metric-mean-evidence';
import { OutputDrift } from './output-drift';
import { PredictionDrift } from './prediction-drift';
import { SchemaEvidence } from './schema-evidence';
import { SampleRatio } from './sample-ratio';
import { PreferenceEvidence } from './preference-evidence';
import { ShadowAccuracyEvidence } from './shadow-accuracy-evidence';
import { FIRST_TOKEN, LATENCY, TIME_PER_TOKEN, TimeEvidence } from './time-evidence';
import { CostEvidence, TokensEvidence } from './token-means-evidence';

/**
 * A condition that protects users during a rollout.
 *
 * Guardrails by evidence (`errorRate`, `latency`, `metric`, `metricMean`, `predictionDrift`, `feedback`) compare the candidate with
 * production in the same minutes, at any traffic, and roll one candidate in a hundred back by mistake at the most, however long the rollout
 * is and however often it is judged (`falseRollbackRate` of the rollout). Those that do not only observe must also be certain that the
 * candidate is not worse before a step is left. An alarm compares nothing; use it for what is wrong in absolute terms.
 */
export abstract class Guardrail {
  /** By evidence: the candidate fails to answer more of its requests than production does, in all or, with `by`, in a segment of them. */
  public static errorRate(options: ErrorRateGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new ErrorEvidence(options));
  }

  /**
   * By evidence: a larger share of the candidate's requests than of production's is slower than production's own quantiles before the
   * rollout. Time spent in the router is excluded.
   */
  public static latency(options: LatencyGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new TimeEvidence(LATENCY, options));
  }

  /**
   * By evidence: the first token of a streamed answer comes later than production's own quantiles before the rollout, for a larger share of
   * the candidate's answers than of production's. For endpoints with `generative` and `responseStreaming`, whose rollouts have it by
   * default. Answers that callers take whole have no first token and are not counted.
   */
  public static firstToken(options: LatencyGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new TimeEvidence(FIRST_TOKEN, options));
  }

  /**
   * By evidence: a larger share of the candidate's streamed answers than of production's takes longer for a token than production's own
   * quantiles before the rollout. Each answer counts once, by the mean time of its tokens after the first, so that a model with longer
   * answers is not slower. For endpoints with `generative` and `responseStreaming`, whose rollouts have it by default.
   */
  public static timePerToken(options: LatencyGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new TimeEvidence(TIME_PER_TOKEN, options));
  }

  /**
   * By evidence: more of the candidate's complete answers than of production's end for an unwanted reason: cut off at their length, refused
   * or filtered, or without a known reason. Each reason is compared by itself. For endpoints with `generative`, whose rollouts have
   * it by default.
   */
  public static finishReasons(options: FinishReasonsGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new FinishReasonsEvidence(options));
  }

  /**
   * By evidence: the candidate's complete answers have more tokens on average than production's, or fewer. An answer counts for at most
   * twice production's 99 % quantile of the last day. For endpoints with `generative`.
   */
  public static tokens(options: TokensGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new TokensEvidence(options));
  }

  /**
   * By evidence: a request and its complete answer cost more on average at the candidate than at production, by prices that you give. Each
   * counts for at most twice the cost of production's 99 % quantiles of tokens. For endpoints with `generative`.
   */
  public static cost(props: CostGuardrailOptions): Guardrail {
    return new KindGuardrail(new CostEvidence(props));
  }

  /**
   * By evidence: more of the candidate's complete answers than of production's are not valid JSON, or break a schema. It
   * reads an answer's words without its reasoning, up to 256 kB; longer answers count as broken. An answer that only calls tools is not
   * counted. For endpoints with `generative`.
   *
   * @param jsonSchema a JSON Schema (2020-12), up to 16,384 characters, with references only to itself
   */
  public static schema(jsonSchema: { [keyword: string]: any }, options: EvidenceOptions = {}): Guardrail {
    return new KindGuardrail(new SchemaEvidence(jsonSchema, options));
  }

  /**
   * By evidence: more of the candidate's outcomes than of production's are bad, by counts in any CloudWatch metrics of the endpoint's
   * account and region.
   */
  public static metric(props: MetricGuardrailOptions): Guardrail {
    return new KindGuardrail(new MetricEvidence(props));
  }

  /**
   * By evidence: the mean of the candidate's values is worse than that of production's, in any CloudWatch metrics of the endpoint's account
   * and region whose values have bounds.
   */
  public static metricMean(props: MetricMeanGuardrailOptions): Guardrail {
    return new KindGuardrail(new MetricMeanEvidence(props));
  }

  /**
   * The requests are split according to the weights. If the split is off, because a version gets none of its requests or requests get lost
   * on the way, the versions are not comparable, so the rollout holds.
   */
  public static sampleRatio(options: SampleRatioGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new SampleRatio(options));
  }

  /**
   * By evidence: the candidate's predictions fall into some bin more or less often than production's do. Holds the rollout unless `action`
   * says otherwise, because a new model is meant to predict differently.
   */
  public static predictionDrift(props: PredictionDriftGuardrailOptions): Guardrail {
    return new KindGuardrail(new PredictionDrift(props));
  }

  /**
   * By evidence: a shadow of the candidate's version agrees with production on fewer answers than wanted. Differences, schema differences
   * and errors of the shadow or of the comparison count as disagreement. Without comparisons, because the mirror has another model or no
   * requests, the rollout holds.
   */
  public static agreement(props: AgreementGuardrailOptions): Guardrail {
    return new KindGuardrail(new AgreementEvidence(props));
  }

  /**
   * By evidence: the answers of a shadow of the candidate's version fall into some bin more or less often than production's to the same
   * requests do. Holds the rollout unless `action` says otherwise.
   */
  public static outputDrift(props: OutputDriftGuardrailOptions): Guardrail {
    return new KindGuardrail(new OutputDrift(props));
  }

  /**
   * By evidence: of the answers whose outcome callers reported, a larger share of the candidate's than of production's was wrong; where
   * they report ratings, the candidate's mean is lower. Outcomes count at the time of the inference. The rollout holds while outcomes that
   * are due are missing.
   */
  public static feedback(props: FeedbackGuardrailOptions): Guardrail {
    return new KindGuardrail(new FeedbackEvidence(props));
  }

  /**
   * By evidence: of requests that both a shadow of the candidate's version and production answered, and whose label is known, the shadow
   * alone got more wrong than production alone (McNemar's test, made sequential). It needs far fewer labels than a comparison of different
   * requests.
   */
  public static shadowAccuracy(props: ShadowAccuracyGuardrailOptions): Guardrail {
    return new KindGuardrail(new ShadowAccuracyEvidence(props));
  }

  /**
   * By evidence: a judge finds production's answers better than those of a shadow of the candidate's version more often than the other way
   * round (a sign test of the pairs that it decides, made sequential). Ties and
   * pairs without a readable judgement count for neither. Synthesis prints how many decided pairs are needed.
   */
  public static preference(props: PreferenceGuardrailOptions): Guardrail {
    return new KindGuardrail(new PreferenceEvidence(props));
  }

  /**
   * A function of yours, called at every judgement. It returns `{ "status": "ok" | "triggered" | "unknown", "detail": "…" }`; no answer
   * counts as `unknown`, which holds the rollout.
   *
   * @param handler the function; it gets `{ "guardrail", "alias", "rolloutId", "productionVersion", "candidateVersion", "percent" }`
   */
  public static custom(handler: lambda.IFunction, options: GuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new FunctionGuardrail(handler, options));
  }

  /**
   * An alarm of yours, on a metric or composite, in the endpoint's account and region. Let it watch the candidate alone: one that
   * watches all requests cannot tell the candidate's failures from production's, and hardly sees a small share.
   */
  public static alarm(alarm: cloudwatch.IAlarmRef, options: AlarmGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new AlarmGuardrail(alarm, options));
  }

  /**
   * The share of its requests that the candidate fails to answer, percent. Defines an alarm.
   *
   * @param percent above 0 and below 100
   */
  public static errorPercentAbove(percent: number, options: ThresholdGuardrailOptions = {}): Guardrail {
    return new KindGuardrail(new ErrorRateGuardrail(percent, options));
  }

  /** The time that the candidate takes to answer, time spent in the router excluded. Defines an alarm. */
  public static latencyAbove(threshold: Duration, options: LatencyThresholdOptions = {}): Guardrail {
    return new KindGuardrail(new LatencyGuardrail(threshold, options));
  }

  /** @internal */
  public abstract _kind(): GuardrailKind;
}

class KindGuardrail extends Guardrail {
  constructor(private readonly kind: GuardrailKind) {
    super();
  }

  /** @internal */
  public _kind(): GuardrailKind {
    return this.kind;
  }
}
