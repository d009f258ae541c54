import type { Variant } from '../../lib/core/routing/route';

/** As many second tries may come one after the other. */
const MOST = 10;
/** What a request adds to that: one second try in ten, in the long run. */
const EARNED = 0.1;

/**
 * Bounds how often versions are asked again while their backends fail, so that an outage does not double its own load. Of a version and of
 * this function's instance, so that no version lives on another's.
 */
export class RetryBudget {
  private readonly left = new Map<string, number>();

  /** A request is on its way to the version. */
  earn({ version }: Variant): void {
    this.left.set(version, Math.min(MOST, (this.left.get(version) ?? MOST) + EARNED));
  }

  /** Take a second try, if there is one. */
  take({ version }: Variant): boolean {
    const left = this.left.get(version) ?? MOST;
    if (left < 1) {
      return false;
    }
    this.left.set(version, left - 1);
    return true;
  }
}
