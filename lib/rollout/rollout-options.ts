import type { Duration } from 'aws-cdk-lib/core';
import type { ModelEndpoint } from '../endpoint/model-endpoint';
import type { TargetVariantAccess } from '../endpoint/target-variant-access';
import type { EvidenceStore } from '../evidence/evidence-store';
import type { Guardrail } from '../guardrail/guardrail';
import type { Model } from '../model/model';
import type { Replay } from '../replay/replay';
import type { CohortStage } from './cohort-stage';
import type { RolloutBaseOptions } from './rollout-base-options';
import type { ShadowStage } from './shadow-stage';
import type { ProductionChange } from './rollout-policies';

/** What all rollouts of endpoints can be told. */
export interface RolloutOptions extends RolloutBaseOptions {
  /** The endpoint, defined in the same stack. */
  readonly endpoint: ModelEndpoint;

  /**
   * Alias whose model moves.
   *
   * @default live
   */
  readonly alias?: string;

  /**
   * Recorded requests that both versions are asked before any traffic, in pairs, for endpoints whose own traffic is too little for
   * certainty. What is certain of the candidate then counts in every step: neither certainty of that nor `minRequests` is waited for.
   * `falseRollbackRate` is shared evenly by the replay, a shadow stage and the steps.
   *
   * @default - nothing is replayed
   */
  readonly replay?: Replay;

  /**
   * A stage before any traffic, in which the candidate is a shadow: production's requests are copied to it, and its answers are compared
   * and dropped. It shares `falseRollbackRate` with the steps: half each, or a third with a `replay`.
   *
   * @default - the candidate gets its first share as soon as it is ready
   */
  readonly shadow?: ShadowStage;

  /**
   * The stage in which the cohort of the alias (`Assignment.cohort`) has the candidate by itself, before anybody else.
   *
   * @default - ten minutes and at least 20 requests, where the alias has a cohort
   */
  readonly cohort?: CohortStage;

  /**
   * What protects users, beside the built-in alarm on a candidate half of whose requests fail. A rollout without any guardrail that rolls
   * back gives a warning.
   *
   * @default - CanaryRollout with a holdback: `errorRate()`, `latency()` and, where callers do not stick to a variant, `sampleRatio()`.
   * A `generative` endpoint has `finishReasons()` in place of `latency()`, and where it streams `firstToken()` and `timePerToken()`.
   * Otherwise none
   */
  readonly guardrails?: Guardrail[];

  /**
   * Requests per second that the alias gets, all versions together. With it and `expectedErrorRate`, synthesis warns of steps and alarms
   * that cannot keep their promise, and rehearsals use this traffic. It changes nothing else.
   *
   * @default - nothing is expected, and nothing is said
   */
  readonly expectedRequestsPerSecond?: number;

  /**
   * How long an answer takes on average. With `expectedRequestsPerSecond`, synthesis warns of a model that may not run as many requests at
   * a time as the alias will have.
   *
   * @default - nothing is expected, and nothing is said
   */
  readonly expectedLatency?: Duration;

  /**
   * Share of its requests that production fails to answer, above 0 and below 1.
   *
   * @default - nothing is expected, and nothing is said
   */
  readonly expectedErrorRate?: number;

  /**
   * The regression that the rollout must not let through: the candidate's error rate, in multiples of production's, above 1.
   *
   * @default 2
   */
  readonly detectableRegression?: number;

  /**
   * The built-in guardrail: back to production once half of the candidate's requests fail, at least 5 in 10 seconds, in two of three
   * such periods. A high-resolution alarm on two metrics, about 0.60 USD a month.
   *
   * @default true
   */
  readonly circuitBreaker?: boolean;

  /**
   * A second model to which the alias moves while `model` stays declared, for rollouts longer than a deployment may last and for
   * experiments. The deployment does not wait for the end. Once the candidate is promoted, declare it as the endpoint's `model` and
   * leave `candidate` out: it is the same version then.
   *
   * @default - the rollout is from the version that serves to the `model` that is declared, and the deployment waits for its end
   */
  readonly candidate?: Model;

  /**
   * What happens when the endpoint's `model` changes although there is a `candidate`: for the repair of a production that cannot wait for
   * the end of a rollout of days. The changed model takes no steps then.
   *
   * @default ProductionChange.REFUSE
   */
  readonly productionChange?: ProductionChange;

  /**
   * How long the candidate may take to answer a request. What it has not answered by then is a failure of it, and production's answer is
   * returned. Production is asked beside the candidate when half of the endpoint's time-out is over, so that it has the other half.
   *
   * Callers of a candidate that hangs wait this long; for a fast model, a few times of what its slowest answers take is a good choice.
   *
   * @default - 250 ms less than the router has, so that a candidate that is as slow as production fails no more requests than production
   * does
   */
  readonly candidateTimeBudget?: Duration;

  /**
   * Before each step and the promotion, see to it that the candidate has the capacity for its share: raise the least capacity of one with
   * autoscaling, and hold where instances, `reservedConcurrency`, `maxConcurrency` or the account's concurrency do not suffice for the
   * requests of the last minutes. What would not suffice for production's busiest hour of the last day ends the rollout before it has
   * begun. `false` leaves all of that to you.
   *
   * @default true
   */
  readonly preWarm?: boolean;

  /**
   * How often the rollout is judged, 5 seconds to an hour. Below a minute, counts of 10 seconds are read instead of minutes, which
   * CloudWatch keeps for three hours only; with steps longer than two hours, minutes are read all the same.
   *
   * @default Duration.minutes(1)
   */
  readonly interval?: Duration;

  /**
   * Where the evidence of every decision is kept, chained by hashes and signed, for whoever asks later why. A rollout that is under way
   * when this is set goes on without.
   *
   * @default - decisions are kept for half a year in the stack's table, without the counts that they were made of
   */
  readonly evidence?: EvidenceStore;

  /**
   * Tell SageMaker's model registry how the rollout of a package (`Model.fromModelPackage`) ended: a package that was found bad is
   * rejected, and its approval says why and where the evidence is, as that of a promoted one does. What a person has rejected is never
   * approved. A registry that cannot be told changes nothing else; the rollout's state and log say so.
   *
   * @default false - the registry stays as it is
   */
  readonly updateModelPackage?: boolean;

  /**
   * A CloudWatch dashboard of the rollout: 3 USD a month each, beyond the account's first three.
   *
   * @default true
   */
  readonly dashboard?: boolean;

  /**
   * Name of the dashboard.
   *
   * @default - a name made from the construct's path
   */
  readonly dashboardName?: string;

  /**
   * Who of those that may call the endpoint may use the preview alias. With IAM authentication, IAM decides for each alias.
   *
   * @default - with IAM authentication whoever IAM admits to the preview alias; otherwise nobody
   */
  readonly previewAccess?: TargetVariantAccess;
}
