import type { Measurement, OutcomeCounts } from '../judge/period';
import type { CommonGuardrailPlan } from './common';
import { type EvidenceKind, PLAIN } from './kind';

/** Of a shadow: two answers to the same request are one outcome, whoever sent it, and nothing of production's day is like them. */
export const PAIRS = {
  ...PLAIN,
  unit: () => 'pair',
  countsAssigned: false,
  history: () => [],
  hasExactForm: () => false,
} satisfies Partial<EvidenceKind<CommonGuardrailPlan>>;

/** Pairs by which version was alone in being worse. */
export function discordance(_plan: CommonGuardrailPlan, { total, bad }: OutcomeCounts): Measurement {
  return { kind: 'discordance', pairs: total, onlyCandidateWrong: bad[0], onlyProductionWrong: bad[1] };
}
