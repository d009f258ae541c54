import { createHash } from 'node:crypto';
import type { Construct } from 'constructs';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import { type GuardrailPlan, isEvidence, kindOf } from '../core/guardrails/kinds';
import type { JudgementPlan } from '../core/rollout/plan';
import { isSegmented } from '../core/rollout/segments';
import { CALLER_CELLS } from '../core/routing/assign-by-cell';
import { warn } from '../validate/warn';

/** A day is learnt from, and the minute that is being counted may be late. */
const KEEP_SECONDS = 2 * 86_400;

/**
 * Have routers count callers from now on, where they stick to a version and a guardrail compares versions by them, or the split is checked.
 */
export function countCallers(alias: EndpointAlias, plans: readonly GuardrailPlan[], judgement: JudgementPlan | undefined): void {
  const byCaller = plans.filter(isEvidence).filter((plan) => kindOf(plan).unit(plan) === 'caller');
  if (alias.sticky && (judgement?.sampleRatio !== undefined || byCaller.length > 0)) {
    // Cells of another part of the request are other callers: they have a counter of their own.
    const key = createHash('sha256').update(JSON.stringify(alias.assignment)).digest('hex').slice(0, 8);
    alias.attachCounter({
      name: `callers-${key}`,
      by: { source: 'assignment' },
      cells: CALLER_CELLS,
      slow: byCaller.some((plan) => kindOf(plan).counted(plan, []).quantiles !== undefined),
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
    warn(
      scope,
      'stickyEvidence',
      `the assignment of alias ${JSON.stringify(alias.aliasName)} keeps callers with a version, and ${unfair.join(', ')} `
        + `count${unfair.length === 1 ? 's' : ''} requests or answers without knowing whose they are: ` +
        `there, callers who differ from the others can stop a healthy version more often than the falseRollbackRate of ${judgement.alpha}, `
          + 'or hide a worse one; let such a guardrail observe, ' +
        'compare with a shadow in its place, leave the assignment out, or acknowledge this where callers are many and alike',
    );
  }
}

function isByRequest(plan: GuardrailPlan): boolean {
  // Within a segment nobody knows whose requests they are.
  return isSegmented(plan) || (isEvidence(plan) && kindOf(plan).unit(plan) === 'request');
}
