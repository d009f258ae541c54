import { cellFor, COUNTED_MS, nameOf, versionTag, WRITTEN_MS } from '../../lib/core/counters/cells';
import type { CounterPlan } from '../../lib/core/counters/plan';
import { cellNameAttribute, countAttribute, counterItem, routeKey } from '../../lib/core/names';
import { slowerThan } from '../../lib/core/routing/measures';
import type { Route } from '../../lib/core/routing/route';
import type { Additions, CounterTable } from './counter-table';
import { isRefused } from './counter-table';
import { keyText, type InferenceRequest } from '../shared/http/request';
import { Part, type ServedAttempt, timesOf } from './served';

/** Counts that could not be written for this long are given up: their minute has been judged without them. */
const KEPT_MS = 15 * 60_000;
/** Values of one cell of which failures are remembered between two flushes. */
const MOST_NAMES = 20;

export interface KeyedCountsPorts {
  readonly endpoint: string;
  readonly table: CounterTable;
  readonly onFailure: (details: { readonly [name: string]: unknown }) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What has been counted of one item of the table and is not written yet. */
interface Pending {
  readonly plan: CounterPlan;
  readonly key: string;
  /** Start of the minute. */
  readonly at: number;
  /** By attribute. */
  readonly numbers: Map<string, number>;
  /** By cell: how often the candidate failed a value. */
  readonly failed: Map<number, Map<string, number>>;
}

/**
 * Counts requests by a part of them. Lambda freezes a function once it has answered, and no caller waits for a count: what earlier requests
 * left is written while the model is asked for the next one. What is under way then is finished with that request, or the one after.
 *
 * Every count is written at most once. What the table refused is written with the next flush; what nobody knows the end of is given up.
 * What an instance had not written when it ended is lost too. Both are known to whoever compares with the metrics, of which nothing is
 * lost.
 */
export class KeyedCounts {
  private readonly pending = new Map<string, Pending>();
  private since = Infinity;
  private flushing?: Promise<void>;

  constructor(private readonly ports: KeyedCountsPorts) {}

  /** Count what became of a request, under the same conditions as the metrics of its version. */
  count(request: InferenceRequest, attempts: readonly ServedAttempt[], route: Route): void {
    const assigned = attempts.find(({ part }) => part === Part.ASSIGNED);
    if (assigned === undefined) {
      return;
    }
    const now = this.ports.now();
    const at = Math.floor(now / COUNTED_MS) * COUNTED_MS;
    const key = routeKey(this.ports.endpoint, request.alias);
    for (const plan of route.counters ?? []) {
      if (plan.during === 'rollout' && route.rollout === undefined) {
        continue;
      }
      this.since = Math.min(this.since, now);
      this.add(this.pendingOf(plan, key, at), keyText(request, plan.by, route.assignment), assigned, route);
    }
  }

  /** Write what is due. Never rejects; only who has nobody waiting waits for it. */
  flush(): Promise<void> {
    const now = this.ports.now();
    const isDue = now - this.since >= WRITTEN_MS || Math.floor(this.since / COUNTED_MS) < Math.floor(now / COUNTED_MS);
    if (this.flushing === undefined && isDue && this.pending.size > 0) {
      const due = [...this.pending.values()];
      this.pending.clear();
      this.since = Infinity;
      this.flushing = Promise.all(due.map((pending) => this.write(pending))).then(() => {
        this.flushing = undefined;
      });
    }
    return this.flushing ?? Promise.resolve();
  }

  private add(
    { plan, key, numbers, failed }: Pending,
    text: string | undefined,
    attempt: ServedAttempt,
    { measures }: Route,
  ): void {
    const { variant, failed: failure } = attempt;
    const cell = cellFor(plan, key, text);
    const tag = versionTag(variant.version);
    const count = (outcome: Parameters<typeof countAttribute>[1]): void => {
      const attribute = countAttribute(tag, outcome, cell);
      numbers.set(attribute, (numbers.get(attribute) ?? 0) + 1);
    };
    count('requests');
    if (failure !== undefined) {
      count('failures');
      if (plan.names !== undefined && variant.role === 'candidate') {
        const names = failed.get(cell) ?? new Map<string, number>();
        failed.set(cell, names);
        const name = nameOf(text, plan.names);
        if (names.size < MOST_NAMES || names.has(name)) {
          names.set(name, (names.get(name) ?? 0) + 1);
        }
      }
    }
    if (plan.slow === true && measures !== undefined) {
      slowerThan(measures, variant.role, timesOf(attempt)).forEach((slower, index) => {
        if (slower) {
          count(index);
        }
      });
    }
  }

  private pendingOf(plan: CounterPlan, key: string, at: number): Pending {
    const id = `${key} ${counterItem(plan.name, at)}`;
    let pending = this.pending.get(id);
    if (pending === undefined) {
      pending = { plan, key, at, numbers: new Map(), failed: new Map() };
      this.pending.set(id, pending);
    }
    return pending;
  }

  private async write(pending: Pending): Promise<void> {
    const { plan, key, at, numbers, failed } = pending;
    const names = new Map([...failed].map(([cell, counts]): [string, string] => [cellNameAttribute(cell), mostFailed(counts)]));
    for (const additions of this.ports.table.parts({ numbers, names })) {
      try {
        await this.ports.table.add(
          plan.table,
          { key, item: counterItem(plan.name, at), expires: at / 1_000 + plan.keepSeconds },
          additions,
        );
      } catch (error) {
        const kept = isRefused(error) && this.ports.now() - at < KEPT_MS;
        if (kept) {
          this.keep(pending, additions);
        }
        this.ports.onFailure({ counter: plan.name, alias: key, error: (error as Error).name, kept });
      }
    }
  }

  /** For the next flush. Which values failed most is only for sentences, and is not kept. */
  private keep({ plan, key, at }: Pending, { numbers }: Additions): void {
    const { numbers: into } = this.pendingOf(plan, key, at);
    for (const [attribute, number] of numbers) {
      into.set(attribute, (into.get(attribute) ?? 0) + number);
    }
    this.since = Math.min(this.since, this.ports.now());
  }
}

function mostFailed(counts: ReadonlyMap<string, number>): string {
  return [...counts].reduce((most, each) => (each[1] > most[1] ? each : most))[0];
}
