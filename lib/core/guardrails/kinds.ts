import { agreement, type AgreementPlan } from './agreement';
import type { AlarmGuardrailPlan } from './alarm';
import { drift, type DriftPlan } from './drift';
import { errors, type ErrorsPlan } from './errors';
import { finishReasons, type FinishReasonsPlan } from './finish-reasons';
import { firstToken, type FirstTokenPlan } from './first-token';
import { feedback, type FeedbackPlan } from './feedback';
import type { FunctionGuardrailPlan } from './function';
import type { EvidenceKind } from './kind';
import { latency, type LatencyPlan } from './latency';
import { mean, type MeanMetricPlan } from './mean';
import { metric, type MetricPlan } from './metric';
import { preference, type PreferencePlan } from './preference';
import { rating, type RatingPlan } from './rating';
import { schema, type SchemaPlan } from './schema';
import { shadowAccuracy, type ShadowAccuracyPlan } from './shadow-accuracy';
import { timePerToken, type TimePerTokenPlan } from './time-per-token';
import { cost, type CostPlan, tokens, type TokensPlan } from './tokens';

/** A comparison of candidate and production by evidence, see lib/core/judge. */
export type EvidenceGuardrailPlan =
  | ErrorsPlan | LatencyPlan | FirstTokenPlan | TimePerTokenPlan | FinishReasonsPlan | TokensPlan | CostPlan | SchemaPlan
  | MetricPlan | MeanMetricPlan | DriftPlan | AgreementPlan | PreferencePlan | FeedbackPlan | RatingPlan | ShadowAccuracyPlan;

/** A condition that protects users. */
export type GuardrailPlan = AlarmGuardrailPlan | EvidenceGuardrailPlan | FunctionGuardrailPlan;

/** Every kind of comparison. A plan without its kind, or the other way round, does not compile. */
export const KINDS: { readonly [Kind in EvidenceGuardrailPlan['kind']]: EvidenceKind<Extract<EvidenceGuardrailPlan, { kind: Kind }>> } = {
  'errors': errors,
  'latency': latency,
  'first-token': firstToken,
  'time-per-token': timePerToken,
  'finish-reasons': finishReasons,
  'tokens': tokens,
  'cost': cost,
  'schema': schema,
  'metric': metric,
  'mean': mean,
  'drift': drift,
  'agreement': agreement,
  'preference': preference,
  'feedback': feedback,
  'rating': rating,
  'shadow-accuracy': shadowAccuracy,
};

/** What there is to know of a guardrail's kind. */
export function kindOf(plan: EvidenceGuardrailPlan): EvidenceKind<EvidenceGuardrailPlan> {
  return KINDS[plan.kind];
}

/** Whether a guardrail compares, with the evidence for it. */
export function isEvidence(plan: GuardrailPlan): plan is EvidenceGuardrailPlan {
  return plan.kind !== 'alarm' && plan.kind !== 'function';
}

/** The guardrails that are judged by evidence, in their order. */
export function evidenceGuardrails({ guardrails }: { readonly guardrails: readonly GuardrailPlan[] }): EvidenceGuardrailPlan[] {
  return guardrails.filter(isEvidence);
}

/** Minutes after an inference at which a guardrail's labels are due; undefined for one that counts no labels. */
export function labelDelayOf(plan: GuardrailPlan | undefined): number | undefined {
  const labels = plan !== undefined && isEvidence(plan) ? kindOf(plan).labels(plan) : undefined;
  return labels && (labels.labelDelayMinutes ?? 0);
}
