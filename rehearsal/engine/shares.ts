/** The candidate's share over time, as routers give it: a written route reaches them a little later, a lease ends by itself. */
export class Shares {
  private share = 0;
  private leaseUntil = Infinity;
  private coming: { at: number; share: number; leaseUntil: number }[] = [];
  /** Changes of the share that took effect: epoch milliseconds and percent. */
  readonly changes: [number, number][] = [];

  /** @param delayMs from a written route until routers follow it */
  constructor(private readonly delayMs: number) {}

  written(at: number, share: number, leaseUntil: number): void {
    this.coming.push({ at: at + this.delayMs, share, leaseUntil });
  }

  /** Mean share of a period that follows the last one asked for, 0 to 1. */
  over(from: number, until: number): number {
    let sum = 0;
    let at = from;
    while (this.coming.length > 0 && this.coming[0].at < until) {
      const next = this.coming.shift()!;
      const change = Math.max(at, next.at);
      sum += this.held(at, change);
      at = change;
      const renewed = this.percentAt(at) === 100 * next.share;
      this.share = next.share;
      this.leaseUntil = next.leaseUntil;
      if (!renewed) {
        this.note(at, next.share);
      }
    }
    return (sum + this.held(at, until)) / (until - from);
  }

  private percentAt(at: number): number {
    return at < this.leaseUntil ? 100 * this.share : 0;
  }

  /** Share times milliseconds, the lease considered. */
  private held(from: number, until: number): number {
    if (this.share > 0 && this.leaseUntil < until) {
      this.note(Math.max(from, this.leaseUntil), 0);
    }
    return this.share * Math.max(0, Math.min(until, this.leaseUntil) - from);
  }

  private note(at: number, share: number): void {
    if ((this.changes.at(-1)?.[1] ?? 0) !== 100 * share) {
      this.changes.push([at, 100 * share]);
    }
  }
}
