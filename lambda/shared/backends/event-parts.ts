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
  /** Ends the wait for an event. */
  private interrupt: (reason: Error) => void = () => {};

  constructor(events: AsyncIterable<E>, private readonly reader: EventReader<E>, private readonly stopping: AbortController) {
    this.events = events[Symbol.asyncIterator]();
    const { signal } = stopping;
    // Once for all events: to listen anew for each costs as much as all else that is done with one.
    signal.addEventListener('abort', () => this.interrupt(signal.reason as Error), { once: true });
  }

  async next(): Promise<Uint8Array | undefined> {
    const { reader, events, stopping: { signal } } = this;
    for (;;) {
      let event: IteratorResult<E>;
      try {
        // The client's own iterator may wait for ever for what was stopped.
        event = await new Promise<IteratorResult<E>>((resolve, reject) => {
          this.interrupt = reject;
          if (signal.aborted) {
            reject(signal.reason as Error);
            return;
          }
          events.next().then(resolve, reject);
        });
      } catch (error) {
        throw new StreamBroken(reader.failure(error));
      }
      const part = event.done === true ? reader.atEnd?.() : reader.part(event.value);
      if (part !== undefined && 'kind' in part) {
        throw new StreamBroken(part);
      }
      if (event.done === true || (part !== undefined && part.byteLength > 0)) {
        return part;
      }
    }
  }

  stop(): void {
    this.stopping.abort();
  }
}
