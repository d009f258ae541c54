import { logSumExp } from './log-domain';

/** One guardrail's part in the combined evidence. */
export interface WeightedEvidence {
  /** Log e-value, nats. */
  readonly logEvidence: number;
  /** Relative share of α; shares need not add up to 1. */
  readonly share: number;
}

/**
 * ln Σ v_m E_m, nats: the combined e-value of all guardrails with shares v_m that add up to 1. Valid whatever the dependence
 * between them, and never later than giving each its own part of α. 0 (no evidence) for an empty list.
 *
 * @see docs/how-it-decides.md 2.7; Vovk and Wang, "E-values: calibration, combination and applications", 2021
 */
export function combinedLogEvidence(parts: readonly WeightedEvidence[]): number {
  if (parts.length === 0) {
    return 0;
  }
  const total = parts.reduce((sum, part) => sum + part.share, 0);
  return logSumExp(parts.map((part) => Math.log(part.share / total) + part.logEvidence));
}

/** Index of the guardrail that contributes most, to which a rollback is attributed (2.7); -1 for an empty list. */
export function strongest(parts: readonly WeightedEvidence[]): number {
  let best = -1;
  let most = -Infinity;
  parts.forEach((part, index) => {
    const contribution = Math.log(part.share) + part.logEvidence;
    if (contribution > most) {
      most = contribution;
      best = index;
    }
  });
  return best;
}
