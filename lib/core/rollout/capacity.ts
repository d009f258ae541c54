/**
 * Instances that a candidate needs for a share of the requests, when production serves its own share with `serving` instances: in
 * proportion, rounded up, within the declared limits. Whole instances are the reason why a small share still needs one.
 */
export function instancesFor(nextPercent: number, productionPercent: number, serving: number, limits: { readonly min: number; readonly max: number }): number {
  const all = productionPercent > 0 ? serving / (productionPercent / 100) : serving;
  return Math.min(limits.max, Math.max(limits.min, Math.ceil((all * nextPercent) / 100 - 1e-9)));
}
