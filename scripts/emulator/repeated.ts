import { setTimeout as sleep } from 'node:timers/promises';

/** Does the same again and again, beside everything else, until it is stopped. */
export abstract class Repeated {
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly everyMs: number) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** One round. What fails is tried again in the next. */
  protected abstract round(): Promise<void>;

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.round();
      } catch {
        // The next round finds what this one missed.
      }
      await sleep(this.everyMs);
    }
  }
}
