import type { GuardrailJudgement, Judgement } from '../../../lib/core/judge/judgement';

/** What the evidence said at a decision. Fields are added, never changed. */
export interface EvidenceStatus {
  readonly verdict: string;
  readonly sentence: string;
  /** E-value of all guardrails that roll back, together, and the one at which they do. */
  readonly evidence: number;
  readonly threshold: number;
  readonly guardrails: readonly GuardrailEvidenceStatus[];
  /** Shares of the requests that the candidate had and should have had, percent. */
  readonly split?: { readonly observed: number; readonly configured: number };
}

export interface GuardrailEvidenceStatus {
  readonly name: string;
  readonly action: string;
  /** E-value of this guardrail alone. */
  readonly evidence: number;
  /**
   * How many times production's rate the candidate's is, with an interval that holds at every look; no upper end while nothing is known.
   */
  readonly ratio?: { readonly estimate?: number; readonly lower: number; readonly upper?: number };
  /** Absent where it is not asked for. */
  readonly certified?: boolean;
  /** Its measurements have stopped. */
  readonly silent: boolean;
  readonly sentence: string;
}

/** The largest that JSON has; beyond it nobody compares. */
const MOST = 1e300;

export function evidenceStatus({ verdict, sentence, logEvidence, logThreshold, guardrails, sampleRatio }: Judgement): EvidenceStatus {
  const { observed, configured } = sampleRatio ?? {};
  return {
    verdict, sentence,
    evidence: eValue(logEvidence),
    threshold: Number(eValue(logThreshold).toPrecision(12)),
    guardrails: guardrails.map(guardrailStatus),
    ...(observed === undefined || configured === undefined ? {} : { split: { observed: 100 * observed, configured: 100 * configured } }),
  };
}

function guardrailStatus({ name, action, logEvidence, ratio, certified, silent, sentence }: GuardrailJudgement): GuardrailEvidenceStatus {
  return {
    name,
    action,
    evidence: eValue(logEvidence),
    ...(ratio && { ratio }),
    ...(certified === undefined ? {} : { certified }),
    silent,
    sentence,
  };
}

/** JSON has no infinity: a record may have null for one. */
function eValue(log: number | null): number {
  return Math.min(MOST, Math.exp(log ?? -Infinity));
}
