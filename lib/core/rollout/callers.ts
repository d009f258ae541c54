import type { CounterPlan } from '../counters/plan';
import { CALLER_CELLS } from '../routing/assign-by-cell';
import type { Measures } from '../routing/measures';
import type { DeclaredRoute } from '../routing/route';

/** Whether callers stay with a version, whoever they are: then they are what is compared. Conversations begin anew. */
export function callersStick({ assignment }: Pick<DeclaredRoute, 'assignment'>): boolean {
  return assignment.source === 'header' || assignment.source === 'json-path';
}

/** The counter by cells of callers; undefined where each request is assigned by itself, or where routers are not asked to count. */
export function callersCounter({ counters = [] }: Pick<DeclaredRoute, 'counters'>): CounterPlan | undefined {
  return counters.find(({ by, cells, values }) => by.source === 'assignment' && cells === CALLER_CELLS && values === undefined);
}

/**
 * What routers go on counting when no rollout asks for it: how slow callers are is compared with how slow they were before, above the same
 * thresholds. So those of a rollout remain for the next one.
 *
 * @param since from when on production is counted by them, where that is not known yet, epoch milliseconds
 */
export function keptMeasures(route: Pick<DeclaredRoute, 'counters' | 'measures'>, since?: number): Pick<DeclaredRoute, 'measures'> {
  const { measures } = route;
  return callersCounter(route)?.slow !== true || measures === undefined || measures.slowerThanMs.length === 0
    ? {}
    : { measures: { ...keptThresholds(measures), since: since ?? measures.since ?? 0 } };
}

function keptThresholds({ slowerThanMs, slowerIn }: Measures): Measures {
  return { slowerThanMs, ...(slowerIn === undefined ? {} : { slowerIn }), bins: [] };
}
