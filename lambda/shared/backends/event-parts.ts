import { type Failure, type Rest, StreamBroken } from '../http/outcome';

/** How the events of a service become the parts of an answer. */
export interface EventReader<E> {
  /** The part in an event: none where it has none, a failure where it reports one. */
  readonly part: (event: E) => Uint8Array | Failure | undefined;
  /** The failure behind what the service's client threw. */
  readonly failure: (error: unknown) => Failure;
  /** What is wrong with a stream that ended here. */
  readonly atEnd?: () => Failure | undefined;
}

/** The parts of an answer that a service of AWS sends as a stream of events. */
export class EventParts<E> implements Rest {
  private readonly events: AsyncIterator<E>;

  constructor(events: AsyncIterable<E>, private readonly reader: EventReader<E>, private readonly stopping: AbortController) {
    this.events = events[Symbol.asyncIterator]();
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { done, value } = await this.event();
      const part = done === true ? this.reader.atEnd?.() : this.reader.part(value);
      if (part !== undefined && 'kind' in part) {
        throw new StreamBroken(part);
      }
      if (done === true || (part !== undefined && part.byteLength > 0)) {
        return part;
      }
    }
  }

  stop(): void {
    this.stopping.abort();
  }

  /**
   * The client's own iterator may wait for ever for what was stopped. The signal outlives the event, so what listens to it must go with
   * the event.
   */
  private async event(): Promise<IteratorResult<E>> {
    const { signal } = this.stopping;
    let stop = (): void => {};
    try {
      return await new Promise<IteratorResult<E>>((resolve, reject) => {
        stop = () => reject(signal.reason as Error);
        if (signal.aborted) {
          stop();
          return;
        }
        signal.addEventListener('abort', stop, { once: true });
        this.events.next().then(resolve, reject);
      });
    } catch (error) {
      throw new StreamBroken(this.reader.failure(error));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
