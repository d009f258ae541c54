import type { CallerBias, Limits } from './caller-bias';
import type { Moments } from './stratified-means';

/** One closed period of a rollout: what was configured and what was counted. */
export interface Period {
  /** Epoch milliseconds. */
  readonly start: number;
  /** Which step of the rollout it belongs to. */
  readonly step: number;
  /**
   * The candidate's configured share of the requests; absent while it changed within the period, which then says nothing about the split.
   */
  readonly share?: number;
  /** What part of the requests the candidate's callers may send, where callers stick to a version; absent: as many as its share. */
  readonly expected?: Limits;
  /** Requests routed to each variant; absent when they could not be read. */
  readonly requests?: { readonly candidate: number; readonly production: number };
  /** By name of the guardrail; absent when they could not be read. A count of zero is a measurement. */
  readonly measurements: { readonly [guardrail: string]: Measurement | undefined };
}

export type Measurement =
  CountsMeasurement | SegmentsMeasurement | MeanMeasurement | DriftMeasurement | DisagreementMeasurement | DiscordanceMeasurement;

export interface CountsMeasurement {
  readonly kind: 'counts';
  readonly candidate: OutcomeCounts;
  readonly production: OutcomeCounts;
  /** Answers of each version that could have got a label, where the totals are labels. */
  readonly answers?: { readonly candidate: number; readonly production: number };
  /** What the callers of the candidate bring along, one for each outcome of a plan that compares by callers. */
  readonly bias?: readonly CallerBias[];
}

export interface SegmentsMeasurement {
  readonly kind: 'segments';
  readonly candidate: SegmentCounts;
  readonly production: SegmentCounts;
  /** How many of the plan's periods it is of, up to the one that it belongs to. @default that one's */
  readonly periods?: number;
  /** By segment: a value in it that the candidate failed. */
  readonly names?: ReadonlyMap<number, string>;
}

export interface SegmentCounts {
  /** By segment. */
  readonly totals: readonly number[];
  /** By outcome of the plan, then by segment. */
  readonly bad: readonly (readonly number[])[];
}

export interface OutcomeCounts {
  readonly total: number;
  /** One count per outcome of the plan, in its order. */
  readonly bad: readonly number[];
}

export interface MeanMeasurement {
  readonly kind: 'mean';
  readonly candidate: MeanSums;
  readonly production: MeanSums;
  /** Answers of each version that could have got a label, where outcomes are labels. */
  readonly answers?: { readonly candidate: number; readonly production: number };
}

export interface MeanSums extends Moments {
  /** Σ min(x, cap)/cap of the outcomes, each in [0, 1], with a cap fixed from history. */
  readonly cappedSum?: number;
}

export interface DriftMeasurement {
  readonly kind: 'drift';
  /** Predictions per bin. */
  readonly candidate: readonly number[];
  readonly production: readonly number[];
}

export interface DisagreementMeasurement {
  readonly kind: 'disagreement';
  readonly pairs: number;
  readonly disagreements: number;
}

export interface DiscordanceMeasurement {
  readonly kind: 'discordance';
  /** Labelled pairs. */
  readonly pairs: number;
  readonly onlyCandidateWrong: number;
  readonly onlyProductionWrong: number;
}
