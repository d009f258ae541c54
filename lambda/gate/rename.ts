import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { type NameProperties, PERMISSION_SECONDS } from '../../lib/core/gate';
import { endpointAndAlias, routeKey } from '../../lib/core/names';
import { ownerOf, remembered } from '../../lib/core/routing/ownership';
import { rewriteRoute } from '../shared/routes/change-route';
import type { RouteRecords } from '../shared/routes/route-records';

export interface RenamePorts {
  readonly records: Pick<RouteRecords, 'read' | 'write' | 'all'>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly warn: (notice: string, details: { readonly [name: string]: unknown }) => void;
}

/**
 * Give an endpoint's routes the name that the endpoint has from now on. The routers learn of the name after this and look for them there;
 * under the former name they stay until CloudFormation deletes them, for routers that have not been told. Nothing here is worth failing
 * for: what is not copied, the alias's own resource writes a little later.
 */
export async function rename(event: CloudFormationCustomResourceEvent, { records, sleep, warn }: RenamePorts): Promise<void> {
  if (event.RequestType === 'Delete') {
    return;
  }
  const { Table: table, Endpoint: endpoint, Routes: routes } = event.ResourceProperties as unknown as NameProperties;
  const owners = new Set(routes.split(',').map((logicalId) => ownerOf(event.StackId, logicalId)));
  try {
    const all = await records.all(table);
    let copied = 0;
    for (const [key, { json, memory }] of all) {
      const to = routeKey(endpoint, endpointAndAlias(key)[1]);
      if (memory === undefined || !owners.has(memory.owner) || to === key || all.get(to)?.memory?.owner === memory.owner) {
        continue;
      }
      await rewriteRoute(
        records,
        table,
        to,
        (stored) => ({ json, memory: remembered(stored, memory.owner, memory.router, { id: event.RequestId, until: 0 }) }),
        sleep,
      );
      copied++;
    }
    if (copied > 0) {
      // The routers' permission to read under the new name is as new as the name.
      await sleep(PERMISSION_SECONDS * 1_000);
    }
  } catch (error) {
    warn('routes were not copied to the new name', { endpoint, error: (error as Error).name, reason: (error as Error).message });
  }
}
