import type { FeedbackRecordPlan } from '../../lib/core/feedback/plan';
import { type MirroredRequest, passedOn } from '../../lib/core/mirroring/mirrored-request';
import { LAMBDA_EVENT_BYTES } from '../../lib/core/aws-limits';
import { Header } from '../../lib/core/names';
import type { Mirror } from '../../lib/core/routing/route';
import { bufferOf } from '../shared/http/media';
import type { Answer } from '../shared/http/outcome';
import type { InferenceRequest } from '../shared/http/request';
import type { Served } from './served';

/** What a mirror is told of a request, in the two ways in which bodies travel. */
export class HandOverEvent {
  /** The event with the bodies in it; undefined if Lambda would not take it. */
  readonly whole: Uint8Array | undefined;
  private together?: Uint8Array;

  constructor(
    private readonly request: InferenceRequest,
    private readonly served: Served & { readonly outcome: Answer },
    private readonly at: number,
    /** Who gets it. */
    private readonly mirrors: readonly Mirror[],
    /** Where what the shadow predicts is remembered, if it is. */
    private readonly feedback?: FeedbackRecordPlan,
  ) {
    const answer = served.outcome;
    if ((request.body.byteLength + answer.body.byteLength) * 4 / 3 <= LAMBDA_EVENT_BYTES) {
      const bytes = this.event({ body: base64(request.body), answer: base64(answer.body) });
      this.whole = bytes.byteLength <= LAMBDA_EVENT_BYTES ? bytes : undefined;
    }
  }

  /** The bodies to store, one behind the other: as they are, which costs a copy and no base64. */
  get bodies(): Uint8Array {
    this.together ??= Buffer.concat([this.request.body, this.served.outcome.body]);
    return this.together;
  }

  /** The event that says where the bodies are. */
  referring(key: string): Uint8Array {
    return this.event({ body: '', answer: '', stored: { key, requestBytes: this.request.body.byteLength } });
  }

  private event({ body, answer, stored }: { body: string; answer: string; stored?: MirroredRequest['stored'] }): Uint8Array {
    const {
      request: { inferenceId, headers, query },
      served: {
        variant: { version, target },
        latencyMs,
        attempts,
        conversation,
      },
      at,
      mirrors,
      feedback,
    } = this;
    // The shadow is asked for the whole of its answer.
    const wholeMs = latencyMs + (attempts.at(-1)?.stream?.tookMs ?? 0);
    const event: MirroredRequest = {
      inferenceId,
      at,
      ...passedOn(mirrors, conversation === undefined ? headers : withoutSession(headers), query),
      body,
      ...(feedback && { feedback }),
      production: { version, target, latencyMs: wholeMs, body: answer },
      ...(stored && { stored }),
    };
    return Buffer.from(JSON.stringify(event));
  }
}

/** A token of a conversation is no model's, and a session of production's is not the shadow's. */
function withoutSession(headers: InferenceRequest['headers']): InferenceRequest['headers'] {
  return new Map([...headers].filter(([name]) => name !== Header.SESSION_ID));
}

function base64(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('base64');
}
