import { VariantName } from '../names';
import type { Target } from '../backends/backends';
import type { Variant } from '../routing/route';
import type { RolloutState } from './state';

/**
 * A control that fails by evidence more than this is no copy of production. It is fresh, so some more failures are no surprise. Nothing
 * waits until it is certain.
 */
const WIDE = { allowed: { ratio: 2, tolerance: 0.01 }, margin: { ratio: 4, tolerance: 0.02 } };

/**
 * The variant of production's version at another target. What it does not answer production does, as for a candidate, and it has the
 * candidate's time.
 */
export function controlOf({ production, candidate }: Pick<RolloutState, 'production' | 'candidate'>, target: Target): Variant {
  // A version of its own: routers assign and count by version.
  return {
    name: VariantName.CONTROL,
    role: 'control',
    version: `${production.version}control`,
    weight: 0,
    timeBudgetMs: candidate.timeBudgetMs,
    target,
  };
}

/** The version that the candidate is compared with. */
export function comparedWith({ control, production }: Pick<RolloutState, 'control' | 'production'>): string {
  return (control ?? production).version;
}

/** The candidate's part of its and the compared version's requests, 0 to 1, at a share of all. */
export function partOf(share: number, { control }: Pick<RolloutState, 'control'>): number {
  return control === undefined ? share : 0.5;
}

/**
 * The comparison of a control with the production that it is a copy of, as a rollout of its own: a control that fails would make every
 * candidate look good. Undefined where there is no control.
 */
export function controlRollout<T extends Pick<RolloutState, 'plan' | 'candidate' | 'control'>>(state: T): T | undefined {
  const { control, plan } = state;
  return control === undefined ? undefined : {
    ...state, candidate: control, control: undefined,
    plan: {
      ...plan, guardrails: [{ kind: 'errors', name: VariantName.CONTROL, action: 'rollback', ...WIDE }],
      judgement: plan.judgement && { ...plan.judgement, sampleRatio: undefined },
    },
  };
}
