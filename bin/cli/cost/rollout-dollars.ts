import type { Prices } from '../../../lib/core/prices';
import type { AssembledTemplate } from '../../../rehearsal/assembly/assembled-stacks';
import { rolloutsOf } from '../../../rehearsal/assembly/find-rollouts';
import { rehearse } from '../../../rehearsal/engine/rehearse';
import { machineryCost } from '../../../rehearsal/results/cost';
import { USUAL } from '../../../lib/core/rehearsal/built-in';
import type { Traffic } from './monthly-cost';

/** The slowest of a hundred answers, beside the usual one. */
const TAIL = USUAL.production.latency.p99Ms / USUAL.production.latency.medianMs;

/** What one rollout of each alias costs: it is rehearsed once at the traffic, with a candidate as good as production. */
export async function rolloutDollars(
  stack: { readonly name: string; readonly templates: readonly AssembledTemplate[] },
  { requestsPerSecond, modelMs }: Traffic,
  prices: Prices,
): Promise<number[]> {
  const latency = { medianMs: Math.max(1, modelMs), p99Ms: TAIL * Math.max(1, modelMs) };
  const scenario = {
    ...USUAL,
    traffic: { ...USUAL.traffic, requestsPerSecond },
    production: { ...USUAL.production, latency },
    candidate: { ...USUAL.candidate, latency },
  };
  const dollars: number[] = [];
  for (const rollout of stack.templates.flatMap((template) => rolloutsOf(stack.name, template))) {
    dollars.push(machineryCost(await rehearse(rollout, scenario, { seed: 1 }), prices));
  }
  return dollars;
}
