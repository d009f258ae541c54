import type { Route, Variant } from './route';

/** The variant that serves whatever no other may or can serve. */
export function productionOf(route: Pick<Route, 'variants'>): Variant {
  return route.variants[0];
}

/**
 * The variants that may be chosen at `now`. A candidate's weight is leased: once the lease has run out, only production
 * is left, whoever may have died upstream. Without a lease the weights are permanent, a plain split.
 */
export function effectiveVariants(route: Pick<Route, 'variants' | 'lease'>, now: number): readonly Variant[] {
  if (route.lease === undefined || now < route.lease.until) {
    return route.variants;
  }
  const production = productionOf(route);
  return [production.weight > 0 ? production : { ...production, weight: 1 }];
}

/** The share of the weights that a version has, 0 to 1: the probability with which a key that nobody chose is assigned to it. */
export function shareOf(version: string, variants: readonly Pick<Variant, 'version' | 'weight'>[]): number {
  const sum = (of: readonly Pick<Variant, 'weight'>[]): number => of.reduce((total, { weight }) => total + weight, 0);
  const total = sum(variants);
  return total > 0 ? sum(variants.filter((variant) => variant.version === version)) / total : 0;
}
