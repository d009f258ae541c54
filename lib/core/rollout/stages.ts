import type { CohortTerms, HookPoint, RolloutPlan, Stage } from './plan';

/** Whether the candidate has had requests: what went wrong before that is not its fault, unless it failed a test of its own. */
export function hadTraffic({ stage }: { readonly stage: number }): boolean {
  return stage >= 0;
}

/** When hooks are due once nothing else stands against advancing from this stage. */
export function gatePoints(plan: Pick<RolloutPlan, 'stages'>, state: { readonly stage: number }): HookPoint[] {
  if (state.stage < 0) {
    return ['before-traffic', 'before-step'];
  }
  if (state.stage + 1 < plan.stages.length) {
    return ['before-step'];
  }
  return ['before-promotion'];
}

/** The candidate's share in a stage, percent; none before the first. */
export function percentOf(plan: Pick<RolloutPlan, 'stages'>, stage: number): number {
  return stage < 0 ? 0 : plan.stages[Math.min(stage, plan.stages.length - 1)].percent;
}

/** What the cohort's stage asks of it, undefined in any other. */
export function cohortIn({ stages }: Pick<RolloutPlan, 'stages'>, stage: number): CohortTerms | undefined {
  return stages[stage]?.cohort;
}

/** The stages in which candidate and production share the requests, and are compared. */
export function sharedStages(stages: readonly Stage[]): readonly Stage[] {
  return stages.filter(({ cohort }) => cohort === undefined);
}

/** Who has the candidate in a stage, in words. */
export function placeOf({ percent, cohort }: Pick<Stage, 'percent' | 'cohort'>): string {
  return cohort === undefined ? `${Number(percent.toFixed(6))} %` : 'the cohort';
}

/** Total of the bake times. */
export function bakeTotal(plan: Pick<RolloutPlan, 'stages'>): number {
  return plan.stages.reduce((total, stage) => total + stage.bakeSeconds, 0);
}

/** The time that all stages need, replay and shadow included: each settles, then bakes. */
export function stagesTotal({
  stages,
  replay,
  shadow,
  settlingSeconds = 0,
}: Pick<RolloutPlan, 'stages' | 'replay' | 'shadow' | 'settlingSeconds'>): number {
  return (
    bakeTotal({ stages }) +
    (replay?.seconds ?? 0) +
    (shadow?.bakeSeconds ?? 0) +
    (stages.length + (shadow === undefined ? 0 : 1)) * settlingSeconds
  );
}
