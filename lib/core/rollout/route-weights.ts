import type { DeclaredRoute, Variant } from '../routing/route';
import { productionOf } from '../routing/effective';
import { VariantName } from '../names';
import { measuresOf } from './baseline';
import { keptMeasures } from './callers';
import { percentOf } from './stages';
import { withoutRolloutMirrors } from './shadow-stage';
import type { RolloutState } from './state';

/**
 * The route while the candidate has a share of the requests, on a lease, with what routers must count to judge it. It is no shadow any
 * more.
 */
export function routeAt(
  route: DeclaredRoute,
  state: Pick<RolloutState, 'id' | 'startedAt' | 'production' | 'candidate' | 'control' | 'plan' | 'baseline' | 'stage' | 'stageStartedAt'>,
  percent: number,
  leaseUntil: number,
): DeclaredRoute {
  const { measures: _measures, ...rest } = withoutRolloutMirrors(route);
  const measures = measuresOf(state.plan, state.baseline) ?? keptMeasures(route).measures;
  return {
    ...rest,
    variants: [
      { ...state.production, weight: Math.max(0, 100 - (state.control === undefined ? 1 : 2) * percent) },
      { ...state.candidate, weight: percent },
      ...(state.control === undefined ? [] : [{ ...state.control, weight: percent }]),
    ],
    lease: { until: leaseUntil },
    rollout: {
      id: state.id,
      startedAt: state.startedAt,
      ...(state.baseline?.callers === undefined ? {} : { byCells: true }),
      ...(route.assignment.source === 'session' && percent > 0 ? { sharesSince: sharesSince(state, percent, leaseUntil) } : {}),
    },
    ...(measures === undefined ? {} : { measures }),
  };
}

/** Since when the candidate has a share: since its stage began, or from now on where it is another one. */
function sharesSince(
  { plan, stage, stageStartedAt }: Pick<RolloutState, 'plan' | 'stage' | 'stageStartedAt'>, percent: number, leaseUntil: number,
): number {
  return stage >= 0 && percentOf(plan, stage) === percent ? stageStartedAt : leaseUntil - plan.leaseSeconds * 1_000;
}

/** The route with production alone; whose rollout it was is kept only while it is being stopped. */
export function routeOfProduction(route: DeclaredRoute, rollout?: DeclaredRoute['rollout']): DeclaredRoute {
  const { lease: _lease, rollout: _rollout, measures: _measures, ...rest } = withoutRolloutMirrors(route);
  return {
    ...rest,
    variants: [{ ...productionOf(route), weight: 1 }],
    ...keptMeasures(route),
    ...(rollout === undefined ? {} : { rollout }),
  };
}

/** The route once the candidate is production, which is counted as production from now on. */
export function routeOfPromoted(state: Pick<RolloutState, 'promoted' | 'plan' | 'baseline'>, now: number): DeclaredRoute {
  const { promoted, plan, baseline } = state;
  const { measures: _measures, ...route } = promoted;
  return { ...route, ...keptMeasures({ ...promoted, measures: measuresOf(plan, baseline) ?? promoted.measures }, now) };
}

/** The route of the preview address: the candidate alone. */
export function routeOfPreview(route: DeclaredRoute, candidate: Variant, access: DeclaredRoute['access']): DeclaredRoute {
  return {
    schema: 1,
    variants: [{ ...candidate, name: VariantName.CANDIDATE, role: 'production', weight: 1 }],
    assignment: route.assignment,
    targetVariantAccess: { kind: 'nobody' },
    ...(access === undefined ? {} : { access }),
  };
}
