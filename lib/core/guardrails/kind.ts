import type { GuardrailPlan as JudgedGuardrail, OutcomePlan } from '../judge/plan';
import type { Measurement, OutcomeCounts } from '../judge/period';
import type { Metric } from '../names';
import type { ReplayGuardrail } from '../replay/plan';
import type { BinsMeasure, JsonSchema, SumMeasure, Timing } from '../routing/measures';
import type { CommonGuardrailPlan } from './common';
import type { LabelDelayPlan } from './labels';
import type { Learnt } from './learnt';
import type { Compared, HistorySource, MetricSource, Sources } from './sources';

/**
 * Everything that any part of the product must know of a kind of comparison: what routers count for it, where its counts are read, what
 * production's history says of it, how the engine judges it, and what a rehearsal simulates. A kind is its plan and one of these; whoever
 * works with guardrails asks `kindOf` and knows no kind by name.
 */
export interface EvidenceKind<Plan extends CommonGuardrailPlan> {
  /** Names of the functions of `Guardrail` that make such a guardrail; each has its line in docs/guides/guardrails.md. */
  readonly factories: readonly string[];
  /** What is counted, where callers stick to a version. */
  unit(plan: Plan): Unit;
  /**
   * Whether each of its outcomes is a request of the alias, and assigned as the alias assigns: where each is assigned by itself, requests
   * that fail together are split between both versions as if they were not together (a cluster's part at one version is binomial, given
   * the cluster), and no dispersion is left to divide evidence by. What fails together because of the version is the clip's matter. Counts
   * of one's own may be of anything.
   */
  readonly countsAssigned: boolean;
  /** When its labels are due, if it counts labels, which come when they come; undefined if it does not. */
  labels(plan: Plan): LabelDelayPlan | undefined;
  /** Whether production may have nothing in a period without being silent. */
  readonly sparse: boolean;

  /** Quantiles of production's last day that bound what an answer counts for; none for most. They are its thresholds. */
  learns(plan: Plan): LearntQuantiles | undefined;
  /**
   * What routers must count for it, beside requests and failures.
   *
   * @param thresholds what was learnt; without it only of which kind that is
   */
  counted(plan: Plan, thresholds: readonly number[]): RouterCounts;
  /** Its outcomes among those that routers count by cells of callers or segments; none if they do not. */
  cells(plan: Plan, learnt: Learnt, place: Place): readonly CellOutcome[];
  /** Where its counts are; undefined where there are none yet. */
  sources(plan: Plan, compared: Compared, known: { readonly learnt: Learnt; readonly place: Place }): Sources | undefined;
  /** What of production's last day says how its counts vary; none where that is not asked. Thresholds are learnt before. */
  history(plan: Plan, production: Pick<Compared, 'alias' | 'production'>, learnt: Pick<Learnt, 'thresholds'>): readonly HistorySource[];
  /** Whether the exact form can judge it, should its outcomes be frequent. */
  hasExactForm(plan: Plan): boolean;

  /** What the engine is to judge; nothing where production's history lacks what it takes. */
  judged(plan: Plan, known: { readonly learnt: Learnt; readonly periodSeconds: number }): readonly JudgedGuardrail[];
  /** What was read of a period, for the engine. */
  measured(plan: Plan, candidate: OutcomeCounts, production: OutcomeCounts, learnt: Pick<Learnt, 'thresholds'>): Measurement;
  /** By what of a replay the same is judged; undefined if a replay says nothing of it. */
  readonly replayed: ReplayGuardrail | undefined;

  /** What of a simulated candidate it looks at; see rehearsal/results/blind-spots.ts. */
  readonly sees: readonly Trait[];
  /** What stands for metrics that nobody of this package publishes, so that they can be rehearsed. */
  standIns(plan: Plan): readonly StandIn[];
  /** The output of a shadow's mirror that it compares; undefined for others. */
  output(plan: Plan): ShadowOutput | undefined;
}

/**
 * `caller`: requests, which routers also count by caller. `request`: requests or answers, of which nobody knows whose they are. `pair`: two
 * answers to the same request, whoever sent it.
 */
export type Unit = 'caller' | 'request' | 'pair';

export type Trait =
  | 'failures' | 'latency' | 'first-token' | 'time-per-token' | 'finish' | 'tokens' | 'cost' | 'structure'
  | 'accuracy' | 'ratings' | 'agreement' | 'preference' | 'predictions' | 'values';

/** What routers must count. */
export interface RouterCounts {
  /** Requests beyond production's own quantiles. */
  readonly quantiles?: QuantileCounts;
  /** Where a value in the answers falls. */
  readonly bins?: BinsMeasure;
  /** Sums of tokens, or of what they cost. */
  readonly sum?: SumMeasure;
  /** Answers that break a schema. */
  readonly schema?: JsonSchema;
}

/** Quantiles of metrics. */
export interface LearntQuantiles {
  /** What the values are called, as in "production has no tokens of the last day". */
  readonly values: string;
  readonly quantiles: readonly LearntQuantile[];
}

export interface LearntQuantile {
  readonly metric: Metric;
  /** In (0, 1). */
  readonly quantile: number;
}

/** Requests beyond quantiles of what production's times were before the rollout. */
export interface QuantileCounts {
  readonly timing: Timing;
  /** What the times are called, as in "production has no latencies of the last day". */
  readonly values: string;
  /** In (0, 1). */
  readonly quantiles: readonly number[];
  /** Times production's quantile beyond which a request of the candidate's counts. */
  readonly factor: number;
}

/** Which of a route's measures are a guardrail's: the first of its thresholds, its bins, its sum, its schema. */
export interface Place {
  readonly threshold: number;
  readonly bins: number;
  readonly sums: number;
  readonly schemas: number;
}

/** An outcome that routers count by cell: 0 is failures, others are requests slower than the threshold before. */
export interface CellOutcome {
  readonly outcome: number;
  readonly form: NonNullable<OutcomePlan['form']>;
  /** Whether it depends on thresholds, which may be younger than the counts. */
  readonly byThreshold: boolean;
}

/** A metric of others, and what stands for it. */
export interface StandIn {
  readonly source: MetricSource;
  readonly side: 'candidate' | 'production';
  readonly metric: Metric;
}

export interface ShadowOutput {
  readonly shadow: string;
  /** Index among the mirror's outputs. */
  readonly output: number;
  readonly bins: number;
}

/** What most kinds have none of, and that they are measured by counts. */
export const PLAIN = {
  labels: () => undefined,
  sparse: false,
  learns: () => undefined,
  counted: () => ({}),
  cells: () => [],
  standIns: () => [],
  output: () => undefined,
  measured: (_plan, candidate, production) => ({ kind: 'counts', candidate, production }),
} satisfies Partial<EvidenceKind<CommonGuardrailPlan>>;
