import type { Generation } from '../../lib/core/generation/generation';
import type { Times } from '../../lib/core/routing/measures';
import type { Route, Variant } from '../../lib/core/routing/route';
import type { FailureClass, Outcome } from '../shared/http/outcome';

/** Who answered, and what. */
export interface Served {
  readonly variant: Variant;
  /** What the request is to that variant. */
  readonly part: Part;
  readonly outcome: Outcome;
  /** Milliseconds until the variant's answer, or until it began where it is streamed. */
  readonly latencyMs: number;
  /** Milliseconds that the router added before the answer. */
  readonly overheadMs: number;
  /** When the request came in, by the clock. */
  readonly startedAt: number;
  readonly route: Route;
  /** Everybody who was asked, once each, the one who answered last. */
  readonly attempts: readonly ServedAttempt[];
  /** The caller chose the variant by name. */
  readonly targeted: boolean;
  /** Among whom the variant was chosen, with their weights at that time. */
  readonly eligible: readonly Variant[];
  /** What the answer says of the conversation that it belongs to; absent on an alias whose conversations do not stay. */
  readonly conversation?: { readonly [name: string]: string };
}

/** What a request is to a variant. */
export enum Part {
  /** It was assigned to the variant. */
  ASSIGNED = 'assigned',
  /** It was assigned to the variant, and is another try of one that was counted. */
  REPEATED = 'repeated',
  /** It belongs to a conversation that had begun before the versions had the shares that they have: nobody compares with it. */
  EARLIER = 'earlier',
  /** Its caller gets the candidate before anybody else. */
  COHORT = 'cohort',
  /** It was assigned to another, in whose place production was asked. */
  FALLBACK = 'fallback',
  /** The caller chose the variant by name. */
  CHOSEN = 'chosen',
}

/** What became of one request at one variant, however often it was asked. */
export interface ServedAttempt {
  readonly variant: Variant;
  readonly part: Part;
  readonly outcome: Outcome;
  /** Of the last time that it was asked, until the answer or, where it is streamed, until it began. */
  readonly latencyMs: number;
  /** What became of an answer that was streamed. */
  readonly stream?: Stream;
  /** What a generative model says of its complete answer. */
  readonly generation?: Generation;
  /** How often it was asked again. */
  readonly retries: number;
  /** Another variant was asked instead. */
  readonly fellBack: boolean;
  /** How the variant failed; undefined if it did not. */
  readonly failed?: FailureClass;
  /** Whether a conversation begins with it; absent on an alias whose conversations do not stay. */
  readonly opens?: boolean;
}

/** An answer that went to the caller in parts. */
export interface Stream {
  /** Milliseconds from its first part to its last. */
  readonly tookMs: number;
  /** It ended before it was complete. */
  readonly broken: boolean;
}

/** What times the answer of an attempt has. */
export function timesOf({ latencyMs, generation }: Pick<ServedAttempt, 'latencyMs' | 'generation'>): Times {
  return { 'answer': latencyMs, 'first-token': generation?.firstTokenMs, 'token': generation?.perTokenMs };
}
