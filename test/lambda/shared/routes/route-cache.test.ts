import { RouteCache } from '../../../../lambda/shared/routes/route-cache';
import { ROUTE_MAX_AGE_MS, ROUTE_REFRESH_MS } from '../../../../lib/core/timing';
import type { Route } from '../../../../lib/core/routing/route';
import { route, variant } from '../../../fixtures/serving';

const at = (revision: number): Route => route([variant('production')], { revision });

function cache(): {
  routes: RouteCache;
  reads: () => number;
  set: (next: Route | undefined | Error | Promise<Route>) => void;
  tick: (ms: number) => void;
  errors: unknown[];
} {
  let now = 0;
  let reads = 0;
  let next: Route | undefined | Error | Promise<Route> = at(1);
  const errors: unknown[] = [];
  const store = {
    read: async () => {
      reads++;
      if (next instanceof Error) {
        throw next;
      }
      return next;
    },
  };
  return {
    routes: new RouteCache(
      store,
      (_, error) => errors.push(error),
      () => now,
    ),
    reads: () => reads,
    set: (value) => (next = value),
    tick: (ms) => (now += ms),
    errors,
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a young route is not read again', async () => {
  const { routes, reads, tick } = cache();
  await routes.get('live');
  tick(ROUTE_REFRESH_MS - 1);
  await routes.get('live');
  expect(reads()).toBe(1);
});

test('an older one serves while it is refreshed, once', async () => {
  const { routes, reads, set, tick } = cache();
  await routes.get('live');
  set(at(2));
  tick(ROUTE_REFRESH_MS);
  const [first, second] = await Promise.all([routes.get('live'), routes.get('live')]);
  expect([first?.revision, second?.revision]).toEqual([1, 1]);
  await settle();
  expect((await routes.get('live'))?.revision).toBe(2);
  expect(reads()).toBe(2);
});

test('a refresh that never ends holds nobody up', async () => {
  const { routes, set, tick } = cache();
  await routes.get('live');
  set(new Promise<Route>(() => {}));
  tick(ROUTE_REFRESH_MS);
  expect((await routes.get('live'))?.revision).toBe(1);
});

test('a route that is too old is read before it is used', async () => {
  const { routes, set, tick } = cache();
  await routes.get('live');
  set(at(2));
  tick(ROUTE_MAX_AGE_MS);
  expect((await routes.get('live'))?.revision).toBe(2);
});

test('a read that the function was frozen in is not waited for: it may bring the route of before', async () => {
  const { routes, set, tick } = cache();
  await routes.get('live');
  let thaw = (_: Route): void => {};
  set(new Promise<Route>((resolve) => { thaw = resolve; }));
  tick(ROUTE_REFRESH_MS);
  await routes.get('live');
  // An hour later the answer of then is still on its way.
  tick(3_600_000);
  set(at(3));
  expect((await routes.get('live'))?.revision).toBe(3);
  thaw(at(2));
  await settle();
  expect((await routes.get('live'))?.revision).toBe(3);
});

test('while the table cannot be read the last known route serves, and only one request in a while waits', async () => {
  const { routes, reads, set, tick, errors } = cache();
  await routes.get('live');
  set(new Error('unreachable'));
  tick(60_000);
  expect((await routes.get('live'))?.revision).toBe(1);
  expect((await routes.get('live'))?.revision).toBe(1);
  await settle();
  expect(errors.length).toBeGreaterThanOrEqual(1);
  tick(ROUTE_REFRESH_MS);
  set(at(3));
  expect((await routes.get('live'))?.revision).toBe(3);
  expect(reads()).toBeGreaterThanOrEqual(3);
});

test('fails when the table was never read', async () => {
  const { routes, set } = cache();
  set(new Error('unreachable'));
  await expect(routes.get('live')).rejects.toThrow('unreachable');
});

test('an alias that is removed is gone, and names that never were do not fill the memory', async () => {
  const { routes, set, tick } = cache();
  await routes.get('live');
  set(undefined);
  tick(ROUTE_MAX_AGE_MS);
  expect(await routes.get('live')).toBeUndefined();
  for (let i = 0; i < 3_000; i++) {
    await routes.get(`scan-${i}`);
  }
  expect((routes as unknown as { entries: Map<string, unknown> }).entries.size).toBeLessThanOrEqual(1_000);
});
