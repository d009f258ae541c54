import { within } from './within';

/**
 * Work that callers wait for, but not for long: what is slower goes on, and until it is there nobody waits for more of it, so that not
 * every caller pays for a slow service.
 */
export class Overdue {
  /** Pieces of work under way that no caller waits for any more. */
  private late = 0;

  /** How long a caller waits now who would wait for so many milliseconds. */
  patience(ms: number): number {
    return this.late > 0 ? 0 : ms;
  }

  /** Wait for work that never rejects, but no longer than this, milliseconds. */
  async await(work: Promise<unknown>, ms: number): Promise<void> {
    let [ended, late] = [false, false];
    await within(ms, work.then(() => {
      ended = true;
      this.late -= Number(late);
    }));
    if (!ended) {
      late = true;
      this.late++;
    }
  }
}
