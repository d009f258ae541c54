import { keptMeasures } from '../../lib/core/rollout/callers';
import { quantileGuardrails } from '../../lib/core/rollout/baseline';
import type { DeclaredRoute, Variant } from '../../lib/core/routing/route';
import type { FoundRollout } from '../assembly/found-rollout';
import type { Scenario } from '../scenario/scenario';
import { LatencyDistribution } from './latency-distribution';

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
  const variants: Variant[] = [
    { ...production, version: BEFORE, target: target.kind === 'sagemaker' ? { ...target, endpointName: BEFORE } : target },
    ...others,
  ];
  return JSON.stringify({ ...route, variants });
}

/** What an earlier rollout of the alias has left for routers to count, where callers stick: thresholds at production's quantiles. */
export function measuresBefore({ plan, properties }: FoundRollout, { production: { latency } }: Scenario): Pick<DeclaredRoute, 'measures'> {
  const usual = new LatencyDistribution(latency);
  const slowerThanMs = quantileGuardrails(plan).flatMap(({ quantiles }) => quantiles.map((part) => usual.quantile(part)));
  return keptMeasures({ ...JSON.parse(properties.Route) as DeclaredRoute, measures: { slowerThanMs, bins: [] } }, 0);
}
