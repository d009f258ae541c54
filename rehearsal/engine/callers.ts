import { cellOf } from '../../lib/core/counters/cells';
import { assign } from '../../lib/core/routing/assign';
import { assignByCell, CALLER_CELLS } from '../../lib/core/routing/assign-by-cell';
import type { Callers as CallersPicture } from '../../lib/core/rehearsal/scenario';
import type { Side } from '../assembly/alarm-definition';
import { randomOf } from './random';

const CALLERS = 0x1f3d5b79;
/** Callers of a version are told apart by so many factors of latency. */
const GROUPS = 12;

/** The callers of a version, the broken one apart. */
export interface CallersOf {
  /** Their part of the requests of all callers but the broken one. */
  readonly part: number;
  /** What error rates are multiplied by, on average of their requests. */
  readonly failures: number;
  /** What latencies are multiplied by, each for a part of their requests. */
  readonly latency: readonly { readonly weight: number; readonly factor: number }[];
}

/** The callers of a cell: parts of all requests, of which some fail and some are slow. */
export interface CellOfCallers {
  readonly requests: number;
  readonly failures: number;
  /** By threshold. */
  readonly slow: readonly number[];
}

/** Who is with whom at a share. */
export interface Split {
  readonly candidate: CallersOf;
  readonly production: CallersOf;
  /** With whom the broken caller is. */
  readonly broken: Side;
}

interface Caller {
  readonly key: string;
  readonly weight: number;
  readonly failures: number;
  readonly latency: number;
}

/** Versions between whom callers are assigned. */
export interface Versions {
  readonly candidate: string;
  readonly production: string;
  /** By whole cells of callers. */
  readonly byCells: boolean;
}

/** Callers who stick to a version, as routers assign them. */
export class Callers {
  /** Requests of the broken caller, as part of all. */
  readonly brokenShare: number;
  private readonly callers: readonly Caller[];
  private readonly broken = 'caller-broken';
  private readonly known = new Map<string, Split>();
  private readonly key: (caller: string) => string;

  /** @param scope of the assignment, see {@link assign} */
  constructor(picture: CallersPicture, private readonly scope: string, seed: number) {
    const random = randomOf(seed ^ CALLERS);
    const { count, skew, brokenShare, failureSpread, latencySpread } = picture;
    // Of mean one: what is declared is of all callers.
    const factor = (spread: number): number => (spread === 0 ? 1 : Math.exp(spread * random.normal() - spread ** 2 / 2));
    const weights = Array.from({ length: count }, (_, rank) => (rank + 1) ** -skew);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.key = (caller) => `${seed}-${caller}`;
    this.callers = weights.map((weight, rank) => ({
      key: this.key(`caller-${rank}`),
      weight: weight / total,
      failures: factor(failureSpread),
      latency: Math.exp(latencySpread * random.normal()),
    }));
    this.brokenShare = brokenShare;
  }

  /**
   * What is of the callers of each cell.
   *
   * @param errorRate of a usual caller
   * @param slow for each threshold the part of the requests that take longer, of a caller whose latencies are so many times the usual
   */
  cells(errorRate: number, slow: (factor: number) => readonly number[]): readonly CellOfCallers[] {
    const cells = Array.from({ length: CALLER_CELLS }, () => ({ requests: 0, failures: 0, slow: slow(1).map(() => 0) }));
    const add = (key: string, requests: number, failures: number, latency: number): void => {
      const cell = cells[cellOf(this.scope, key, CALLER_CELLS)];
      cell.requests += requests;
      cell.failures += failures;
      slow(latency).forEach((part, threshold) => (cell.slow[threshold] += requests * part));
    };
    const usual = 1 - this.brokenShare;
    this.callers.forEach(({ key, weight, failures, latency }) =>
      add(key, usual * weight, usual * weight * Math.min(1, failures * errorRate), latency),
    );
    add(this.key(this.broken), this.brokenShare, this.brokenShare, 1);
    return cells;
  }

  at(share: number, versions: Versions): Split {
    const key = `${share} ${versions.candidate} ${versions.byCells}`;
    let split = this.known.get(key);
    if (split === undefined) {
      this.known.set(key, split = this.split(share, versions));
    }
    return split;
  }

  private split(share: number, { candidate, production, byCells }: Versions): Split {
    const pair = { production: { version: production, weight: 1 - share }, candidate: { version: candidate, weight: share } };
    const assigned = (caller: string): typeof pair.candidate | undefined =>
      (byCells ? assignByCell(this.scope, caller, pair) : assign(this.scope, caller, [pair.production, pair.candidate]));
    const sideOf = (caller: string): Side & keyof Split => (assigned(caller) === pair.candidate ? 'candidate' : 'production');
    const sides: { readonly [side in 'candidate' | 'production']: Caller[] } = { candidate: [], production: [] };
    this.callers.forEach((caller) => sides[sideOf(caller.key)].push(caller));
    return { candidate: callersOf(sides.candidate), production: callersOf(sides.production), broken: sideOf(this.key(this.broken)) };
  }
}

function callersOf(callers: Caller[]): CallersOf {
  const part = callers.reduce((sum, { weight }) => sum + weight, 0);
  const failures = part === 0 ? 1 : callers.reduce((sum, caller) => sum + caller.weight * caller.failures, 0) / part;
  const sorted = [...callers].sort((a, b) => a.latency - b.latency);
  const latency: { weight: number; factor: number }[] = [];
  let [weight, logs] = [0, 0];
  sorted.forEach((caller, index) => {
    weight += caller.weight;
    logs += caller.weight * Math.log(caller.latency);
    if (weight >= part / GROUPS || index === sorted.length - 1) {
      latency.push({ weight, factor: Math.exp(logs / weight) });
      [weight, logs] = [0, 0];
    }
  });
  return { part, failures, latency };
}
