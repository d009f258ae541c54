import type { ErrorCode, OriginalError } from './errors';

/** What a variant made of a request. */
export type Outcome = Answer | Failure;

/** The model answered, with success or with a 4xx of its own that blames the caller. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string };
  /** What browsers are to keep, a Set-Cookie header each. */
  readonly cookies?: readonly string[];
  /** All of it, or its beginning where more is to come or more came than is kept. */
  readonly body: Uint8Array;
  /** What comes after the body; absent once all of it has come. */
  readonly rest?: Rest;
  /** How many bytes came, where the body is only the first of them. */
  readonly bytes?: number;
}

/** The parts of an answer that are still to come. Nothing is read ahead: the model is as fast as whoever asks for the next. */
export interface Rest {
  /** The next part; undefined after the last. Throws {@link StreamBroken}. */
  next(): Promise<Uint8Array | undefined>;
  /** End the model's work on it. A part that is waited for breaks. */
  stop(): void;
}

/** An answer ended before it was complete. */
export class StreamBroken extends Error {
  override readonly name = 'StreamBroken';

  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

export enum FailureClass {
  /** The model failed, or its answer is no answer. */
  MODEL = 'model',
  TIMEOUT = 'timeout',
  THROTTLE = 'throttle',
  /** The backend cannot be reached, refused the router, or failed before the model saw the request. */
  BACKEND = 'backend',
  /** The backend is not there (any more), or the router may not call it: the route may be out of date. */
  GONE = 'gone',
  /** The request itself seems to be at fault. */
  CALLER = 'caller',
  /** The variant refused what production did not; only what both refuse is the caller's mistake. */
  REFUSED = 'refused',
}

export interface Failure {
  readonly kind: 'failure';
  readonly class: FailureClass;
  readonly code: ErrorCode;
  /** A sentence for the caller. */
  readonly message: string;
  /** Where the model said something itself. */
  readonly original?: OriginalError;
  /** The member of the body that is at fault, where one is. */
  readonly param?: string;
}

/** Longest text of a model's error that is passed on, in a sentence and as it is. */
export const MESSAGE_CHARACTERS = 1024;

export function failure(failureClass: FailureClass, code: ErrorCode, message: string, original?: OriginalError): Failure {
  return { kind: 'failure', class: failureClass, code, message, ...(original && { original }) };
}

/** What a caller asked for. */
export function isSuccess(outcome: Outcome): outcome is Answer {
  return outcome.kind === 'answer' && outcome.status < 400;
}

/** A refusal blames the caller, in the model's own words or in ours. */
export function isRefusal(outcome: Outcome): boolean {
  return outcome.kind === 'answer' ? outcome.status >= 400 : outcome.class === FailureClass.CALLER;
}

/**
 * How a variant failed a request, undefined if it did not. A refusal alone is no failure; it becomes one when production, asked the same,
 * did not refuse.
 */
export function failureOf(outcome: Outcome, production?: Outcome): FailureClass | undefined {
  if (isRefusal(outcome)) {
    return production === undefined || isRefusal(production) ? undefined : FailureClass.REFUSED;
  }
  return outcome.kind === 'failure' ? outcome.class : undefined;
}
