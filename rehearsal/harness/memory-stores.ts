import type { RolloutStore, StoredState } from '../../lambda/shared/records/rollout-store';
import type { RouteRecords, StoredRoute } from '../../lambda/shared/routes/route-records';
import type { Callback, Rejection, RolloutState, Served, StoredDecision } from '../../lib/core/rollout/state';

/** What gate, controller, abort and operate keep. */
export interface Stores {
  readonly routes: Pick<RouteRecords, 'read' | 'write' | 'remove'>;
  readonly rollouts: Pick<
    RolloutStore,
    | 'readState'
    | 'writeState'
    | 'removeState'
    | 'addDecision'
    | 'reject'
    | 'rejection'
    | 'rejections'
    | 'forgive'
    | 'served'
    | 'addServed'
    | 'callback'
    | 'addCallback'
    | 'carryOver'
  >;
}

/** The tables as objects in memory, with the conditions of the real ones but without their JSON: everything kept is immutable. */
export function memoryStores(): Stores {
  const routes = new Map<string, StoredRoute>();
  const states = new Map<string, StoredState>();
  const rejected = new Map<string, Rejection>();
  const served = new Map<string, Served>();
  const callbacks = new Map<string, Callback>();
  return {
    routes: {
      read: async (_, key) => routes.get(key),
      write: async (_, key, replaced, json, memory = replaced?.memory) => {
        if (routes.get(key)?.revision !== replaced?.revision) {
          return false;
        }
        routes.set(key, { revision: (replaced?.revision ?? 0) + 1, json, memory });
        return true;
      },
      remove: async (_, key) => {
        routes.delete(key);
        return true;
      },
    },
    rollouts: {
      readState: async (alias) => states.get(alias),
      writeState: async (replaced, state: RolloutState) => {
        if (states.get(state.alias)?.revision !== replaced?.revision) {
          return false;
        }
        states.set(state.alias, { revision: (replaced?.revision ?? 0) + 1, state });
        return true;
      },
      removeState: async (alias) => void states.delete(alias),
      addDecision: async (_alias: string, _startedAt: number, _index: number, _decision: StoredDecision) => {},
      reject: async (alias, rejection) => void rejected.set(`${alias} ${rejection.version}`, rejection),
      rejection: async (alias, version) => rejected.get(`${alias} ${version}`),
      rejections: async () => [...rejected.values()],
      forgive: async (alias, version) => void rejected.delete(`${alias} ${version}`),
      served: async (alias, version) => served.get(`${alias} ${version}`),
      addServed: async (alias, { version, until }) => void served.set(`${alias} ${version}`, { version, until }),
      callback: async (rolloutId) => callbacks.get(rolloutId),
      addCallback: async (rolloutId, callback) => void callbacks.set(rolloutId, callback),
      // A rehearsal's endpoint keeps its name.
      carryOver: async () => {},
    },
  };
}

/** What was read from stores and written to them. */
export interface StoreUse {
  reads: number;
  writes: number;
}

const READS: ReadonlySet<string> = new Set(['read', 'readState', 'rejection', 'rejections', 'served', 'callback']);

/** The same stores, whose calls are counted. */
export function counted({ routes, rollouts }: Stores, use: StoreUse): Stores {
  const counting = <Store extends object>(store: Store): Store =>
    Object.fromEntries(
      methodsOf(store).map((name) => [
        name,
        (...args: unknown[]) => {
          use[READS.has(name) ? 'reads' : 'writes']++;
          return (store as { readonly [method: string]: (...args: unknown[]) => unknown })[name](...args);
        },
      ]),
    ) as Store;
  return { routes: counting(routes), rollouts: counting(rollouts) };
}

/** Those of an object, or of its class. */
function methodsOf(store: object): string[] {
  const prototype = Object.getPrototypeOf(store) as object;
  return [...Object.keys(store), ...(prototype === Object.prototype ? [] : Object.getOwnPropertyNames(prototype))]
    .filter((name) => name !== 'constructor' && typeof (store as { readonly [name: string]: unknown })[name] === 'function');
}
