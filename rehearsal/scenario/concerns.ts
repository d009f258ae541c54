import type { DeclaredRoute } from '../../lib/core/routing/route';
import type { FoundRollout } from '../assembly/found-rollout';
import type { Scenario } from './scenario';

/** Whether a scenario could be another one for this rollout than without what it is about. */
export function concerns({ properties }: Pick<FoundRollout, 'properties'>, { callers }: Scenario): boolean {
  return callers === undefined || sticks(JSON.parse(properties.Route) as DeclaredRoute);
}

/** Whether callers stay with a version. */
export function sticks({ assignment }: Pick<DeclaredRoute, 'assignment'>): boolean {
  return assignment.source !== 'inference-id';
}
