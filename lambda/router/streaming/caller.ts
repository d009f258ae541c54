import type { Writable } from 'node:stream';

/** The caller's end of an answer. */
export class Caller {
  private readonly leaving = new AbortController();

  constructor(private readonly stream: Writable) {
    const leave = (): void => this.leaving.abort();
    stream.once('error', leave);
    stream.once('close', () => {
      if (!stream.writableFinished) {
        leave();
      }
    });
  }

  /** Aborted when the caller does not wait any longer. */
  get left(): AbortSignal {
    return this.leaving.signal;
  }

  /**
   * Write a part. What it returns resolves when there is room for the next, undefined where there is.
   *
   * @param patienceMs how long somebody may take nothing until he has left
   */
  take(part: Uint8Array, patienceMs: () => number): Promise<void> | undefined {
    return this.leaving.signal.aborted || this.stream.write(part) ? undefined : this.room(patienceMs());
  }

  private async room(patienceMs: number): Promise<void> {
    const { stream, left, leaving } = this;
    let timer: NodeJS.Timeout | undefined;
    let go = (): void => {};
    try {
      await new Promise<void>((resolve) => {
        go = resolve;
        stream.once('drain', go);
        left.addEventListener('abort', go, { once: true });
        timer = setTimeout(() => leaving.abort(), patienceMs);
      });
    } finally {
      clearTimeout(timer);
      stream.off('drain', go);
      left.removeEventListener('abort', go);
    }
  }

  /** Resolves when all that was written is out of this process, or the caller has left. */
  async end(): Promise<void> {
    const { stream, left } = this;
    if (left.aborted) {
      return;
    }
    await new Promise<void>((resolve) => {
      left.addEventListener('abort', () => resolve(), { once: true });
      stream.end(() => resolve());
    });
  }
}
