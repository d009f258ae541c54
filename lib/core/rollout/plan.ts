import type { CounterPlan } from '../counters/plan';
import type { ReplayPlan } from '../replay/plan';
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
  /** Shares of the candidate, increasing; the last is the soak, after which the candidate is promoted. */
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
  /** Share of the requests that the candidate serves, percent, any real number above 0. */
  readonly percent: number;
  readonly bakeSeconds: number;
  /** Somebody must approve before this stage begins. */
  readonly approval: boolean;
}

export type TooFewRequests = 'hold' | 'advance' | 'rollback';

export type GuardrailAction = 'rollback' | 'hold' | 'observe';

/** A condition that protects users. */
export type GuardrailPlan = AlarmGuardrailPlan | EvidenceGuardrailPlan | FunctionGuardrailPlan;

interface CommonGuardrailPlan {
  /** Name for sentences and the command line, unique in the plan. */
  readonly name: string;
  readonly action: GuardrailAction;
}

/** A CloudWatch alarm, on the candidate alone if it is a good one. */
export interface AlarmGuardrailPlan extends CommonGuardrailPlan {
  readonly kind: 'alarm';
  /** Name of a CloudWatch alarm, metric or composite. */
  readonly alarmName: string;
  /** What an alarm without enough data means: silence is not health unless the plan says so. */
  readonly insufficientData: 'hold' | 'ok';
}

/** A function that is asked at every judgement; it answers `{ "status": "ok" | "triggered" | "unknown", "detail"? }`. */
export interface FunctionGuardrailPlan extends CommonGuardrailPlan {
  readonly kind: 'function';
  readonly functionArn: string;
}

/** A comparison of candidate and production by evidence, see lib/core/judge. */
export type EvidenceGuardrailPlan =
  ErrorsPlan | LatencyPlan | MetricPlan | MeanMetricPlan | DriftPlan | AgreementPlan | FeedbackPlan | ShadowAccuracyPlan;

/** What does not yet count as worse, and what certification must exclude: `candidate <= ratio * production + tolerance`. */
export interface BoundsPlan {
  readonly allowed?: { readonly ratio: number; readonly tolerance: number };
  readonly margin?: { readonly ratio: number; readonly tolerance: number };
}

/** A comparison that is also made in segments of the requests, with half of its part of the chance of a false rollback. */
export interface BySegmentsPlan {
  readonly by?: {
    readonly label: string;
    readonly counter: CounterPlan;
    /** Callers stay with a version. */
    readonly sticky?: true;
  };
}

/** Failures per request, as the router counts them. */
export interface ErrorsPlan extends CommonGuardrailPlan, BoundsPlan, BySegmentsPlan {
  readonly kind: 'errors';
}

/** Requests slower than production's own quantiles before the rollout, as the router counts them. */
export interface LatencyPlan extends CommonGuardrailPlan, BoundsPlan, BySegmentsPlan {
  readonly kind: 'latency';
  /** In (0, 1), at most three. */
  readonly quantiles: readonly number[];
  /**
   * Times production's latency that the candidate's may be, at least 1. Absent: 1. The bounds are about shares of requests that are slower
   * than that.
   */
  readonly slowdown?: number;
}

/** Bad outcomes of total outcomes in any CloudWatch metrics, for instance a backend's own where there is no router. */
export interface MetricPlan extends CommonGuardrailPlan, BoundsPlan {
  readonly kind: 'metric';
  readonly label: string;
  readonly candidate: MetricPairPlan;
  readonly production: MetricPairPlan;
}

export interface MetricPairPlan {
  readonly total: MetricSource;
  readonly bad: MetricSource;
}

/** A metric whose sum is a count. */
export interface MetricSource {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: { readonly [name: string]: string };
  readonly statistic: 'Sum' | 'SampleCount';
}

/** Mean of any CloudWatch metric whose values are known to lie within bounds. */
export interface MeanMetricPlan extends CommonGuardrailPlan {
  readonly kind: 'mean';
  readonly label: string;
  readonly candidate: MeanMetricSource;
  readonly production: MeanMetricSource;
  /** Bounds of a single value, in its unit. */
  readonly lowest: number;
  readonly highest: number;
  readonly worse: 'lower' | 'higher';
  /** Factor on what production's mean is above `lowest` that does not yet count as worse: at most 1 where lower is worse. */
  readonly allowed: number;
  /** Factor that certification must exclude. */
  readonly margin: number;
}

/** A metric of which sum and number of samples are read. */
export type MeanMetricSource = Omit<MetricSource, 'statistic'>;

/** Where a number in the answers falls, as the router counts it. */
export interface DriftPlan extends CommonGuardrailPlan {
  readonly kind: 'drift';
  /** Definite JSON path of a number, or of a text or number that is a class label. */
  readonly path: string;
  /** Inner borders of the bins of a number, increasing; a value equal to a border is in the bin above it. */
  readonly edges?: readonly number[];
  /** Labels of the bins of a class, all others together in one more bin. */
  readonly labels?: readonly string[];
  /** Factor by which a bin's share may change. */
  readonly ratio?: number;
  /** Name of the shadow whose mirror counts, in the router's place, and the index of the value among those that it counts. */
  readonly shadow?: string;
  readonly measure?: number;
}

/** Answers of a shadow of the candidate's version that are not in agreement with production's, as its mirror counts them. */
export interface AgreementPlan extends CommonGuardrailPlan {
  readonly kind: 'agreement';
  /** Name of the shadow on the rollout's alias. */
  readonly shadow: string;
  /** The shares below come on top of those on which production does not agree with itself. */
  readonly beyondNoise?: boolean;
  /** Share of the comparisons that may disagree, in (0, 1), and the larger share that certification must exclude. */
  readonly bound: number;
  readonly margin: number;
}

/** Answers that feedback found wrong, of those whose outcome is known, counted at the time of the inference. */
export interface FeedbackPlan extends CommonGuardrailPlan, BoundsPlan, LabelDelayPlan {
  readonly kind: 'feedback';
  /** How it is checked that both versions' answers get labels alike; absent: it is not. */
  readonly labelRatio?: { readonly tolerance: number; readonly alpha: number };
}

/** Labelled requests that a shadow of the candidate's version or production got wrong and the other did not. */
export interface ShadowAccuracyPlan extends CommonGuardrailPlan, LabelDelayPlan {
  readonly kind: 'shadow-accuracy';
  /** Name of the shadow on the rollout's alias. */
  readonly shadow: string;
  /** How many times more often the shadow may be alone in being wrong, and what certification must exclude. */
  readonly ratio: number;
  readonly margin: number;
}

export interface LabelDelayPlan {
  /** How long after an inference its label is expected, minutes: younger inferences are not judged yet. Absent: 0. */
  readonly labelDelayMinutes?: number;
}

/** How evidence is judged, for all of a plan's evidence guardrails together. */
export interface JudgementPlan {
  /** Chance of rolling a healthy candidate back, over the whole rollout. */
  readonly alpha: number;
  /** How the split of the requests is checked; absent: it is not. */
  readonly sampleRatio?: { readonly tolerance: number; readonly alpha: number };
  /** Requests that all sessions of one caller send together make counts vary more than independent ones; 1 if they are. */
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

/** SageMaker instances of a candidate with autoscaling. */
export interface CapacityPlan {
  readonly endpointName: string;
  readonly variantName: string;
  /** Declared limits, restored at the end. */
  readonly min: number;
  readonly max: number;
}
