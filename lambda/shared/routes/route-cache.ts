import { ROUTE_MAX_AGE_MS, ROUTE_REFRESH_MS } from '../../../lib/core/timing';
import type { Route } from '../../../lib/core/routing/route';
import type { RouteStore } from './route-store';

interface Entry {
  /** Undefined: the table says that there is no such alias. */
  route: Route | undefined;
  readAt: number;
  /** After a failed refresh nobody waits for another one before this time. */
  waitFrom: number;
}

interface Reading {
  readonly startedAt: number;
  readonly done: Promise<void>;
}

/** Aliases asked for that do not exist are remembered too; the bound keeps a scan of names from filling the memory. */
const MAX_ENTRIES = 1_000;

/**
 * Routes as last read. Young ones are used as they are, older ones while a refresh runs beside the request, and from
 * ROUTE_MAX_AGE_MS on a request waits for the refresh: no deleted version is called from an idle, frozen function. When the
 * table cannot be read, or holds nonsense, the last known route serves.
 */
export class RouteCache {
  private readonly entries = new Map<string, Entry>();
  private readonly running = new Map<string, Reading>();

  constructor(
    private readonly store: RouteStore,
    private readonly onError: (alias: string, error: unknown) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** The route of `alias`, undefined if it has none. Rejects only when it was never read. */
  async get(alias: string): Promise<Route | undefined> {
    const entry = this.entries.get(alias);
    const age = entry === undefined ? Infinity : this.now() - entry.readAt;
    if (entry === undefined || (age >= ROUTE_MAX_AGE_MS && this.now() >= entry.waitFrom)) {
      return this.refresh(alias);
    }
    if (age >= ROUTE_REFRESH_MS) {
      void this.read(alias).catch((error) => this.onError(alias, error));
    }
    return entry.route;
  }

  /** The route as it is now, or as last known if it cannot be read. Rejects only when it was never read. */
  async refresh(alias: string): Promise<Route | undefined> {
    try {
      await this.read(alias);
    } catch (error) {
      const known = this.entries.get(alias);
      if (known === undefined) {
        throw error;
      }
      known.waitFrom = this.now() + ROUTE_REFRESH_MS;
      this.onError(alias, error);
    }
    return this.entries.get(alias)?.route;
  }

  /**
   * One read at a time serves all who ask; but one that is so old that the function has been frozen meanwhile may bring what was before
   * that.
   */
  private read(alias: string): Promise<void> {
    const startedAt = this.now();
    const running = this.running.get(alias);
    if (running !== undefined && startedAt - running.startedAt < ROUTE_REFRESH_MS) {
      return running.done;
    }
    const done = this.store
      .read(alias)
      .then((route) => {
        if (startedAt >= (this.entries.get(alias)?.readAt ?? -Infinity)) {
          this.keep(alias, { route, readAt: startedAt, waitFrom: 0 });
        }
      })
      .finally(() => {
        if (this.running.get(alias)?.done === done) {
          this.running.delete(alias);
        }
      });
    this.running.set(alias, { startedAt, done });
    return done;
  }

  private keep(alias: string, entry: Entry): void {
    if (this.entries.size >= MAX_ENTRIES && !this.entries.has(alias)) {
      this.entries.clear();
    }
    this.entries.set(alias, entry);
  }
}
