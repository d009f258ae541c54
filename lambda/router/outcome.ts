import type { ErrorCode } from './errors';

/** What a variant made of a request. */
export type Outcome = Answer | Failure;

/** The model answered, with success or with a 4xx of its own that blames the caller. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: Uint8Array;
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
  /** The request itself is at fault, whichever variant gets it. */
  CALLER = 'caller',
}

export interface Failure {
  readonly kind: 'failure';
  readonly class: FailureClass;
  readonly code: ErrorCode;
  /** A sentence for the caller. */
  readonly message: string;
}

export function failure(failureClass: FailureClass, code: ErrorCode, message: string): Failure {
  return { kind: 'failure', class: failureClass, code, message };
}
