import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as ssm from 'aws-cdk-lib/aws-ssm';
import type { Duration } from 'aws-cdk-lib/core';
import type { RolloutHook } from './rollout-hook';
import type { SmokeTest } from './smoke-test';
import type { TimeWindow } from './time-window';
import type { TrafficShift } from './traffic-shift';
import type { RolloutApproval, InsufficientTrafficAction, InconclusiveAction } from './rollout-policies';

/** What rollouts can be told, whatever carries them out. */
export interface RolloutBaseOptions {
  /**
   * The steps by which the candidate gets its requests.
   *
   * @default - CanaryRollout: 5, 25 and 50 %, five minutes each; BlueGreenRollout: all at once
   */
  readonly shift?: TrafficShift;

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
   * Longest time from the start to the promotion; then the rollout is rolled back. It decides how CloudFormation learns of the end: up
   * to about 55 minutes by the custom resource's own answer, for an alias of a ModelEndpoint up to about 11 h 54 min by a wait condition;
   * beyond that such a rollout needs a `candidate`.
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
   * @default - what the model's registry knows: the input example of a model of MLflow, whose answer must follow the model's signature,
   * and the sample payload of a package of SageMaker's registry; otherwise the candidate must only be reachable. An empty list tests
   * nothing
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
}
