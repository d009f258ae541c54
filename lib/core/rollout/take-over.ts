import { evidenceGuardrails, isEvidence } from '../guardrails/kinds';
import type { JudgementPlan, RolloutPlan } from './plan';
import type { RolloutState } from './state';

/** The rollout as far as a changed plan must know it. */
export type RunningRollout = Pick<RolloutState, 'plan' | 'stage' | 'replay' | 'shadow' | 'prepared' | 'baseline'>;

/**
 * What a running rollout makes of a changed plan: the plan by which it goes on, or why it cannot. What was promised of the evidence
 * holds for the comparisons that were fixed before any traffic, and steps that are over cannot be changed; everything else can.
 * Members that the running plan does not have, as a later version of this package may add them, wait for the next rollout there.
 */
export function takenOver(running: RunningRollout, changed: RolloutPlan): RolloutPlan | { readonly problem: string } {
  const { plan, stage } = running;
  if (stage < 0 && !running.prepared && running.baseline === undefined && running.replay === undefined && running.shadow === undefined) {
    return changed;
  }
  const fixed: readonly (readonly [string, unknown, unknown])[] = [
    ['kind', plan.kind, changed.kind],
    ['replay', plan.replay, changed.replay],
    ['shadow stage', plan.shadow, changed.shadow],
    ['resolution of the counts', plan.metrics, changed.metrics],
    ['guardrails by evidence', evidenceGuardrails(plan), evidenceGuardrails(changed)],
    ['falseRollbackRate, sampleRatio or requestsPerBurst', judged(plan), judged(changed)],
    ['freshControl', plan.control ?? '', changed.control ?? ''],
    ['previewAlias', plan.previewAlias ?? '', changed.previewAlias ?? ''],
    // What callers bring along was learnt for these steps, before traffic.
    running.baseline?.callers === undefined
      ? ['steps that are over', percents(plan, stage), percents(changed, stage)]
      : ['steps', percents(plan), percents(changed)],
  ];
  const problems = fixed.filter(([, before, after]) => !agrees(before, after)).map(([name]) => name);
  if (problems.length > 0) {
    return { problem: problems.join(', ') };
  }
  const { replay, shadow, metrics, judgement, previewAccess, evidence } = plan;
  return {
    ...changed,
    metrics,
    replay,
    shadow,
    previewAccess,
    evidence,
    guardrails: changed.guardrails.map((guardrail) =>
      isEvidence(guardrail) ? plan.guardrails.find(({ name }) => name === guardrail.name)! : guardrail,
    ),
    judgement: judgement && { ...judgement, uncertified: changed.judgement?.uncertified ?? judgement.uncertified },
  };
}

function judged({ judgement }: RolloutPlan): Omit<JudgementPlan, 'uncertified'> | undefined {
  if (judgement === undefined) {
    return undefined;
  }
  const { uncertified: _uncertified, ...rest } = judgement;
  return rest;
}

function percents({ stages }: RolloutPlan, stage: number = stages.length - 1): readonly number[] {
  return stages.slice(0, stage + 1).map(({ percent }) => percent);
}

/** Whether all that is said before is said afterwards too. */
function agrees(before: unknown, after: unknown): boolean {
  if (Array.isArray(before)) {
    return Array.isArray(after) && before.length === after.length && before.every((each, index) => agrees(each, after[index]));
  }
  if (before !== null && typeof before === 'object') {
    return (
      after !== null &&
      typeof after === 'object' &&
      Object.entries(before).every(
        ([name, value]) => value === undefined || agrees(value, (after as { readonly [name: string]: unknown })[name]),
      )
    );
  }
  return before === undefined || before === after;
}
