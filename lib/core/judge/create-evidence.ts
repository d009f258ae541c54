import { CountsEvidence } from './counts-evidence';
import { DriftGuardrailEvidence } from './drift-evidence';
import type { EvidenceSettings, GuardrailEvidence } from './guardrail-evidence';
import { MeanEvidence } from './mean-evidence';
import { DisagreementEvidence, DiscordanceEvidence } from './pair-evidence';
import type { GuardrailPlan } from './plan';
import { SegmentsEvidence } from './segments-evidence';

/** Fresh evidence for a guardrail. */
export function createEvidence(plan: GuardrailPlan, settings: EvidenceSettings): GuardrailEvidence {
  switch (plan.kind) {
    case 'counts': return new CountsEvidence(plan, settings);
    case 'segments': return new SegmentsEvidence(plan, settings);
    case 'mean': return new MeanEvidence(plan, settings);
    case 'drift': return new DriftGuardrailEvidence(plan, settings);
    case 'disagreement': return new DisagreementEvidence(plan, settings);
    case 'discordance': return new DiscordanceEvidence(plan, settings);
  }
}
