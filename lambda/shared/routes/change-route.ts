import type { RouteMemory } from '../../../lib/core/routing/ownership';
import { parseRoute } from '../../../lib/core/routing/parse';
import type { DeclaredRoute, Route } from '../../../lib/core/routing/route';
import { changeUntilItStands } from '../records/versioned-table';
import type { RouteRecords, StoredRoute } from './route-records';

/**
 * Change a route record, however many others write it: the change is computed from what was read, and written only if that still
 * stands. `change` returns undefined to leave the record alone. Resolves to the route that stands afterwards.
 */
export async function changeRoute(
  records: Pick<RouteRecords, 'read' | 'write'>,
  table: string,
  alias: string,
  change: (route: Route | undefined) => DeclaredRoute | undefined,
): Promise<DeclaredRoute | undefined> {
  let standing: DeclaredRoute | undefined;
  await rewriteRoute(records, table, alias, (stored) => {
    const route = stored === undefined ? undefined : parseRoute(stored.json, stored.revision);
    const changed = change(route);
    standing = changed ?? route;
    // The revision is an attribute of its own.
    return changed && { json: JSON.stringify({ ...changed, revision: undefined }) };
  });
  return standing;
}

/** What becomes of a record: another route, and whose it is from then on, if that changes. */
export interface Rewrite {
  readonly json: string;
  readonly memory?: RouteMemory;
}

/** The same for a record as it is stored, which may be one that cannot be read. */
export async function rewriteRoute(
  records: Pick<RouteRecords, 'read' | 'write'>,
  table: string,
  alias: string,
  change: (stored: StoredRoute | undefined) => Rewrite | undefined,
  wait?: (ms: number) => Promise<unknown>,
): Promise<void> {
  await changeUntilItStands<StoredRoute, Rewrite>(
    {
      what: `the route of ${alias}`,
      read: () => records.read(table, alias),
      write: (replaced, { json, memory }) => records.write(table, alias, replaced, json, memory),
    },
    change,
    wait,
  );
}
