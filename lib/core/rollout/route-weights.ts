import type { DeclaredRoute, Variant } from '../routing/route';
import { productionOf } from '../routing/effective';
import { VariantName } from '../names';
import type { RolloutState } from './state';

/** The route while the candidate has a share of the requests, on a lease. */
export function routeAt(route: DeclaredRoute, state: Pick<RolloutState, 'id' | 'production' | 'candidate'>, percent: number, leaseUntil: number): DeclaredRoute {
  return {
    ...route,
    variants: [
      { ...state.production, weight: 100 - percent },
      { ...state.candidate, weight: percent },
    ],
    lease: { until: leaseUntil },
    rollout: { id: state.id },
  };
}

/** The route with production alone; whose rollout it was is kept only while it is being stopped. */
export function routeOfProduction(route: DeclaredRoute, rollout?: DeclaredRoute['rollout']): DeclaredRoute {
  const { lease: _lease, rollout: _rollout, ...rest } = route;
  return { ...rest, variants: [{ ...productionOf(route), weight: 1 }], ...(rollout === undefined ? {} : { rollout }) };
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
