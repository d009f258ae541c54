import { randomUUID } from 'node:crypto';
import { BODIES_PREFIX, routeKey } from '../../lib/core/names';
import { chooseMirrors } from '../../lib/core/mirroring/choose-mirrors';
import type { Mirror } from '../../lib/core/routing/route';
import { recordedBy } from './feedback';
import { HandOverEvent } from './hand-over-event';
import type { HandOverRecorder } from './mirroring-metrics';
import { type InferenceRequest, jsonBody } from '../shared/http/request';
import type { Served } from './served';
import { Overdue } from './overdue';

export interface MirroringPorts {
  readonly endpoint: string;
  /** Put an event into the queue of a mirror function. */
  readonly send: (functionArn: string, event: Uint8Array, signal: AbortSignal) => Promise<void>;
  /** Put an object into the bucket of a mirror. */
  readonly store: (bucket: string, key: string, bytes: Uint8Array, signal: AbortSignal) => Promise<void>;
  readonly recorder: HandOverRecorder;
  readonly onFailure: (details: { readonly [name: string]: unknown }) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Longest that a caller waits for all hand-overs of a request together, milliseconds. */
export const WAIT_MS = 50;
/** After this a hand-over is given up, milliseconds; the second where bodies are stored first. */
const GIVE_UP_MS = 1_000;
const GIVE_UP_STORING_MS = 5_000;
/** How long a mirror gets nothing after a hand-over that failed, milliseconds at the least, and by how long that took. */
const PAUSE_MS = 1_000;
const PAUSE_TIMES = 10;
/** Bytes that may be under way to one queue or bucket while nobody waits for them. */
const MOST_UNDER_WAY = 10_000_000;

/** A queue or a bucket of a mirror. A slow bucket says nothing about the queue. */
class Way {
  /** Until when it gets nothing. */
  pausedUntil = -Infinity;
  bytesUnderWay = 0;
  readonly overdue = new Overdue();
}

/**
 * Hands requests that production has answered over to mirrors. Where Lambda gives the function time after its answers, and where it
 * streams them, that is when, and no caller waits.
 *
 * Elsewhere the function is frozen once it has answered, so the hand-over comes before: the caller waits until Lambda has taken the
 * events, and no longer than WAIT_MS. What is slower goes on while the function runs; until it is there, nobody waits for others either, so
 * that not every caller pays for a slow queue.
 *
 * A mirror whose queue or bucket failed gets nothing for ten times as long as that took: so a broken one costs an instance no more than a
 * tenth of its time. Bodies that an event has no room for are put into the mirror's bucket first, if it has one.
 */
export class Mirroring {
  private readonly ways = new Map<string, Way>();

  constructor(private readonly ports: MirroringPorts, private readonly waitMs: number = WAIT_MS) {}

  /**
   * Resolves when the caller may have the answer; never rejects. Where the caller has it already, resolves when all hand-overs have
   * ended, well or not.
   */
  async handOver(request: InferenceRequest, served: Served, answered = false): Promise<void> {
    const { route: { mirrors = [] } } = served;
    if (mirrors.length === 0) {
      return;
    }
    try {
      await this.handOverTo(this.chosen(mirrors, request, served), request, served, answered);
    } catch (error) {
      this.ports.onFailure({ alias: request.alias, inferenceId: request.inferenceId, problem: (error as Error).name });
    }
  }

  /** An answer that is production's own can be compared; a refusal or failure cannot. */
  private chosen(mirrors: readonly Mirror[], request: InferenceRequest, { variant, outcome }: Served): readonly Mirror[] {
    if (variant.role !== 'production' || outcome.kind !== 'answer' || outcome.status >= 400) {
      return [];
    }
    let parsed: { readonly document: unknown } | undefined;
    const document = (): unknown => (parsed ??= { document: jsonBody(request) }).document;
    return chooseMirrors(
      mirrors,
      routeKey(this.ports.endpoint, request.alias),
      variant.version,
      { ...request, document },
      this.ports.now(),
    );
  }

  private async handOverTo(mirrors: readonly Mirror[], request: InferenceRequest, served: Served, answered: boolean): Promise<void> {
    const { outcome } = served;
    if (mirrors.length === 0 || outcome.kind !== 'answer') {
      return;
    }
    // Of a streamed answer no more is kept than a mirror could be given.
    const isKept = outcome.bytes === undefined;
    const event = new HandOverEvent(
      request,
      { ...served, outcome },
      this.ports.now(),
      mirrors,
      recordedBy(this.ports.endpoint, request, served.route),
    );
    await Promise.all(mirrors.map((mirror) => {
      const stored = isKept ? mirror.bodiesBucket : undefined;
      const name = event.whole === undefined ? stored : mirror.functionArn;
      if (name === undefined) {
        this.tell(mirror, request, { problem: 'too large', waitedMs: 0 });
        return undefined;
      }
      const way = this.wayOf(name);
      const waitMs = answered ? 0 : way.overdue.patience(this.waitMs);
      const started = this.ports.clock();
      const handOver = this.give(mirror, event, name, way).then((problem) => {
        // Told when it is known, which for a late one is while another request is served.
        this.tell(mirror, request, { problem, waitedMs: Math.min(this.ports.clock() - started, waitMs) });
      });
      return answered ? handOver : way.overdue.await(handOver, waitMs);
    }));
  }

  private wayOf(name: string): Way {
    const way = this.ways.get(name) ?? new Way();
    this.ways.set(name, way);
    return way;
  }

  private tell(
    { name: shadow }: Mirror, { alias, inferenceId }: InferenceRequest, { problem, waitedMs }: { problem?: string; waitedMs: number },
  ): void {
    if (problem !== undefined) {
      this.ports.onFailure({ alias, shadow, inferenceId, problem });
    }
    this.ports.recorder.record({ alias, shadow, sent: problem === undefined, waitedMs });
  }

  /** Resolves to the name of what was wrong, or undefined. */
  private async give(mirror: Mirror, event: HandOverEvent, name: string, way: Way): Promise<string | undefined> {
    const started = this.ports.clock();
    if (started < way.pausedUntil) {
      return 'paused';
    }
    const bytes = (event.whole ?? event.bodies).byteLength;
    if (way.bytesUnderWay > 0 && way.bytesUnderWay + bytes > MOST_UNDER_WAY) {
      return 'too many under way';
    }
    way.bytesUnderWay += bytes;
    const giveUpMs = event.whole === undefined ? GIVE_UP_STORING_MS : GIVE_UP_MS;
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), giveUpMs);
    try {
      await this.ports.send(mirror.functionArn, event.whole ?? (await this.store(name, event, giveUp.signal)), giveUp.signal);
      return undefined;
    } catch (error) {
      const now = this.ports.clock();
      // A function may have been frozen meanwhile.
      way.pausedUntil = now + Math.max(PAUSE_MS, PAUSE_TIMES * Math.min(now - started, giveUpMs));
      return (error as Error).name;
    } finally {
      clearTimeout(timer);
      way.bytesUnderWay -= bytes;
    }
  }

  /** Resolves to the event that says where the bodies are. The key is nothing that callers could choose. */
  private async store(bucket: string, event: HandOverEvent, signal: AbortSignal): Promise<Uint8Array> {
    const key = `${BODIES_PREFIX}${randomUUID()}`;
    await this.ports.store(bucket, key, event.bodies, signal);
    return event.referring(key);
  }
}
