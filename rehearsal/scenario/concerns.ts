import type { DeclaredRoute } from '../../lib/core/routing/route';
import type { FoundRollout } from '../assembly/found-rollout';
import type { Scenario } from './scenario';

/** Whether a scenario could be another one for this rollout than without what it is about. */
export function concerns(
  { properties, plan }: Pick<FoundRollout, 'properties' | 'plan'>,
  { callers, environments, labels: { candidateFactor } }: Scenario,
): boolean {
  const route = JSON.parse(properties.Route) as DeclaredRoute;
  return (
    (candidateFactor === undefined || plan.guardrails.some(({ kind }) => kind === 'feedback')) &&
    (callers === undefined || sticks(route)) &&
    (environments === undefined || route.variants[0].target.kind === 'lambda')
  );
}

/** Whether callers stay with a version. */
export function sticks({ assignment }: Pick<DeclaredRoute, 'assignment'>): boolean {
  return assignment.source !== 'inference-id';
}
