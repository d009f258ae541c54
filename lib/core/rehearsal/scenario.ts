/** What happens during a rehearsed rollout. Plain data; every field is resolved. Minutes count from the start of the rollout. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly traffic: Traffic;
  readonly production: Behaviour;
  readonly candidate: Candidate;
  readonly labels: Labels;
  /** Both versions fail more. */
  readonly outages: readonly { readonly atMinute: number; readonly minutes: number; readonly errorRate: number }[];
  /** Failures come in groups of one to five instead of one by one: variance over mean 3.67. */
  readonly clustered: boolean;
  /** Part of the requests that fail whichever version gets them; it is within both error rates. */
  readonly badInputs: number;
  /** Part of the requests that both versions refuse at once as the caller's mistake (4xx). */
  readonly refusals: number;
  /** How often callers send a request again that failed. */
  readonly retries: number;
  readonly callers?: Callers;
  /** A version fails more for a while, each version by itself. */
  readonly hiccups?: { readonly perDay: number; readonly minutes: number; readonly errorRate: number };
  /**
   * Error rate and latency of each version wander by themselves: standard deviations of their logarithms, and the time in which they do.
   */
  readonly wander?: { readonly latency: number; readonly failures: number; readonly minutes: number };
  /** So many requests fail within a moment, whichever version they meet. */
  readonly bursts?: { readonly perHour: number; readonly requests: number };
  /** Versions are Lambda functions whose environments have to be started; without it all of them are there. */
  readonly environments?: Environments;
  /** Versions are on instances of SageMaker whose number follows the load; without it there are always enough. */
  readonly instances?: Instances;
  /** CloudWatch cannot be read then. */
  readonly metricOutages: readonly { readonly atMinute: number; readonly minutes: number }[];
  /** A part of the requests of which the candidate fails so many. */
  readonly segment?: { readonly share: number; readonly errorRate: number };
  /** How long after its end a period is in CloudWatch. */
  readonly metricDelaySeconds: number;
  /** From an alarm that goes off to the abort function. */
  readonly alarmEventSeconds: number;
  /** Alarms that go off without cause, each for a minute. */
  readonly falseAlarmsPerHour: number;
  /** One goes off without cause then. */
  readonly falseAlarmAtMinute?: number;
  /** The controller is gone from then on. */
  readonly controllerDiesAtMinute?: number;
  /** CloudFormation restores the earlier template from then on. */
  readonly cancelAtMinute?: number;
  /** Somebody approves this long after a stage's approval could be given. */
  readonly approveAfterMinutes: number;
  /** Epoch milliseconds. */
  readonly startsAt: number;
  readonly expect?: Expectations;
}

export interface Traffic {
  /** Over both versions, on average. */
  readonly requestsPerSecond: number;
  /** Part of the average by which traffic swings over a day, 0 to 1; most is at `peakHour` UTC. */
  readonly swing: number;
  readonly peakHour: number;
  readonly spikes: readonly { readonly atMinute: number; readonly minutes: number; readonly factor: number }[];
  /** Recorded minutes, repeated from the start when they are over; they take the place of all above but the spikes. */
  readonly recorded?: readonly Minute[];
}

/** A minute of recorded traffic. */
export interface Minute {
  readonly requests: number;
  /** Production's failures of them; undefined: by its error rate. */
  readonly failures?: number;
}

export interface Behaviour {
  /** Part of the requests that fail, 0 to 1. */
  readonly errorRate: number;
  readonly latency: Latency;
  /** Part of the labelled answers that are right, 0 to 1. */
  readonly accuracy: number;
  /** Where the mean of the ratings is between the worst, 0, and the best, 1. */
  readonly rating: number;
  /** Part of the answers that agree with production's to the same request, 0 to 1; of production, asked twice, with its own. */
  readonly agreement: number;
  /** Of the candidate: part of the pairs that a judge decides in which it finds production's answer better, 0 to 1; absent: a half. */
  readonly losses?: number;
  /** Of endpoints whose models generate. */
  readonly generation: Generating;
}

/** What a language model generates. */
export interface Generating {
  /** Until the first token of an answer. */
  readonly firstToken: Latency;
  /** From a token to the next: the mean of an answer. */
  readonly perToken: Latency;
  readonly tokensIn: Tokens;
  readonly tokensOut: Tokens;
  /** Parts of the answers that are cut off, that a filter stops or the model refuses, and that call a tool, 0 to 1. */
  readonly cutOff: number;
  readonly filtered: number;
  readonly toolCalls: number;
  /** Part of the answers that break the schema that they should follow, 0 to 1. */
  readonly unstructured: number;
}

/** Log-normal, by two of its quantiles. */
export interface Tokens {
  readonly median: number;
  readonly p99: number;
}

/** Execution environments of a Lambda function. */
export interface Environments {
  /** How long one takes to start. */
  readonly initMs: Latency;
  /** How long one stays that nobody needs. */
  readonly idleMinutes: number;
  /** How many times as long the candidate's take to start. */
  readonly candidateFactor: number;
  /**
   * How many times as long the first answer of one takes, because its caches are empty; from the `cacheRequests`th on it takes as long as
   * usual.
   */
  readonly cacheFactor: number;
  readonly cacheRequests: number;
}

/** Instances whose number follows the load, within the limits that the model declares. */
export interface Instances {
  /** How many production has for the usual traffic; each can take one and a half times what it has then. */
  readonly usual: number;
  /** How long one takes to be in service. */
  readonly startMinutes: number;
}

/** Who sends the requests. They stick to a version where the route says so. */
export interface Callers {
  readonly count: number;
  /** Requests of the n-th caller are as n to the power of minus this; 0: all send alike. */
  readonly skew: number;
  /** Part of all requests that one caller more sends, every one of which fails at either version. */
  readonly brokenShare: number;
  /** How much callers differ: standard deviations of the logarithms of their error rates and of their latencies. */
  readonly failureSpread: number;
  readonly latencySpread: number;
}

/** Labels, or ratings, that callers send back of answers. */
export interface Labels {
  /** Part of the answers that get one, 0 to 1. */
  readonly share: number;
  /** How long after the answer: log-normal, by two of its quantiles. */
  readonly medianMinutes: number;
  readonly p99Minutes: number;
  /** How many times as often the candidate's answers get one. Absent: as often. */
  readonly candidateFactor?: number;
}

/** Log-normal, by two of its quantiles. */
export interface Latency {
  readonly medianMs: number;
  readonly p99Ms: number;
}

export interface Candidate extends Behaviour {
  /** Until then the candidate behaves as production does. */
  readonly onsetMinute: number;
  /** A part of the requests takes `factor` times as long. */
  readonly tail?: { readonly share: number; readonly factor: number };
}

/** What the rehearsals of a scenario must show, or the command fails. */
export interface Expectations {
  /** Highest part of rollouts that may be rolled back although the candidate is as good as production. */
  readonly falseRollbackRate?: number;
  /** Highest part of rollouts that may promote a candidate that is worse. */
  readonly missRate?: number;
  /** Minutes within which 95 % of the rollouts roll a worse candidate back. */
  readonly detectWithinMinutes?: number;
  /** Highest mean of requests that a worse candidate fails in a rollout. */
  readonly maxBadResponses?: number;
}

/** Whether CloudWatch cannot be read so many minutes after the start. */
export function isUnreadable({ metricOutages }: Scenario, minute: number): boolean {
  return metricOutages.some(({ atMinute, minutes }) => minute >= atMinute && minute < atMinute + minutes);
}

/** Whether the candidate is worse than production, in any respect. */
export function isWorse({ production, candidate, segment }: Scenario): boolean {
  return (
    (segment !== undefined && segment.errorRate > production.errorRate) ||
    candidate.errorRate > production.errorRate ||
    candidate.tail !== undefined ||
    candidate.accuracy < production.accuracy ||
    candidate.rating < production.rating ||
    candidate.agreement < production.agreement ||
    (candidate.losses ?? 0) > 0.5 ||
    candidate.latency.medianMs > production.latency.medianMs ||
    candidate.latency.p99Ms > production.latency.p99Ms ||
    generatesWorse(candidate.generation, production.generation)
  );
}

/** More tokens are not worse, whatever they cost. */
function generatesWorse(candidate: Generating, production: Generating): boolean {
  return (
    (['firstToken', 'perToken'] as const).some((time) =>
      candidate[time].medianMs > production[time].medianMs || candidate[time].p99Ms > production[time].p99Ms) ||
    (['cutOff', 'filtered', 'unstructured'] as const).some((part) => candidate[part] > production[part])
  );
}
