import { createHash } from 'node:crypto';
import { Annotations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import type { EvidenceGuardrailPlan, GuardrailPlan, JudgementPlan } from '../core/rollout/plan';
import { isSegmented } from '../core/rollout/segments';
import { CALLER_CELLS } from '../core/routing/assign-by-cell';

/** A day is learnt from, and the minute that is being counted may be late. */
const KEEP_SECONDS = 2 * 86_400;

/** What routers count by caller, so that callers who stick to a version can be compared with themselves. */
const BY_CALLER: readonly EvidenceGuardrailPlan['kind'][] = ['errors', 'latency'];
/** What compares two answers to the same request, whoever sent it. */
const PAIRED: readonly EvidenceGuardrailPlan['kind'][] = ['agreement', 'shadow-accuracy'];

/**
 * Have routers count callers from now on, where they stick to a version and a guardrail compares versions by them, or the split is checked.
 */
export function countCallers(alias: EndpointAlias, plans: readonly GuardrailPlan[], judgement: JudgementPlan | undefined): void {
  if (
    alias.sticky &&
    (judgement?.sampleRatio !== undefined || plans.some(({ kind }) => BY_CALLER.includes(kind as EvidenceGuardrailPlan['kind'])))
  ) {
    // Cells of another part of the request are other callers: they have a counter of their own.
    const key = createHash('sha256').update(JSON.stringify(alias.assignment)).digest('hex').slice(0, 8);
    alias.attachCounter({
      name: `callers-${key}`,
      by: { source: 'assignment' },
      cells: CALLER_CELLS,
      slow: plans.some(({ kind }) => kind === 'latency'),
      keepSeconds: KEEP_SECONDS,
    });
  }
}

/** Say which guardrails count requests as if each were assigned by itself, where callers stick. */
export function warnOfCallers(
  scope: Construct,
  alias: EndpointAlias,
  plans: readonly GuardrailPlan[],
  judgement: JudgementPlan | undefined,
): void {
  const unfair = plans.filter((plan) => isByRequest(plan) && plan.action !== 'observe').map(({ name }) => name);
  if (alias.sticky && judgement !== undefined && unfair.length > 0) {
    Annotations.of(scope).addWarningV2(
      'cdk-model-rollout:stickyEvidence',
      `the assignment of alias ${JSON.stringify(alias.aliasName)} keeps callers with a version, and ${unfair.join(', ')} `
        + `count${unfair.length === 1 ? 's' : ''} requests or answers without knowing whose they are: ` +
        `there, callers who differ from the others can stop a healthy version more often than the falseRollback of ${judgement.alpha}, `
          + 'or hide a worse one; let such a guardrail observe, ' +
        'compare with a shadow in its place, leave the assignment out, or acknowledge this where callers are many and alike',
    );
  }
}

function isByRequest(plan: GuardrailPlan): boolean {
  const { kind } = plan;
  // Within a segment nobody knows whose requests they are.
  return (
    isSegmented(plan) ||
    (kind !== 'alarm' &&
      kind !== 'function' &&
      !BY_CALLER.includes(kind) &&
      !PAIRED.includes(kind) &&
      !(plan.kind === 'drift' && plan.shadow !== undefined))
  );
}
