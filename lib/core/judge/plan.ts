import type { OutcomeBounds } from './bounded-means';
import type { ClipPlan } from './clip';
import type { Wander } from './overdispersion';
import type { Bound } from './rate';

/** What a rollout decided before it began: everything here is fixed while it runs, which is what keeps its evidence valid. */
export interface JudgePlan {
  /** Start of the first period, epoch milliseconds. Earlier periods are history and are ignored. */
  readonly start: number;
  /** Length of a period, milliseconds. */
  readonly periodMs: number;
  /** Planned number of periods over all steps, the final bake included: the horizon over which the reserve is invested. */
  readonly plannedPeriods: number;
  /** Periods up to the deadline, over which what is left of the reserve is stretched. @default plannedPeriods */
  readonly longestPeriods?: number;
  /** From which periods on they are longer, ascending: what is read anew at every judgement must not be too much. @default none */
  readonly coarser?: readonly CoarserPeriods[];
  /**
   * How much one period can say; with it, evidence is divided by the dispersion of the split so far. @default nothing limits it, and
   * requests are taken as independent
   */
  readonly clip?: ClipPlan;
  readonly guardrails: readonly GuardrailPlan[];
  /** Periods with data that the current step must have had before it may be left. @default 10 */
  readonly minimumPeriods?: number;
  /** First periods of the rollout that guardrails disregard, for cold caches. @default 0 */
  readonly warmUpPeriods?: number;
  /** Latest periods that may be without data before health counts as unknown. @default 3 */
  readonly silentPeriods?: number;
  /** Chance of rolling a healthy candidate back, over the whole rollout and all guardrails. @default 0.01 */
  readonly alpha?: number;
  /** Chance of certifying a candidate at the margin, per guardrail and step. @default 0.05 */
  readonly certificationAlpha?: number;
  /** Whether every step must certify health anew or the whole rollout does once. @default 'step' */
  readonly certificationScope?: 'step' | 'rollout';
  /** Combined evidence above which no step is left although it does not suffice to roll back. @default 10 */
  readonly suspicion?: number;
  /** Share of the evidence's wealth that is invested in the first period; the rest meets late regressions. @default 0.8 */
  readonly firstInvestment?: number;
  /** Check that requests are split as configured. @default on, tolerance 0.05, α 0.001, overdispersion 1 */
  readonly sampleRatio?: SampleRatioPlan;
}

/** From when on periods have another length. Counts are in periods of the plan, which are the shortest. */
export interface CoarserPeriods {
  /** Periods of the plan since its start. */
  readonly after: number;
  readonly length: number;
}

/** How the split of the requests is checked (2.4). */
export interface SampleRatioPlan {
  /** Relative tolerance on the odds of reaching the candidate. */
  readonly tolerance: number;
  readonly alpha: number;
  /** φ ≥ 1; above 1 where callers stick to a variant and send many requests each. */
  readonly overdispersion: number;
}

/** The judge needs a tolerance; one without bounds leaves the split unchecked. */
export const UNCHECKED_SPLIT: SampleRatioPlan = { tolerance: 1e9, alpha: 1e-9, overdispersion: 1 };

export type GuardrailPlan = CountsPlan | SegmentsPlan | MeanPlan | DriftPlan | DisagreementPlan | DiscordancePlan;

interface CommonPlan {
  /** Key of its measurements in every period. */
  readonly name: string;
  /**
   * `rollback`: its evidence counts towards the combined one. `hold`: once it alone reaches 1/α no step is left any more.
   * `observe`: shown only.
   * @default 'rollback'
   */
  readonly action?: 'rollback' | 'hold' | 'observe';
  /** Relative share of α among the guardrails that roll back. @default 1 */
  readonly share?: number;
  /** Whether it must be certified before a step is left. @default true, except drift and segments (which cannot be) and `observe` */
  readonly mustCertify?: boolean;
  /** φ ≥ 1: how many times more its counts vary than independent requests would make them (2.8). @default 1 */
  readonly overdispersion?: number;
  /** Latest closed periods of which its measurements are not due yet, because what it measures becomes known late. @default 0 */
  readonly delayPeriods?: number;
  /** Latest periods, of those that are due, that may be without a measurement. @default the plan's */
  readonly silentPeriods?: number;
}

/** Bad outcomes per request: errors, or requests slower than thresholds (2.1, 2.2). Evidence is averaged over the outcomes. */
export interface CountsPlan extends CommonPlan {
  readonly kind: 'counts';
  readonly outcomes: readonly OutcomePlan[];
  /** What does not yet count as worse. @default ratio 1.1, tolerance 0.0005 */
  readonly allowed?: Bound;
  /** What certification must exclude; wider than `allowed`. @default ratio 1.5, tolerance 0.001 */
  readonly margin?: Bound;
  /** Callers stick to a version: every measurement says what those of the candidate bring along (2.8d). @default false */
  readonly byCallers?: boolean;
  /** Check that both versions' answers get labels alike, where what is counted is labels (2.4a). @default not checked */
  readonly labelRatio?: LabelRatioPlan;
}

/** How it is checked that answers get labels alike. */
export interface LabelRatioPlan {
  /** Relative tolerance on the odds that a label is of the candidate's answers. */
  readonly tolerance: number;
  readonly alpha: number;
}

/**
 * The same by segments: a part of the requests each, by a value in them. Evidence is averaged over segments and outcomes, so that one
 * promise holds for all of them. Segments are too small to be certified.
 */
export interface SegmentsPlan extends CommonPlan {
  readonly kind: 'segments';
  /** What they are segments by, as in "errors of x-tenant acme". */
  readonly label: string;
  /** Number of segments. */
  readonly segments: number;
  /**
   * Names of the first of them; the last is for all other values. Absent: values fall into segments by their hash, and have names only
   * where they failed.
   */
  readonly values?: readonly string[];
  readonly outcomes: readonly OutcomePlan[];
  /** What does not yet count as worse. @default ratio 1.1, tolerance 0.0005 */
  readonly allowed?: Bound;
  /** Requests of one caller meet one version: what fails in a segment alone may be one caller's. @default false */
  readonly sticky?: boolean;
}

/** One kind of bad outcome. */
export interface OutcomePlan {
  /** As in "errors: 41 of 1,320 of the candidate's requests". */
  readonly label: string;
  /**
   * `rate` where fewer than about 5 % of the requests have it; `odds` above: exact, but the ratios of the bounds are then odds
   * ratios, their tolerances unused, and counts must be whole. Chosen before the rollout. @default 'rate'
   */
  readonly form?: 'rate' | 'odds';
  /** How it wanders by itself. @default it does not */
  readonly wander?: Wander;
  /** Whether a day of production's had hardly any of them, and no bursts. @default false */
  readonly calm?: boolean;
  /** Whether it had no bursts beyond what is usual; then the rollout's own split must not show any either. @default false */
  readonly steady?: boolean;
  /** Whether it had bursts. @default false */
  readonly bursty?: true;
}

/** A mean: a feedback score, a business figure (2.3). */
export interface MeanPlan extends CommonPlan {
  readonly kind: 'mean';
  readonly label: string;
  /** Which direction is a regression. */
  readonly worse: 'lower' | 'higher';
  /** Factor on production's mean that does not yet count as worse: at most 1 where lower is worse. @default 0.95 or 1.05 */
  readonly allowed?: number;
  /** Factor that certification must exclude. @default 0.9 or 1.1 */
  readonly margin?: number;
  /** Standard deviation of one outcome in production's history, in its unit. */
  readonly standardDeviation: number;
  /** Candidate outcomes after which the test should be sharpest. @default 2000 */
  readonly samplesOfInterest?: number;
  /** Whether measurements carry capped sums, which add an exact half to the evidence. @default false */
  readonly capped?: boolean;
  /**
   * Given where measurements are of what outcomes are above the lowest, see `boundedSums`; means are shown as outcomes are. @default none
   */
  readonly bounds?: OutcomeBounds;
  /** Check that both versions' answers get labels alike, where outcomes are labels (2.4a). @default not checked */
  readonly labelRatio?: LabelRatioPlan;
}

/** Where predictions fall (2.5). */
export interface DriftPlan extends CommonPlan {
  readonly kind: 'drift';
  readonly label: string;
  readonly bins: number;
  /** Factor by which a bin's share may change. @default 1.1 */
  readonly ratio?: number;
}

/** Two answers to the same request that differ (2.6, shadow). */
export interface DisagreementPlan extends CommonPlan {
  readonly kind: 'disagreement';
  readonly label: string;
  /** Share of the pairs that may disagree, D₀ in (0, 1). */
  readonly bound: number;
  /** Share that certification must exclude. @default the bound */
  readonly margin?: number;
  /** What the pairs that count do. @default disagree */
  readonly verb?: string;
}

/** Pairs: which side was wrong, or failed (2.6, McNemar). */
export interface DiscordancePlan extends CommonPlan {
  readonly kind: 'discordance';
  readonly label: string;
  /** How many times more often than production the candidate may be alone in being wrong. @default 1.1 */
  readonly ratio?: number;
  /** What certification must exclude. @default 1.5 */
  readonly margin?: number;
  /**
   * What certification must exclude instead: by which share of all pairs the candidate is wrong more often than production. For pairs that
   * are seldom wrong, of which a ratio says little. @default none
   */
  readonly tolerance?: number;
  /** Which pairs are counted, and what one side did. @default labelled pairs that were wrong */
  readonly words?: { readonly pairs: string; readonly verb: string };
}

/** The defaults, see docs/how-it-decides.md. */
export const DEFAULTS = {
  minimumPeriods: 10,
  warmUpPeriods: 0,
  silentPeriods: 3,
  alpha: 0.01,
  certificationAlpha: 0.05,
  certificationScope: 'step',
  suspicion: 10,
  /** Evidence of harm in a step by itself above which it looks worse there. */
  leaning: 3,
  firstInvestment: 0.8,
  sampleRatio: { tolerance: 0.05, alpha: 0.001, overdispersion: 1 },
  allowed: { ratio: 1.1, tolerance: 0.0005 },
  /** Times production's latency. */
  slowdown: 1.1,
  /**
   * The absolute part is what lets a candidate be certified whose production hardly ever fails: without it no number of
   * faultless requests is evidence about a ratio.
   */
  margin: { ratio: 1.5, tolerance: 0.001 },
  samplesOfInterest: 2000,
  driftRatio: 1.1,
  discordanceRatio: 1.1,
  discordanceMargin: 1.5,
} as const;

/** What a plan's guardrail does with its evidence, defaults applied. */
export function actionOf(guardrail: GuardrailPlan): 'rollback' | 'hold' | 'observe' {
  return guardrail.action ?? 'rollback';
}

/** Whether a step waits for a guardrail's certification, defaults applied. */
export function mustCertify(guardrail: GuardrailPlan): boolean {
  return (
    guardrail.kind !== 'drift' && guardrail.kind !== 'segments' && actionOf(guardrail) !== 'observe' && (guardrail.mustCertify ?? true)
  );
}

/** Allowed factor and margin of a mean, defaults applied. */
export function meanBounds(guardrail: MeanPlan): readonly [allowed: number, margin: number] {
  return guardrail.worse === 'lower'
    ? [guardrail.allowed ?? 0.95, guardrail.margin ?? 0.9]
    : [guardrail.allowed ?? 1.05, guardrail.margin ?? 1.1];
}
