import type { EvidencePlan } from './kept-evidence';
import type { AgreementPlan } from '../guardrails/agreement';
import type { DriftPlan } from '../guardrails/drift';
import type { GuardrailPlan } from '../guardrails/kinds';
import type { ReplayPlan } from '../replay/plan';
import type { JsonSchema } from '../routing/measures';
import type { Mirror, TargetVariantAccess } from '../routing/route';

/**
 * What a rollout does and under which conditions: written by the construct, carried through CloudFormation in the alias's custom
 * resource, kept with the rollout's state, read by the controller. Durations are seconds.
 */
export interface RolloutPlan {
  /** Version of this shape; a controller refuses what it does not know. */
  readonly schema: 1;
  readonly kind: 'canary' | 'blue-green';
  /** How CloudFormation learns of the end: the custom resource's own response, a wait condition, or not at all. */
  readonly answer: 'response' | 'wait-condition' | 'detached';
  /** What comes before anything else: recorded requests for both versions. */
  readonly replay?: ReplayPlan;
  /** What comes before any traffic: the candidate as a shadow of production. */
  readonly shadow?: ShadowPlan;
  /** Shares of the candidate, increasing; the last is the final bake, after which the candidate is promoted. */
  readonly stages: readonly Stage[];
  /**
   * How long after each change of the candidate's share what is measured is left out of the evidence; bake times begin after it. Absent: 0.
   */
  readonly settlingSeconds?: number;
  /** Longest time from the start to a promotion; then the rollout is rolled back. */
  readonly deadlineSeconds: number;
  /** How often the rollout is judged. */
  readonly intervalSeconds: number;
  /** For how long a weight holds without being renewed. */
  readonly leaseSeconds: number;
  /** Resolution of the counts that are read, and how long after its end a period is taken as complete. */
  readonly metrics: { readonly periodSeconds: number; readonly delaySeconds: number };
  /** Requests that the candidate must have answered in a stage before the next. */
  readonly minimumRequests: number;
  /** What to do when a stage's bake time is over and there were fewer requests. */
  readonly tooFewRequests: TooFewRequests;
  readonly guardrails: readonly GuardrailPlan[];
  /** Present where a guardrail is judged by evidence. */
  readonly judgement?: JudgementPlan;
  /** How long the candidate may take until it answers at all. */
  readonly readinessSeconds: number;
  /** Golden requests that the candidate must answer before any traffic; the first of them warms it up. */
  readonly smokeTests: readonly SmokeTestPlan[];
  /**
   * How many times at the most the first golden request is sent at once before each stage. Absent: as many as it takes, for functions of
   * Lambda.
   */
  readonly warmUpRequests?: number;
  readonly hooks: readonly HookPlan[];
  /** The rollout advances only inside one of these; none means at any time. */
  readonly windows: readonly TimeWindowPlan[];
  /** ARNs of SSM change calendars that must all be open for the rollout to advance. */
  readonly calendars: readonly string[];
  /**
   * Production's version is started anew, has the candidate's share, and is what the candidate is compared with; absent: production as it
   * is.
   */
  readonly control?: 'fresh';
  /** Autoscaled capacity of the candidate, raised before each stage. */
  readonly capacity?: CapacityPlan;
  /** Requests that an instance of the candidate's is said to take a minute. */
  readonly instanceRequestsPerMinute?: number;
  /** Nobody looks whether the candidate can take its shares. */
  readonly ignoresCapacity?: true;
  /** Alias whose route is the candidate alone while the rollout runs, key as in the route table. */
  readonly previewAlias?: string;
  /** Who of those that the API admits may use the preview alias; absent means everyone. */
  readonly previewAccess?: TargetVariantAccess;
  /** How long the router waits for the candidate, milliseconds; what remains of its time belongs to production. Absent means half. */
  readonly candidateTimeBudgetMs?: number;
  /** Seconds after which no request can be on its way to a version that has left the route. */
  readonly drainSeconds: number;
  /** A version that served within this time comes back without steps; 0 turns that off. */
  readonly rollbackWindowSeconds: number;
  /** What a change of the model does to a rollout of an explicit candidate; absent means that it is refused. */
  readonly productionChange?: 'keep' | 'end';
  /** Where every decision is kept with what it was made of. */
  readonly evidence?: EvidencePlan;
  /** ARN of the candidate's package in SageMaker's model registry, which is told of the end. */
  readonly modelPackage?: string;
  /** Topic that is told of every change of course. */
  readonly topicArn?: string;
}

/**
 * The stage in which the candidate gets copies of production's requests and nobody gets its answers. It is over once these have agreed with
 * production's long enough.
 */
export interface ShadowPlan {
  /** The mirror, in the route on a lease while the stage lasts. */
  readonly mirror: Mirror;
  readonly bakeSeconds: number;
  /** What judges it, by the mirror's counts. */
  readonly guardrails: readonly (AgreementPlan | DriftPlan)[];
  readonly judgement: JudgementPlan;
}

export interface Stage {
  /** Share of the requests that the candidate serves, percent, any real number above 0; 0 where it is the cohort's. */
  readonly percent: number;
  readonly bakeSeconds: number;
  /** Somebody must approve before this stage begins. */
  readonly approval: boolean;
  /** The cohort alone has the candidate: it comes before the shares, and nothing is compared by evidence. */
  readonly cohort?: CohortTerms;
}

/** What a cohort must have seen of the candidate before anybody else gets it. */
export interface CohortTerms {
  readonly minimumRequests: number;
  /** With so many of them the candidate is rolled back if it fails a larger share, and more than twice production's, percent. */
  readonly maximumErrorPercent: number;
}

export type TooFewRequests = 'hold' | 'advance' | 'rollback';

/** How evidence is judged, for all of a plan's evidence guardrails together. */
export interface JudgementPlan {
  /** Chance of rolling a healthy candidate back, over the whole rollout. */
  readonly alpha: number;
  /** How the split of the requests is checked; absent: it is not. */
  readonly sampleRatio?: { readonly tolerance: number; readonly alpha: number };
  /** How many times more counts vary than those of independent requests; 1 says that each request fails by itself. Absent: learnt. */
  readonly overdispersion?: number;
  /** What happens when a stage's bake time and this much more are over without certification. */
  readonly uncertified: { readonly afterSeconds: number; readonly policy: 'pause' | 'advance' | 'rollback' };
}

export interface SmokeTestPlan {
  readonly name: string;
  readonly body: string;
  readonly contentType: string;
  /** Status that is expected. */
  readonly status: number;
  /** Values expected in a JSON answer: by definite JSON path, numbers within the tolerance. */
  readonly expect: readonly { readonly path: string; readonly value: unknown; readonly tolerance?: number }[];
  /** What the answer must follow. */
  readonly schema?: JsonSchema;
}

export type HookPoint = 'before-traffic' | 'before-step' | 'before-promotion' | 'after' | 'on-rollback';

/** A function that is asked; it answers `{ "verdict": "pass" | "wait" | "fail", "reason"? }`. */
export interface HookPlan {
  readonly point: HookPoint;
  readonly functionArn: string;
}

/** Hours of the week. */
export interface TimeWindowPlan {
  /** Days on which it opens, 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes after midnight; an end not after the start is on the next day. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** IANA time zone. */
  readonly timeZone: string;
}

/** Instances or copies of a candidate with autoscaling: the declared limits, restored at the end. */
export interface CapacityPlan {
  readonly min: number;
  readonly max: number;
}
