import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as ssm from 'aws-cdk-lib/aws-ssm';
import type { Duration } from 'aws-cdk-lib/core';
import type { ModelEndpoint } from '../endpoint/model-endpoint';
import type { TargetVariantAccess } from '../endpoint/target-variant-access';
import type { EvidenceStore } from '../evidence/evidence-store';
import type { Guardrail } from '../guardrail/guardrail';
import type { Model } from '../model/model';
import type { Replay } from '../replay/replay';
import type { CohortStage } from './cohort-stage';
import type { RolloutHook } from './rollout-hook';
import type { ShadowStage } from './shadow-stage';
import type { SmokeTest } from './smoke-test';
import type { TimeWindow } from './time-window';
import type { TrafficShift } from './traffic-shift';
import type { ProductionChange, RolloutApproval, InsufficientTrafficAction, InconclusiveAction } from './rollout-policies';

/** What all rollouts can be told. */
export interface RolloutOptions {
  /** The endpoint, defined in the same stack. */
  readonly endpoint: ModelEndpoint;

  /**
   * Alias whose model moves.
   *
   * @default live
   */
  readonly alias?: string;

  /**
   * The steps by which the candidate gets its requests.
   *
   * @default - CanaryRollout: 5, 25 and 50 %, five minutes each; BlueGreenRollout: all at once
   */
  readonly shift?: TrafficShift;

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
   * Chance of rolling back a candidate that is as good as production, over the whole rollout and all guardrails by evidence together, above
   * 0 and below 0.5. A smaller one needs more requests to find a bad candidate.
   *
   * @default 0.01
   */
  readonly falseRollbackRate?: number;

  /**
   * What happens when a step's bake time and `inconclusiveAfter` are over, and a guardrail by evidence is not yet certain that the
   * candidate is not worse: too few requests, or a difference too small to tell. Without any data, or with data that speaks against
   * the candidate, the rollout holds in any case.
   *
   * @default InconclusiveAction.ADVANCE - evidence rolls back what is worse, and does not hold what has too little traffic for certainty
   */
  readonly inconclusive?: InconclusiveAction;

  /**
   * How much longer than its bake time a step may take to become certain.
   *
   * @default Duration.minutes(10)
   */
  readonly inconclusiveAfter?: Duration;

  /**
   * Time after each change of the candidate's share whose measurements are left out of the evidence, 0 to a day: fresh execution
   * environments, empty caches and pools are slow, which says nothing about the model. Bake times begin after it. Alarms are never left
   * out, so that a candidate that fails most of its requests is rolled back within it too. Environments of Lambda start within a minute;
   * raise it where caches take longer to fill. None turns it off.
   *
   * @default Duration.minutes(1)
   */
  readonly settlingTime?: Duration;

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
   * How much more the counts of bad requests vary from minute to minute than they would if requests were independent, as a factor of 1 to
   * 100: above 1 where failures come in clusters, because of retries or callers with long sessions. Finding a bad candidate takes that many
   * times longer.
   *
   * With 1 you say that each request fails by itself, whatever production's history shows: evidence is then not protected against bursts,
   * and finds harm some minutes sooner. An instance that hangs for minutes, or latency that wanders, is taken for a regression then, and
   * `falseRollbackRate` no longer holds where there is such a thing. docs/how-it-decides.md 2.11 has what that buys and costs.
   *
   * @default - estimated for each guardrail from production's history before the candidate has traffic, with protection against bursts
   */
  readonly requestsPerBurst?: number;

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
   * Longest time from the start to the promotion; then the rollout is rolled back. It decides how CloudFormation learns of the end: up
   * to about 55 minutes by the custom resource's own answer, up to about 11 h 54 min by a wait condition; beyond that the rollout
   * needs a `candidate`.
   *
   * @default - twice the time of all steps and ten minutes; as long as a wait condition allows, with approvals, time windows or
   * calendars; with a `candidate` at least a week
   */
  readonly deadline?: Duration;

  /**
   * Requests that the candidate must have had in a step, the final bake included, before the rollout advances.
   *
   * @default 50
   */
  readonly minRequests?: number;

  /**
   * What happens when there were fewer.
   *
   * @default InsufficientTrafficAction.HOLD
   */
  readonly insufficientTraffic?: InsufficientTrafficAction;

  /**
   * Golden requests that the candidate must answer before any caller meets it. One that is answered wrongly rolls back.
   *
   * @default - the candidate must only be reachable
   */
  readonly smokeTests?: SmokeTest[];

  /**
   * How many copies of the first golden request are sent to the candidate at once before each step, at most, to start the execution
   * environments that the next share will use: requests per second times their duration times the share, by the metrics of the last
   * minutes, plus three standard deviations. 0 to 500; 0 sends none. Needs a smoke test.
   *
   * @default - with a smoke test and a model on Lambda 200, otherwise none: callers meet environments that start, and the settling time
   * leaves that out of the evidence
   */
  readonly warmUpRequests?: number;

  /**
   * How long the candidate may take until it answers at all.
   *
   * @default Duration.minutes(5)
   */
  readonly readinessTimeout?: Duration;

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
   * Functions of yours that have a say.
   *
   * @default - none
   */
  readonly hooks?: RolloutHook[];

  /**
   * Where somebody must approve.
   *
   * @default RolloutApproval.NONE
   */
  readonly approval?: RolloutApproval;

  /**
   * Hours in which the rollout may advance. Rolling back needs none.
   *
   * @default - at any time
   */
  readonly timeWindows?: TimeWindow[];

  /**
   * Change calendars of AWS Systems Manager that must all be open for the rollout to advance.
   *
   * @default - none
   */
  readonly changeCalendars?: ssm.IDocumentRef[];

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
   * For how long the candidate's share holds if the controller falls silent; then all requests go to production by themselves. At
   * least two intervals.
   *
   * @default - three minutes, or three intervals if they are longer
   */
  readonly lease?: Duration;

  /**
   * A version that was in production within this time comes back without steps.
   *
   * @default - every version takes all steps
   */
  readonly rollbackWindow?: Duration;

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
   * Topic that is told of starts, steps, holds, ends and why.
   *
   * @default - nobody is told; every decision is an event on the account's default bus (source `cdk-model-rollout`) all the same
   */
  readonly notifications?: sns.ITopic;

  /**
   * What the alarms that the rollout defines do when they go off, beside rolling back: those of its threshold guardrails, the built-in one
   * and the one on the evidence. Such as `new SnsAction(onCall)` of `aws-cloudwatch-actions`. Alarms of your own keep their own actions.
   *
   * @default - they roll back, and tell nobody themselves
   */
  readonly alarmActions?: cloudwatch.IAlarmAction[];

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
