/** Something that happens at a time, epoch milliseconds. */
interface Event {
  readonly at: number;
  readonly act: () => Promise<unknown> | void;
}

/** Virtual time: one period closes after the other, and in between happens what was planned. */
export class Clock {
  private readonly events: Event[] = [];
  private period: number;
  private at: number;

  /**
   * @param origin epoch milliseconds at which the first period begins
   * @param close what happens when a period ends
   */
  constructor(
    from: number,
    private readonly origin: number,
    private readonly periodMs: number,
    private readonly close: (period: number, end: number) => void,
  ) {
    this.at = from;
    this.period = Math.floor((from - origin) / periodMs);
  }

  /** Epoch milliseconds. */
  get now(): number {
    return this.at;
  }

  /** What is planned for the same moment happens in the order in which it was planned. */
  plan(at: number, act: Event['act']): void {
    const index = this.events.findIndex((event) => event.at > at);
    this.events.splice(index < 0 ? this.events.length : index, 0, { at, act });
  }

  /** Let time pass. */
  async advance(until: number): Promise<void> {
    for (;;) {
      const boundary = this.origin + (this.period + 1) * this.periodMs;
      const event = this.events[0];
      const next = event === undefined ? boundary : Math.min(boundary, event.at);
      if (next > until) {
        break;
      }
      this.at = next;
      if (event !== undefined && event.at === next) {
        this.events.shift();
        await event.act();
      } else {
        this.close(this.period++, boundary);
      }
    }
    this.at = Math.max(this.at, until);
  }
}
