/**
 * A CloudWatch alarm over one-minute periods: in ALARM when M of the last N breach. A minute without data does not breach, as in
 * AWS's own examples.
 */
export class AlarmWindow {
  private readonly breaches: boolean[] = [];

  constructor(private readonly m: number, private readonly n: number) {}

  /** Whether it is in ALARM after this minute. */
  add(breach: boolean): boolean {
    this.breaches.push(breach);
    if (this.breaches.length > this.n) {
      this.breaches.shift();
    }
    return this.breaches.filter((each) => each).length >= this.m;
  }
}
