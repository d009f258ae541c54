import type { FeedbackRecordPlan } from '../../lib/core/feedback/plan';
import { LAMBDA_EVENT_BYTES, routeKey } from '../../lib/core/names';
import { chooseMirrors } from '../../lib/core/mirroring/choose-mirrors';
import { CREDENTIAL_HEADERS, type MirroredRequest } from '../../lib/core/mirroring/mirrored-request';
import type { Mirror } from '../../lib/core/routing/route';
import { bufferOf } from '../shared/bytes';
import { recordedBy } from './feedback';
import type { HandOverRecorder } from './mirroring-metrics';
import { type InferenceRequest, jsonBody } from './request';
import type { Served } from './serve';
import { within } from './within';

export interface MirroringPorts {
  readonly endpoint: string;
  /** Put an event into the queue of a mirror function. */
  readonly send: (functionArn: string, event: Uint8Array, signal: AbortSignal) => Promise<void>;
  readonly recorder: HandOverRecorder;
  readonly onFailure: (details: { readonly [name: string]: unknown }) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Longest that a caller waits for all hand-overs of a request together, milliseconds. */
export const WAIT_MS = 50;
/** After this a hand-over is given up, milliseconds. */
const GIVE_UP_MS = 1_000;
/** How long a mirror gets nothing after a hand-over that was late or failed, milliseconds. */
const PAUSE_MS = 1_000;

/**
 * Hands requests that production has answered over to mirrors. Lambda freezes a function once it has answered, so the hand-over comes
 * before: the caller waits until Lambda has taken the events, and no longer than WAIT_MS. What is slower than that goes on while the
 * function runs, and the mirror gets nothing for a while, so that not every caller pays for a slow queue.
 */
export class Mirroring {
  /** By mirror function: until when it gets nothing. */
  private readonly pauses = new Map<string, number>();

  constructor(private readonly ports: MirroringPorts, private readonly waitMs: number = WAIT_MS) {}

  /** Resolves when the caller may have the answer; never rejects. */
  async handOver(request: InferenceRequest, served: Served): Promise<void> {
    const { route: { mirrors = [] } } = served;
    if (mirrors.length === 0) {
      return;
    }
    try {
      await this.handOverTo(this.chosen(mirrors, request, served), request, served);
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
    return chooseMirrors(mirrors, routeKey(this.ports.endpoint, request.alias), variant.version, { ...request, document }, this.ports.now());
  }

  private async handOverTo(mirrors: readonly Mirror[], request: InferenceRequest, served: Served): Promise<void> {
    if (mirrors.length === 0) {
      return;
    }
    const event = eventOf(request, served, this.ports.now(), recordedBy(this.ports.endpoint, request, served.route));
    const started = this.ports.clock();
    const each = mirrors.map(async (mirror) => {
      const problem = event === undefined ? 'too large' : started < (this.pauses.get(mirror.functionArn) ?? -Infinity) ? 'paused' : await this.send(mirror, event);
      if (problem !== undefined) {
        this.ports.onFailure({ alias: request.alias, shadow: mirror.name, inferenceId: request.inferenceId, problem });
      }
      const tookMs = this.ports.clock() - started;
      if (tookMs > this.waitMs) {
        this.pauses.set(mirror.functionArn, this.ports.clock() + PAUSE_MS);
      }
      // Counted when it is known, which for a late one is while another request is served.
      this.ports.recorder.record({ alias: request.alias, shadow: mirror.name, sent: problem === undefined, waitedMs: Math.min(tookMs, this.waitMs) });
    });
    await within(this.waitMs, Promise.all(each));
  }

  /** Resolves to the name of what was wrong, or undefined. */
  private async send(mirror: Mirror, event: Uint8Array): Promise<string | undefined> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), GIVE_UP_MS);
    try {
      await this.ports.send(mirror.functionArn, event, giveUp.signal);
      return undefined;
    } catch (error) {
      this.pauses.set(mirror.functionArn, this.ports.clock() + PAUSE_MS);
      return (error as Error).name;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The event, or undefined if Lambda would not take it. */
function eventOf(request: InferenceRequest, { variant, outcome, latencyMs }: Served, at: number, feedback: FeedbackRecordPlan | undefined): Uint8Array | undefined {
  if (outcome.kind !== 'answer' || (request.body.byteLength + outcome.body.byteLength) * 4 / 3 > LAMBDA_EVENT_BYTES) {
    return undefined;
  }
  const event: MirroredRequest = {
    inferenceId: request.inferenceId,
    at,
    headers: Object.fromEntries([...request.headers].filter(([name]) => !CREDENTIAL_HEADERS.has(name))),
    query: request.query,
    body: bufferOf(request.body).toString('base64'),
    ...(feedback === undefined ? {} : { feedback }),
    production: { version: variant.version, target: variant.target, latencyMs, body: bufferOf(outcome.body).toString('base64') },
  };
  const bytes = Buffer.from(JSON.stringify(event));
  return bytes.byteLength <= LAMBDA_EVENT_BYTES ? bytes : undefined;
}
