import type { Server } from './server';

/** For so long instances work at what comes at once before anybody waits, milliseconds. */
const AT_ONCE_MS = 1_000;
/** SageMaker's own limit for an answer; what would wait for longer is given up, and no work for anybody. */
const LONGEST_MS = 60_000;

/** Instances that answer so many requests a minute each; what comes beyond that waits in a row. */
export class Instances implements Server {
  private waiting = 0;
  private last = -Infinity;
  private asked = 0;

  /** @param requestsPerMinute that an instance can answer */
  constructor(private readonly requestsPerMinute: number, private readonly present: () => number) {}

  ask(at: number, milliseconds: number): number {
    const perMs = (this.present() * this.requestsPerMinute) / 60_000;
    this.waiting = this.last === -Infinity ? 0 : Math.max(0, this.waiting - (at - this.last) * perMs);
    this.last = at;
    this.asked++;
    const wait = this.waiting / perMs - AT_ONCE_MS;
    if (wait >= LONGEST_MS) {
      return LONGEST_MS + milliseconds;
    }
    this.waiting++;
    return Math.max(0, wait) + milliseconds;
  }

  /** How many were asked for since the last time. */
  taken(): number {
    const { asked } = this;
    this.asked = 0;
    return asked;
  }
}
