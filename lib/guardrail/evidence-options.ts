import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { GuardrailOptions, RegressionDirection } from './guardrail-options';
import type { Duration } from 'aws-cdk-lib/core';
import type { InferenceFeedback } from '../feedback/inference-feedback';
import type { ShadowMirror } from '../shadow/shadow-mirror';
import type { Segment } from './segment';

/**
 * When a candidate counts as worse than production, and when it counts as proven not to be. Both are about shares of requests with a bad
 * outcome: the candidate's may be up to `maxRatio` times production's and `tolerance` more.
 */
export interface EvidenceOptions extends GuardrailOptions {
  /**
   * How many times production's rate is still acceptable, 1 to 100.
   *
   * @default 1.1
   */
  readonly maxRatio?: number;

  /**
   * Share of the requests on top that does not yet count as worse, from 0 to below 1: 0.0005 is one request in 2,000.
   *
   * @default 0.0005
   */
  readonly tolerance?: number;

  /**
   * How many times production's rate must be ruled out before a step is left, at least `maxRatio`. The closer to it, the more requests that
   * takes.
   *
   * @default 1.5 - or, with another maxRatio, as much wider than that
   */
  readonly certifiedRatio?: number;

  /**
   * Share on top in what must be ruled out, at least `tolerance`.
   *
   * @default - twice the tolerance
   */
  readonly certifiedTolerance?: number;
}

/** When a candidate fails too much, among all requests or in a segment of them. */
export interface ErrorRateGuardrailOptions extends EvidenceOptions {
  /**
   * Compare in segments too, by a part of the request. What fails in a rare segment alone hardly shows among all requests. Half of the
   * guardrail's part of `falseRollbackRate` is then for all requests together and half for the segments, which share it. Routers count
   * them in a DynamoDB table while a rollout is under way.
   *
   * @default - all requests together
   */
  readonly by?: Segment;
}

/** Which latencies are compared, and how much slower a candidate may be. */
export interface LatencyGuardrailOptions extends GuardrailOptions {
  /**
   * Quantiles of production's latency before the rollout, one to three, increasing, above 0 and below 1. The candidate is worse if more of
   * its requests than of production's are slower than one of them, the candidate's by more than `maxRatio`.
   *
   * @default [0.5, 0.9, 0.99]
   */
  readonly quantiles?: number[];

  /**
   * Compare in segments too, by a part of the request. Half of the guardrail's part of `falseRollbackRate` is then for all requests
   * together and half for the segments.
   *
   * @default - all requests together
   */
  readonly by?: Segment;

  /**
   * Times production's latency that do not yet count as slower, 1 to 100: with 1.1, a candidate that takes up to ten per cent longer is as
   * good as production, at any traffic. Choose more where the latency of one version wanders by itself, by ten per cent over some minutes.
   *
   * @default 1.1
   */
  readonly maxRatio?: number;

  /**
   * Share of the requests that may be slow on top, from 0 to below 1: 0.0005 is one request in 2,000. Quantiles at which a twentieth of the
   * requests or more are slower have no use for it.
   *
   * @default 0.0005
   */
  readonly tolerance?: number;

  /**
   * Times production's share of slow requests that must be ruled out before a step is left, at least 1.1. The closer to it, the more
   * requests that takes.
   *
   * @default 1.5
   */
  readonly certifiedRatio?: number;

  /**
   * Share on top in what must be ruled out, at least `tolerance`.
   *
   * @default - twice the tolerance
   */
  readonly certifiedTolerance?: number;
}

/** Two counts: metrics whose sum, or number of samples, is a number of outcomes. */
export interface MetricPair {
  /** All outcomes. */
  readonly total: cloudwatch.IMetric;

  /** The bad ones among them. */
  readonly bad: cloudwatch.IMetric;
}

/** Counts of your own, or a backend's native ones, for both versions. */
export interface MetricGuardrailOptions extends EvidenceOptions {
  /** Counts of the candidate, whichever version that is. */
  readonly candidate: MetricPair;

  /**
   * Counts of production, at the same time, without the requests that it answers in the candidate's place. The candidate failed those, and
   * counting them makes production look as bad as the candidate, or twenty times as bad at a share of 95 %. A model cannot tell them from
   * its own requests. If some requests fail at any version, publish the counts where it is known to which version a request was assigned,
   * under a dimension of your own: records of an `InferenceLog` have `fallback` where production was only asked in the place
   * of another. Routers' counts (`Guardrail.errorRate`, `.latency`, `.predictionDrift`) and labels (`.feedback`) leave them out by
   * themselves.
   */
  readonly production: MetricPair;

  /**
   * What a bad outcome is, as in "declined payments: 41 of 1,320 of the candidate's requests".
   *
   * @default - the guardrail's name
   */
  readonly label?: string;
}

/**
 * A mean of your own for both versions, of values whose bounds are known: a score of 1 to 5, a share, a time that is capped. CloudWatch
 * has their number and their sum, but not how much they vary; bounds limit the variation. The tighter the bounds, the fewer values are
 * needed.
 */
export interface MetricMeanGuardrailOptions extends GuardrailOptions {
  /** Values of the candidate, whichever version that is, one for each outcome. Statistic `Average`, which is the default of metrics. */
  readonly candidate: cloudwatch.IMetric;

  /** The same of production, without what it answers in the candidate's place: see `production` of {@link MetricGuardrailOptions}. */
  readonly production: cloudwatch.IMetric;

  /** Lowest value that can be, in the metric's unit. A mean below holds the rollout. */
  readonly minValue: number;

  /** Highest value that can be, in the metric's unit. A mean above holds the rollout. */
  readonly maxValue: number;

  /** Which direction is a regression. */
  readonly regression: RegressionDirection;

  /**
   * By how much the mean may be worse, as a share of what production's is above `minValue`, from 0 to below 1: with a score of 1 to 5 and
   * production at 4, 0.05 is 0.15.
   *
   * @default 0.05
   */
  readonly maxChange?: number;

  /**
   * Share that must be ruled out before a step is left, above `maxChange` and below 1. The closer to it, the more values that takes.
   *
   * @default - twice maxChange, at least 0.1 and at most half the way from maxChange to 1
   */
  readonly certifiedChange?: number;

  /**
   * What is compared, as in "satisfaction 3.6 against 4.1 in production".
   *
   * @default - the guardrail's name
   */
  readonly label?: string;
}

/** How the split of the requests is checked. */
export interface SampleRatioGuardrailOptions {
  /**
   * How far the odds of meeting the candidate may be from what the weights say, from 0 to below 1.
   *
   * @default 0.05
   */
  readonly tolerance?: number;

  /**
   * Chance of finding a sound split broken, over the whole rollout.
   *
   * @default 0.001
   */
  readonly alpha?: number;
}

/** Which shadow must agree with production, and on how many answers. */
export interface AgreementGuardrailOptions extends GuardrailOptions {
  /** The mirror, on the rollout's alias, whose model is the one that is rolled out. */
  readonly mirror: ShadowMirror;

  /** Share of the comparisons that agree below which the candidate is rolled back, above 0 and below 1. */
  readonly minAgreementRate: number;

  /**
   * Share of agreement that must be certain before a step is left, above 0 and below `minAgreementRate`.
   *
   * @default - with twice the disagreement that `minAgreementRate` allows
   */
  readonly certifiedAgreementRate?: number;

  /**
   * Judge only disagreement beyond production's disagreement with itself, for models that answer the same request differently. With
   * `minAgreementRate` 0.95 and production differing from itself on a tenth of the requests, the shadow may differ on 15 %. Needs a mirror
   * with `noiseFloorRate`; certainty takes as many requests that production is asked twice.
   *
   * @default false
   */
  readonly beyondNoise?: boolean;
}

/** Which answers of a shadow are compared with production's as a whole, and what counts as alike. */
export interface OutputDriftGuardrailOptions extends GuardrailOptions {
  /** The mirror, on the rollout's alias, whose model is the one that is rolled out. */
  readonly mirror: ShadowMirror;

  /** Path of one of the mirror's `outputs`. */
  readonly path: string;

  /**
   * Factor by which the share of a bin may change, 1 to 100.
   *
   * @default 1.1
   */
  readonly maxRatio?: number;
}

/**
 * Which feedback is compared, and when it is due. Of labels, scores and rewards the shares of wrong answers are compared, by `maxRatio` and
 * its like; of ratings the means, by `maxChange` and `certifiedChange`.
 */
export interface FeedbackGuardrailOptions extends EvidenceOptions {
  /** The feedback, on the rollout's alias. */
  readonly feedback: InferenceFeedback;

  /**
   * Of ratings: by how much the mean may be lower, as a share of what production's is above the worst rating, from 0 to 0.99: with 1 to 5
   * stars and production at 4, 0.05 is 0.15 stars.
   *
   * @default 0.05
   */
  readonly maxChange?: number;

  /**
   * Of ratings: what must be ruled out before a step is left, above `maxChange`, up to 0.999. The closer to it, the more ratings that
   * takes.
   *
   * @default - twice maxChange, at least 0.1 and at most half the way from maxChange to 1
   */
  readonly certifiedChange?: number;

  /**
   * How long after an inference its outcome is told, as a rule; at most the feedback's window. Younger inferences are not judged yet:
   * counts that still grow would be looked at again and again, and healthy candidates rolled back more often than `falseRollbackRate` says.
   * Every step lasts that much longer before it can be left. Choose it so that nearly all outcomes are in; those that come later still
   * count. CloudWatch takes up to 2 hours to show counts of more than 3 hours ago, and 48 hours or more to show those of more than a day
   * ago; that much is added.
   */
  readonly labelDelay: Duration;

  /**
   * How far the odds that an answer gets an outcome told may differ between the versions, as a factor on top of 1: 0.05 is 5 %. Outcomes
   * that select themselves, because callers tell of a version's answers more often,
   * or sooner, compare nothing: a suspicion holds the rollout, evidence of it makes the comparison invalid, and neither counts as harm.
   * From 0 to 10.
   *
   * @default 0.05 - where an assignment keeps callers with a version, it is not checked: a few callers who tell much would look like that
   */
  readonly labelTolerance?: number;
}

/** The shadow whose judged pairs decide, and the losses that it may have. */
export interface PreferenceGuardrailOptions extends GuardrailOptions {
  /** The mirror, on the rollout's alias, whose model is the one that is rolled out, with a `Comparison.judge`. */
  readonly mirror: ShadowMirror;

  /**
   * Losses for each win that the shadow may have, 1 to 100; ties do not count.
   *
   * @default 1 - it must not lose more often than it wins
   */
  readonly maxRatio?: number;

  /**
   * Losses for each win that must be ruled out before a step is left, above `maxRatio`.
   *
   * @default 1.5 - 60 of 100; or, with another maxRatio, half as much again as that
   */
  readonly certifiedRatio?: number;
}

/** Which shadow's predictions are compared with the labels, beside production's. */
export interface ShadowAccuracyGuardrailOptions extends GuardrailOptions {
  /** The mirror, on the rollout's alias, whose model is the one that is rolled out. */
  readonly mirror: ShadowMirror;

  /** The feedback, on the rollout's alias, by labels. */
  readonly feedback: InferenceFeedback;

  /**
   * Times more often than production alone that the shadow alone may be wrong, 1 to 100.
   *
   * @default 1.1
   */
  readonly maxRatio?: number;

  /**
   * Times more often that must be ruled out before a step is left, above `maxRatio`.
   *
   * @default 1.5 - or, with another maxRatio, as much wider than that
   */
  readonly certifiedRatio?: number;

  /**
   * How long after an inference its label is told, as a rule; at most the feedback's window. Younger inferences are not judged yet; choose
   * it so that nearly all labels are in. What CloudWatch takes to show them is added, see `Guardrail.feedback`.
   */
  readonly labelDelay: Duration;
}

/** Which part of an answer is compared, and what counts as alike. */
export interface PredictionDriftGuardrailOptions extends GuardrailOptions {
  /** Where in a JSON answer the prediction is: one place such as `$.score` or `$.rows[0].label`. */
  readonly path: string;

  /**
   * Inner borders of the bins of a number, increasing, 1 to 19: `[0.2, 0.5]` makes three bins. Best are quantiles of production's
   * predictions.
   *
   * @default - none: `labels` must be given
   */
  readonly bins?: number[];

  /**
   * Class labels, 1 to 19, as texts; all others are one more bin.
   *
   * @default - none: `bins` must be given
   */
  readonly labels?: string[];

  /**
   * Factor by which the share of a bin may change, 1 to 100.
   *
   * @default 1.1
   */
  readonly maxRatio?: number;
}
