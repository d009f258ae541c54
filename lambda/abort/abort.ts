import type { OrderEvent, OrderResult } from '../../lib/core/rollout/orders';
import { routeOfProduction } from '../../lib/core/rollout/route-weights';
import { changeRoute } from '../shared/routes/change-route';
import { malformedOrder, outdatedOrder } from '../shared/order';
import type { RouteRecords } from '../shared/routes/route-records';

export interface AbortPorts {
  readonly table: string;
  readonly routes: Pick<RouteRecords, 'read' | 'write'>;
  readonly now: () => number;
}

/**
 * Put an alias back on production, whatever the controller does at the same time: the record says that the rollout is aborted, and
 * no controller gives the candidate a weight after that. Told twice, or too late, it changes nothing.
 */
export async function abort(order: OrderEvent, ports: AbortPorts): Promise<OrderResult> {
  const malformed = malformedOrder(order, ['abort']);
  if (malformed !== undefined) {
    return malformed;
  }
  const { alias, by } = order;
  const reason = order.reason?.trim() || 'no reason given';
  let result: OrderResult = { ok: false, code: 'ALIAS_NOT_FOUND', message: `there is no alias ${JSON.stringify(alias)}` };
  await changeRoute(ports.routes, ports.table, alias, (route) => {
    if (route === undefined) {
      return undefined;
    }
    if (route.rollout === undefined) {
      result = { ok: true, code: 'NOTHING_TO_DO', message: `no rollout is running on ${alias}` };
      return undefined;
    }
    const outdated = outdatedOrder(order, route.rollout);
    if (outdated !== undefined) {
      result = outdated;
      return undefined;
    }
    if (route.rollout.aborted !== undefined) {
      result = { ok: true, code: 'NOTHING_TO_DO', message: `the rollout on ${alias} was aborted already, by ${route.rollout.aborted.by}` };
      return undefined;
    }
    result = { ok: true, code: 'DONE', message: `the rollout on ${alias} is aborted: production has all requests` };
    return routeOfProduction(route, { id: route.rollout.id, aborted: { by, reason: reason.slice(0, 500), at: ports.now() } });
  });
  return result;
}
