import { randomUUID } from 'node:crypto';
import { BODIES_PREFIX, routeKey } from '../../lib/core/names';
import { chooseMirrors } from '../../lib/core/mirroring/choose-mirrors';
import type { Mirror } from '../../lib/core/routing/route';
import { recordedBy } from './feedback';
import { HandOverEvent } from './hand-over-event';
import type { HandOverRecorder } from './mirroring-metrics';
import { type InferenceRequest, jsonBody } from '../shared/http/request';
import type { Served } from './served';
import { within } from './within';

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
/** How long a mirror gets nothing after a hand-over that was late or failed, milliseconds. */
const PAUSE_MS = 1_000;

/**
 * Hands requests that production has answered over to mirrors. Lambda freezes a function once it has answered, so the hand-over comes
 * before: the caller waits until Lambda has taken the events, and no longer than WAIT_MS. What is slower than that goes on while the
 * function runs, and the mirror gets nothing for a while, so that not every caller pays for a slow queue.
 *
 * A function that streams its answer runs on after its end, so there the hand-over comes last, and the caller does not wait for it.
 *
 * Bodies that an event has no room for are put into the mirror's bucket first, if it has one.
 */
export class Mirroring {
  /** By queue and bucket of a mirror: until when it gets nothing. A slow bucket says nothing about the queue. */
  private readonly pauses = new Map<string, number>();

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
    const started = this.ports.clock();
    const each = mirrors.map(async (mirror) => {
      const stored = isKept ? mirror.bodiesBucket : undefined;
      const way = event.whole === undefined ? stored : mirror.functionArn;
      const paused = way !== undefined && started < (this.pauses.get(way) ?? -Infinity);
      const notGiven = paused ? 'paused' : 'too large';
      const problem = way === undefined || paused ? notGiven : await this.give(mirror, event, way);
      if (problem !== undefined) {
        this.ports.onFailure({ alias: request.alias, shadow: mirror.name, inferenceId: request.inferenceId, problem });
      }
      const tookMs = this.ports.clock() - started;
      if (!answered && way !== undefined && tookMs > this.waitMs) {
        this.pauses.set(way, this.ports.clock() + PAUSE_MS);
      }
      // Counted when it is known, which for a late one is while another request is served.
      this.ports.recorder.record({
        alias: request.alias,
        shadow: mirror.name,
        sent: problem === undefined,
        waitedMs: answered ? 0 : Math.min(tookMs, this.waitMs),
      });
    });
    await (answered ? Promise.all(each) : within(this.waitMs, Promise.all(each)));
  }

  /** Resolves to the name of what was wrong, or undefined. */
  private async give(mirror: Mirror, event: HandOverEvent, way: string): Promise<string | undefined> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), event.whole === undefined ? GIVE_UP_STORING_MS : GIVE_UP_MS);
    try {
      await this.ports.send(mirror.functionArn, event.whole ?? (await this.store(way, event, giveUp.signal)), giveUp.signal);
      return undefined;
    } catch (error) {
      this.pauses.set(way, this.ports.clock() + PAUSE_MS);
      return (error as Error).name;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves to the event that says where the bodies are. The key is nothing that callers could choose. */
  private async store(bucket: string, event: HandOverEvent, signal: AbortSignal): Promise<Uint8Array> {
    const key = `${BODIES_PREFIX}${randomUUID()}`;
    await this.ports.store(bucket, key, event.bodies, signal);
    return event.referring(key);
  }
}
