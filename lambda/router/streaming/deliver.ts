import type { Failure, Rest } from '../../shared/http/outcome';
import { StreamBroken } from '../../shared/http/outcome';
import type { Reply } from '../../shared/http/reply';
import type { AnswerEvents } from '../shapes/shape';
import { Units } from './begun';
import type { Caller } from './caller';

export interface DeliveryPorts {
  /** Longest silence of the model, and longest time that a caller takes nothing, milliseconds. */
  readonly idleMs: number;
  /** Until when the answer must have ended, by the clock. It is the fault of whoever is waited for then. */
  readonly deadline: number;
  /** How much of the answer is kept for those who look into it afterwards, bytes. */
  readonly keepBytes: number;
  /** Told of every part once it is on its way to the caller, with the milliseconds that the model took for all so far. */
  readonly passed?: (part: Uint8Array, modelMs: number) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

/** An answer that is to be sent. */
export interface Delivered extends Pick<Reply, 'body'> {
  readonly rest?: Rest;
  /** What tells the reader of an error between two units of the answer itself. */
  readonly error: (failure: Failure) => Uint8Array | undefined;
  /** What the parts of the answer travel in; absent where they do as they are. */
  readonly events?: AnswerEvents;
}

/** What became of an answer on its way to the caller. */
export interface Delivery {
  /** As much of its body as was to be kept. */
  readonly body: Uint8Array;
  /** How many bytes it had. */
  readonly bytes: number;
  /** Milliseconds from its first part to its last. */
  readonly tookMs: number;
  /** The caller did not wait for all of it. */
  readonly left: boolean;
  /** Why it ended before it was complete. */
  readonly broken?: Failure;
  /** Nothing can tell the caller so but a connection that breaks: the answer must not end as if it were complete. */
  readonly torn: boolean;
}

/**
 * Send an answer to its caller as it comes. A part is asked for when the one before has left; so a slow caller slows the model down, and
 * nothing piles up here.
 */
export async function deliver(
  { body, rest, error, events }: Delivered,
  caller: Caller,
  ports: DeliveryPorts,
): Promise<Delivery> {
  const began = ports.clock();
  const kept = new Kept(ports.keepBytes);
  let broken: Failure | undefined;
  let modelMs = 0;
  const leave = (): void => rest?.stop();
  caller.left.addEventListener('abort', leave, { once: true });
  const patience = (): number => Math.max(0, Math.min(ports.idleMs, ports.deadline - ports.clock()));
  const watch = rest && new Watch(rest, ports);
  try {
    for (let part: Uint8Array | undefined = body; part !== undefined && !caller.left.aborted;) {
      kept.add(part);
      // Every token comes here: nothing is awaited where there is nothing to wait for.
      const room = caller.take(events !== undefined && part.byteLength > 0 ? events.part(part) : part, patience);
      if (room !== undefined) {
        await room;
      }
      ports.passed?.(part, modelMs);
      const asked = ports.clock();
      watch?.begin(asked);
      part = await rest?.next();
      watch?.pause();
      modelMs += ports.clock() - asked;
    }
  } catch (thrown) {
    if (!(thrown instanceof StreamBroken)) {
      throw thrown;
    }
    broken = thrown.failure;
  } finally {
    caller.left.removeEventListener('abort', leave);
    watch?.end();
  }
  rest?.stop();
  const tookMs = ports.clock() - began;
  const last = broken && (events?.error(broken) ?? (rest instanceof Units && rest.tidy ? error(broken) : undefined));
  const torn = broken !== undefined && last === undefined;
  if (last !== undefined) {
    await caller.take(last, patience);
  }
  if (!torn) {
    await caller.end();
  }
  // What the model itself reported its reader has been told in the model's words.
  broken ??= rest instanceof Units ? rest.reported : undefined;
  return {
    body: kept.body,
    bytes: kept.bytes,
    tookMs,
    left: caller.left.aborted,
    torn: torn && !caller.left.aborted,
    ...(broken && { broken }),
  };
}

/** Stops a model whose next part does not come within the time that there is for it; nothing is set anew for each part. */
class Watch {
  /** Since when a part is waited for; undefined while none is. */
  private since?: number;
  private silence: NodeJS.Timeout;
  private readonly deadline: NodeJS.Timeout;

  constructor(private readonly rest: Rest, private readonly ports: DeliveryPorts) {
    this.silence = setTimeout(() => this.check(), ports.idleMs);
    this.deadline = setTimeout(() => this.stopIfLate(), Math.max(0, ports.deadline - ports.clock()));
  }

  begin(now: number): void {
    this.since = now;
    if (now >= this.ports.deadline) {
      this.rest.stop();
    }
  }

  pause(): void {
    this.since = undefined;
  }

  end(): void {
    clearTimeout(this.silence);
    clearTimeout(this.deadline);
  }

  private stopIfLate(): void {
    if (this.since !== undefined) {
      this.rest.stop();
    }
  }

  private check(): void {
    const { since, ports: { idleMs, clock } } = this;
    const leftMs = since === undefined ? idleMs : since + idleMs - clock();
    if (leftMs > 0) {
      this.silence = setTimeout(() => this.check(), leftMs);
    } else {
      this.rest.stop();
    }
  }
}

/** The beginning of what went through. */
class Kept {
  public bytes = 0;
  private readonly parts: Uint8Array[] = [];
  private room: number;

  constructor(atMost: number) {
    this.room = atMost;
  }

  add(part: Uint8Array): void {
    this.bytes += part.byteLength;
    if (this.room > 0 && part.byteLength > 0) {
      const taken = part.byteLength <= this.room ? part : part.subarray(0, this.room);
      this.parts.push(taken);
      this.room -= taken.byteLength;
    }
  }

  get body(): Uint8Array {
    return this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts);
  }
}
