import { factsOf } from '../../lib/core/backends/backends';
import { evidenceGuardrails, kindOf } from '../../lib/core/guardrails/kinds';
import { callersStick } from '../../lib/core/rollout/callers';
import type { DeclaredRoute } from '../../lib/core/routing/route';
import type { FoundRollout } from '../assembly/found-rollout';
import type { Scenario } from '../../lib/core/rehearsal/scenario';

/** Whether a scenario could be another one for this rollout than without what it is about. */
export function concerns(
  { properties, plan }: Pick<FoundRollout, 'properties' | 'plan'>,
  { callers, environments, instances, labels: { candidateFactor }, production, candidate }: Scenario,
): boolean {
  const route = JSON.parse(properties.Route) as DeclaredRoute;
  const guardrails = evidenceGuardrails(plan);
  // A pair of answers has one label.
  const labels = guardrails.some((guardrail) => {
    const kind = kindOf(guardrail);
    return kind.labels(guardrail) !== undefined && kind.unit(guardrail) !== 'pair';
  });
  return (
    (candidateFactor === undefined || labels) &&
    (candidate.rating === production.rating || route.feedback?.outcome.kind === 'rating') &&
    (candidate.losses === undefined || guardrails.some((guardrail) => kindOf(guardrail).sees.includes('preference'))) &&
    (callers === undefined || callersStick(route)) &&
    (environments === undefined || factsOf(route.variants[0].target).startsWithRequests) &&
    (instances === undefined || plan.capacity !== undefined)
  );
}
