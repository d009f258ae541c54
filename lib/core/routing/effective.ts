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
