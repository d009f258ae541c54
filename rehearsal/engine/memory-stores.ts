import type { RolloutStore, StoredState } from '../../lambda/shared/rollout-store';
import type { RouteRecords, StoredRoute } from '../../lambda/shared/route-records';
import type { Rejection, RolloutState, Served, StoredDecision } from '../../lib/core/rollout/state';

/** What gate, controller, abort and operate keep. */
export interface Stores {
  readonly routes: Pick<RouteRecords, 'read' | 'write' | 'remove'>;
  readonly rollouts: Pick<
    RolloutStore, 'readState' | 'writeState' | 'removeState' | 'addDecision' | 'reject' | 'rejection' | 'rejections' | 'forgive' | 'served' | 'addServed'
  >;
}

/** The tables as objects in memory, with the conditions of the real ones but without their JSON: everything kept is immutable. */
export function memoryStores(): Stores {
  const routes = new Map<string, StoredRoute>();
  const states = new Map<string, StoredState>();
  const rejected = new Map<string, Rejection>();
  const served = new Map<string, Served>();
  return {
    routes: {
      read: async (_, key) => routes.get(key),
      write: async (_, key, replaced, json) => {
        if (routes.get(key)?.revision !== replaced?.revision) {
          return false;
        }
        routes.set(key, { revision: (replaced?.revision ?? 0) + 1, json });
        return true;
      },
      remove: async (_, key) => void routes.delete(key),
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
    },
  };
}
