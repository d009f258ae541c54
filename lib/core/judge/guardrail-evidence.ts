import type { Counts } from './counts';
import type { Limits } from './caller-bias';
import type { ClipPlan } from './clip';
import type { DriftSize } from './drift';
import type { Measurement } from './period';
import type { RatioInterval } from './ratio-interval';

/** What all guardrails of a rollout share. */
export interface EvidenceSettings {
  /** H of the reserve mixture. */
  readonly plannedPeriods: number;
  /** Periods up to the deadline. */
  readonly longestPeriods?: number;
  /** How much one period can say; where it is limited, what fails together by version is divided by its dispersion too. */
  readonly clip?: ClipPlan;
  /** g₀ of the reserve mixture. */
  readonly firstInvestment: number;
  /** ln(1/α_p). */
  readonly certificationThreshold: number;
}

/** The evidence of one guardrail, fed with checked measurements in the order of their periods. */
export interface GuardrailEvidence {
  /**
   * `index` counts the plan's periods from the start of the rollout, up to the last of the `periods` (1) that are measured; gaps are
   * allowed.
   */
  add(measurement: Measurement, index: number, periods?: number): void;
  /** A step begins: it is certified by itself. */
  beginStep(): void;
  /** Whether the margin has been excluded since the step began; false for what cannot be certified. */
  readonly certified: boolean;
  /** Log e-value that the candidate is worse than allowed, nats. */
  logEvidence(): number;
  /** The same from the step alone, with no reserve for later ones; 0 where nothing is held for that. */
  logEvidenceInStep(): number;
  /** Everything there is to show by now. What costs more than the evidence itself is computed where somebody reads it. */
  finding(): Finding;
}

/** What a guardrail has found, to show. */
export interface Finding {
  /** What was counted, over all periods. */
  readonly counts?: Tally;
  /** How many times production's rate the candidate's is. */
  readonly ratio?: RatioInterval;
  /** Mean of the candidate less the allowed factor times production's, in the outcome's unit. */
  readonly difference?: { readonly estimate: number; readonly lower: number; readonly upper: number };
  readonly drift?: DriftSize;
  /** Log e-value of the certification, nats; of the outcome that is furthest from it. */
  readonly logCertification?: number;
  /** The outcomes of a counts guardrail, each by itself. */
  readonly outcomes?: readonly OutcomeFinding[];
  /** As in "errors: 41 of 1,320 (3.1 %) of the candidate's requests, 120 of 12,000 (1 %) of production's, 3.1 times as often". */
  readonly phrase: string;
  /**
   * The same of the latest periods, where the evidence comes from these and they are not even half of the rollout; `since` counts the
   * plan's periods.
   */
  readonly deciding?: { readonly since: number; readonly phrase: string };
}

export interface OutcomeFinding {
  readonly label: string;
  readonly logEvidence: number;
  readonly certified: boolean;
  readonly logCertification: number;
  readonly counts: Counts;
  readonly ratio: RatioInterval;
  /** Times production's that the candidate's callers have at one and the same version; where callers stick to one. */
  readonly ofCallers?: Limits;
}

/** Counts over all periods. Pairs have no production side. */
export interface Tally {
  readonly candidateTotal: number;
  readonly candidateBad: number;
  readonly productionTotal?: number;
  readonly productionBad?: number;
}

/** Confidence of displayed intervals: each side is wrong with at most this probability over the whole rollout. */
export const DISPLAY_ALPHA = 0.05;
