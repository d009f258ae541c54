import { assign } from '../../lib/core/routing/assign';
import type { Callers as CallersPicture } from '../scenario/scenario';
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
      key: this.key(`caller-${rank}`), weight: weight / total, failures: factor(failureSpread), latency: Math.exp(latencySpread * random.normal()),
    }));
    this.brokenShare = brokenShare;
  }

  at(share: number, versions: Versions): Split {
    const key = `${share} ${versions.candidate}`;
    let split = this.known.get(key);
    if (split === undefined) {
      this.known.set(key, split = this.split(share, versions));
    }
    return split;
  }

  private split(share: number, { candidate, production }: Versions): Split {
    const variants = [{ version: production, weight: 1 - share }, { version: candidate, weight: share }];
    const sideOf = (caller: string): Side & keyof Split => (assign(this.scope, caller, variants)?.version === candidate ? 'candidate' : 'production');
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
