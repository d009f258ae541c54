/** What went wrong, in the codes that callers see. The status follows from the code. */
export enum ErrorCode {
  MALFORMED_REQUEST = 'MALFORMED_REQUEST',
  TARGET_VARIANT_NOT_ALLOWED = 'TARGET_VARIANT_NOT_ALLOWED',
  ALIAS_NOT_ALLOWED = 'ALIAS_NOT_ALLOWED',
  ALIAS_NOT_FOUND = 'ALIAS_NOT_FOUND',
  VARIANT_NOT_FOUND = 'VARIANT_NOT_FOUND',
  PAYLOAD_TOO_LARGE = 'PAYLOAD_TOO_LARGE',
  UNSUPPORTED_MEDIA_TYPE = 'UNSUPPORTED_MEDIA_TYPE',
  MODEL_ERROR = 'MODEL_ERROR',
  THROTTLED = 'THROTTLED',
  NO_ROUTE = 'NO_ROUTE',
  BACKEND_UNAVAILABLE = 'BACKEND_UNAVAILABLE',
  ROUTER_ERROR = 'ROUTER_ERROR',
  TIMEOUT = 'TIMEOUT',
}

/** 424 for a failing model is SageMaker's own choice. */
export const STATUS: { readonly [code in ErrorCode]: number } = {
  MALFORMED_REQUEST: 400,
  TARGET_VARIANT_NOT_ALLOWED: 403,
  ALIAS_NOT_ALLOWED: 403,
  ALIAS_NOT_FOUND: 404,
  VARIANT_NOT_FOUND: 404,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  MODEL_ERROR: 424,
  THROTTLED: 429,
  NO_ROUTE: 503,
  BACKEND_UNAVAILABLE: 503,
  ROUTER_ERROR: 503,
  TIMEOUT: 504,
};

/** Seconds after which a caller may try again, for the errors that pass by themselves. */
export const RETRY_AFTER_SECONDS: { readonly [code in ErrorCode]?: number } = {
  THROTTLED: 1,
  NO_ROUTE: 5,
  BACKEND_UNAVAILABLE: 5,
  ROUTER_ERROR: 5,
};

/** An error that the caller sees as it is. */
export class RouterError extends Error {
  override readonly name = 'RouterError';

  constructor(readonly code: ErrorCode, message: string) {
    super(message);
  }
}
