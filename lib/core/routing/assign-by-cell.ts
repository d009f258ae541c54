import { cellOf } from '../counters/cells';
import { uniform } from '../sampling';
import type { Weighted } from './assign';

/** How many cells the callers of an alias fall into, for ever: what they did before is counted by them. */
export const CALLER_CELLS = 100;

/** The versions of a rollout. */
export interface Contest<T extends Weighted> {
  readonly production: T;
  readonly candidate: T;
  /** Production's version again, to compare with. */
  readonly control?: T;
}

/** What part of a cell's callers each version of a rollout gets, 0 to 1; the rest is production's. */
export interface PartsOfCell {
  readonly candidate: number;
  readonly control: number;
}

/**
 * The variant that serves `key` in a rollout whose callers are compared with what they did before: the candidate gets whole cells of
 * callers, those that its digest puts first, and a part of at most one; a control those that it puts last. A caller's cell never changes;
 * the order of the cells is another one for every version, so that no callers are always the first.
 *
 * As with {@link assign}, shares are right on average, callers stick without a store, and a larger share moves nobody away from the
 * candidate.
 */
export function assignByCell<T extends Weighted>(scope: string, key: string, { production, candidate, control }: Contest<T>): T {
  const { version, weight } = candidate;
  const place = (places(scope, version)[cellOf(scope, key, CALLER_CELLS)] + uniform(scope, key, version)) / CALLER_CELLS;
  const total = production.weight + weight + (control?.weight ?? 0);
  if (place * total < weight) {
    return candidate;
  }
  return control !== undefined && (1 - place) * total < control.weight ? control : production;
}

/** What part of a cell a candidate gets at a share of all callers, 0 to 1, and a control at the same. */
export function partsOfCell(scope: string, version: string, share: number, cell: number): PartsOfCell {
  const place = places(scope, version)[cell];
  const within = (part: number): number => Math.min(1, Math.max(0, part));
  return { candidate: within(share * CALLER_CELLS - place), control: within(share * CALLER_CELLS - (CALLER_CELLS - 1 - place)) };
}

/** More than one environment of a router has rollouts at a time. */
const MOST_KNOWN = 256;
const known = new Map<string, readonly number[]>();

/** For each cell its place in the order in which a version gets them: a permutation drawn by the version's digest. */
function places(scope: string, version: string): readonly number[] {
  const name = `${scope} ${version}`;
  let drawn = known.get(name);
  if (drawn === undefined) {
    if (known.size >= MOST_KNOWN) {
      known.clear();
    }
    const order = Array.from({ length: CALLER_CELLS }, (_, cell) => ({ cell, draw: uniform(scope, `cell ${cell}`, version) })).sort(
      (a, b) => a.draw - b.draw,
    );
    const placed = new Array<number>(CALLER_CELLS);
    order.forEach(({ cell }, place) => (placed[cell] = place));
    known.set(name, drawn = placed);
  }
  return drawn;
}
