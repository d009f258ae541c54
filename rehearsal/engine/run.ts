
/** How a rehearsed rollout ended. */
export type Verdict =
  /** The candidate became production. */
  | 'promoted'
  /** A guardrail rolled the candidate back. */
  | 'rolled back'
  /** The rollout gave up for another reason: deadline, readiness, too few requests, the controller's failure. */
  | 'gave up'
  /** Somebody else changed the alias. */
  | 'superseded'
  /** The controller was gone, and the candidate's lease ran out. */
  | 'lease ran out';

/** What a candidate has done to callers. */
export interface Toll {
  readonly candidateRequests: number;
  /** Requests that the candidate failed. */
  readonly candidateFailures: number;
  /** Of them, those that production would not have failed, on average. */
  readonly excessFailures: number;
  /** Answers that were wrong where production's would have been right, on average: more than it would have given. */
  readonly excessWrong: number;
}

/** One rehearsed rollout. */
export interface Run extends Toll {
  readonly verdict: Verdict;
  /** The controller's sentence. */
  readonly sentence: string;
  /** The same for every run that ended in the same way. */
  readonly gist: string;
  /** From the gate's call until the rollout's end. */
  readonly seconds: number;
  /**
   * From the first moment at which the candidate was worse and had requests until it had none; absent if that never came, or never ended.
   */
  readonly detectionSeconds?: number;
  /** What was done that is billed; of a plan's rollouts. */
  readonly usage?: Usage;
  /** CloudFormation was told the end; it is not where nobody waits. */
  readonly answered: boolean;
  /** Changes of the candidate's share: seconds from the start, percent. */
  readonly shares: readonly (readonly [number, number])[];
  readonly trace?: Trace;
}

/** What a plot of one rollout needs. */
export interface Trace {
  /** By minute from the start. */
  readonly minutes: readonly {
    readonly candidateRequests: number;
    readonly candidateFailures: number;
    readonly productionRequests: number;
    readonly productionFailures: number;
  }[];
  /** States of alarms whenever one changed: seconds from the start. */
  readonly alarms: readonly { readonly second: number; readonly alarm: string; readonly state: string }[];
  /** Decisions other than repeated holds: seconds from the start. */
  readonly decisions: readonly { readonly second: number; readonly verdict: string; readonly sentence: string }[];
}

/** What one rollout's machinery did that is billed. */
export interface Usage {
  /** States that Step Functions entered. */
  readonly transitions: number;
  /** Calls of gate, controller, abort and operate. */
  readonly invocations: number;
  /** Metrics that GetMetricData was asked for. */
  readonly metricsRead: number;
  readonly tableReads: number;
  readonly tableWrites: number;
}
