import { factsOf } from '../../lib/core/backends/backends';
import { keptMeasures } from '../../lib/core/rollout/callers';
import { quantileGuardrails } from '../../lib/core/rollout/baseline';
import type { DeclaredRoute, Variant } from '../../lib/core/routing/route';
import type { FoundRollout } from '../assembly/found-rollout';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { LatencyDistribution } from './latency-distribution';
import { timeOf } from './simulated-generation';

/** The version that was in production before. */
export const BEFORE = '0'.repeat(64);

/** The route as it was before the change of model: with another version, in a place of its own. */
export function routeBefore(rollout: FoundRollout, scenario: Scenario): string {
  const { properties } = rollout;
  const route = { ...JSON.parse(properties.Route) as DeclaredRoute, ...measuresBefore(rollout, scenario) };
  if (properties.Candidate !== undefined) {
    return JSON.stringify(route);
  }
  const [production, ...others] = route.variants;
  const { target } = production;
  const variants: Variant[] = [{ ...production, version: BEFORE, target: factsOf(target).elsewhere(target, BEFORE) }, ...others];
  return JSON.stringify({ ...route, variants });
}

/** What an earlier rollout of the alias has left for routers to count, where callers stick: thresholds at production's quantiles. */
export function measuresBefore({ plan, properties }: FoundRollout, { production }: Scenario): Pick<DeclaredRoute, 'measures'> {
  const thresholds = quantileGuardrails(plan).flatMap(({ timing, quantiles }) => {
    const usual = new LatencyDistribution(timeOf(production, timing));
    return quantiles.map((part) => ({ timing, ms: usual.quantile(part) }));
  });
  const measures = { slowerThanMs: thresholds.map(({ ms }) => ms), slowerIn: thresholds.map(({ timing }) => timing), bins: [] };
  return keptMeasures({ ...JSON.parse(properties.Route) as DeclaredRoute, measures }, 0);
}
