import type { Finding } from './guardrail-evidence';
import type { Problem } from './timeline';

/** Where a rollout stands when it is judged. */
export interface Standing {
  /** The step whose advance is asked for. Periods of other steps count as evidence of harm, not as proof of health. */
  readonly step: number;
  /** Until when periods are closed and complete, epoch milliseconds: the clock less the metrics' delay. */
  readonly closedUntil: number;
}

/** What the evidence allows. `hold` is what remains when nothing else is certain. */
export type Verdict = 'advance-permitted' | 'hold' | 'roll back' | 'invalid';

/** Something that stands against advancing. */
export interface JudgeReason {
  readonly kind:
    /** Counts that cannot be true, and a split that is not as configured: the comparison is invalid. */
    | 'data' | 'split'
    /** Nothing was read: no requests, no check of the split, nothing of a guardrail. */
    | 'no-traffic' | 'split-unchecked' | 'silent'
    /** There is evidence of harm: not enough, or of a guardrail that holds. */
    | 'suspicious' | 'held'
    /** The step is too young. */
    | 'other-step' | 'baking'
    /** There was too little to prove health by. */
    | 'uncertified';
  /** The guardrail that it is about, if it is about one. */
  readonly guardrail?: string;
  readonly text: string;
}

/** A verdict with everything that led to it, to be stored as it is. */
export interface Judgement {
  readonly verdict: Verdict;
  /** One sentence for whoever is on call, without the verdict. */
  readonly sentence: string;
  /** Everything that stands against advancing, most important first; empty when it is permitted. */
  readonly reasons: readonly JudgeReason[];
  /** Combined log e-value of the guardrails that roll back, nats, now and at its highest. */
  readonly logEvidence: number;
  readonly highestLogEvidence: number;
  /** ln(1/α): a rollback once the combined evidence has ever reached it. */
  readonly logThreshold: number;
  /** Start of the period at which it did. */
  readonly crossedAt?: number;
  /** Guardrail that the evidence is attributed to. */
  readonly attributedTo?: string;
  readonly guardrails: readonly GuardrailJudgement[];
  readonly sampleRatio: SampleRatioJudgement;
  readonly problems: readonly Problem[];
  readonly periods: PeriodTally;
}

export interface GuardrailJudgement extends Finding {
  readonly name: string;
  readonly action: 'rollback' | 'hold' | 'observe';
  /** Log e-value of this guardrail alone, nats. */
  readonly logEvidence: number;
  /** Undefined where certification is not asked for. */
  readonly certified?: boolean;
  /** Whether what has been seen in the step speaks for harm rather than for health, though neither is certain; absent where it does not. */
  readonly looksWorse?: boolean;
  /** Whether its measurements have stopped. */
  readonly silent: boolean;
  readonly sentence: string;
}

export interface SampleRatioJudgement {
  readonly logEvidence: number;
  /** ln(1/α) of this check. */
  readonly logThreshold: number;
  /** Start of the period at which the split was found broken. */
  readonly brokenAt?: number;
  /** Observed and configured share of the candidate, over the periods checked. */
  readonly observed?: number;
  readonly configured?: number;
}

export interface PeriodTally {
  /** Closed periods since the start, with data or without. */
  readonly closed: number;
  /** Of these, read with traffic; the clock of a rollout stops without. */
  readonly withData: number;
  /** With traffic, in the current step. */
  readonly inStep: number;
  /** Closed periods since the last one with traffic. */
  readonly sinceLast: number;
}
