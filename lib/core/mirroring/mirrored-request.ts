import type { FeedbackRecordPlan } from '../feedback/plan';
import type { Target } from '../routing/route';

/**
 * What the router hands over: a request, and what production made of it. Bodies are base64; where they are stored, the texts here are
 * empty.
 */
export interface MirroredRequest {
  readonly inferenceId: string;
  /** Epoch milliseconds of the hand-over. */
  readonly at: number;
  /** Lower-case names; without credentials. */
  readonly headers: { readonly [name: string]: string };
  readonly query: string;
  readonly body: string;
  /** Where predictions are remembered until the label comes; absent where this inference is none of those. */
  readonly feedback?: FeedbackRecordPlan;
  readonly production: {
    readonly version: string;
    readonly target: Target;
    readonly latencyMs: number;
    readonly body: string;
  };
  readonly stored?: StoredBodies;
}

/** An object in the mirror's bucket: the request's body, and behind it that of production's answer. */
export interface StoredBodies {
  readonly key: string;
  readonly requestBytes: number;
}

/** Headers that prove who calls; a shadow has no use for them, and they have no business in a queue. */
export const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization', 'cookie', 'proxy-authorization', 'x-amz-security-token', 'x-api-key',
]);
