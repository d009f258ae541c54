import type { Mirror } from '../routing/route';
import type { RolloutPlan } from './plan';
import type { RolloutState } from './state';

/** The route without mirrors that belong to a rollout. */
export function withoutRolloutMirrors<T extends { readonly mirrors?: readonly Mirror[] }>(route: T): T {
  const { mirrors, ...rest } = route;
  const left = mirrors?.filter(({ rollout }) => rollout === undefined) ?? [];
  return (left.length > 0 ? { ...rest, mirrors: left } : rest) as T;
}

/** The route with the mirror of a rollout's candidate, which ends by itself if nobody renews it. */
export function withShadow<T extends { readonly mirrors?: readonly Mirror[] }>(
  route: T,
  { id, plan }: Pick<RolloutState, 'id' | 'plan'>,
  until: number,
): T {
  const rest = withoutRolloutMirrors(route);
  return plan.shadow === undefined
    ? rest
    : { ...rest, mirrors: [...(rest.mirrors ?? []), { ...plan.shadow.mirror, endsAt: until, rollout: id }] };
}

/**
 * The shadow stage as a rollout of its own, of a single stage without a share: what judges a stage judges it too. Undefined where there is
 * none, or it has not begun, or it is over.
 */
export function shadowRollout<T extends Pick<RolloutState, 'plan' | 'stage' | 'shadow'>>(
  state: T,
): (T & Pick<RolloutState, 'stageStartedAt' | 'shares'>) | undefined {
  const { plan, shadow, stage } = state;
  if (plan.shadow === undefined || shadow === undefined || stage >= 0) {
    return undefined;
  }
  return {
    ...state,
    plan: shadowPlan(plan, plan.shadow),
    stage: 0,
    stageStartedAt: shadow.startedAt,
    shares: [{ stage: 0, from: shadow.startedAt, until: Number.MAX_SAFE_INTEGER }],
  };
}

function shadowPlan(plan: RolloutPlan, { bakeSeconds, guardrails, judgement }: NonNullable<RolloutPlan['shadow']>): RolloutPlan {
  return { ...plan, stages: [{ percent: 0, bakeSeconds, approval: false }], guardrails, judgement };
}
