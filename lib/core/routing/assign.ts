import { uniform } from '../sampling';

/** What assignment needs to know of a variant. */
export interface Weighted {
  /** The version's digest, which is what callers stick to. */
  readonly version: string;
  readonly weight: number;
}

/**
 * The variant that serves `key`, by weighted rendezvous hashing: every variant draws an exponential waiting time with its
 * weight as the rate, from a hash of key and version, and the shortest wins.
 *
 * That gives shares proportional to the weights (any real numbers, no scale), sticks without a store, does not depend on
 * the order of the variants, and moves as few callers as possible: a caller leaves a variant only when its weight falls
 * against another's, and goes only to variants whose weight rose. `scope` (endpoint and alias) keeps aliases independent;
 * the version in the hash keeps successive rollouts from always trying the same callers.
 *
 * Undefined when no variant has weight.
 *
 * @see Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006, for the exponential race
 */
export function assign<T extends Weighted>(scope: string, key: string, variants: readonly T[]): T | undefined {
  const eligible = variants.filter((variant) => variant.weight > 0);
  if (eligible.length <= 1) {
    return eligible[0];
  }
  let winner: T | undefined;
  let shortest = Infinity;
  for (const variant of eligible) {
    const wait = -Math.log(uniform(scope, key, variant.version)) / variant.weight;
    if (winner === undefined || wait < shortest || (wait === shortest && variant.version < winner.version)) {
      winner = variant;
      shortest = wait;
    }
  }
  return winner;
}
