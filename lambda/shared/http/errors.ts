/** What went wrong, in the codes that callers see. */
export enum ErrorCode {
  MALFORMED_REQUEST = 'MALFORMED_REQUEST',
  TARGET_VARIANT_NOT_ALLOWED = 'TARGET_VARIANT_NOT_ALLOWED',
  ALIAS_NOT_ALLOWED = 'ALIAS_NOT_ALLOWED',
  ALIAS_NOT_FOUND = 'ALIAS_NOT_FOUND',
  VARIANT_NOT_FOUND = 'VARIANT_NOT_FOUND',
  NOT_ACCEPTABLE = 'NOT_ACCEPTABLE',
  PAYLOAD_TOO_LARGE = 'PAYLOAD_TOO_LARGE',
  UNSUPPORTED_MEDIA_TYPE = 'UNSUPPORTED_MEDIA_TYPE',
  REFUSED_BY_MODEL = 'REFUSED_BY_MODEL',
  MODEL_ERROR = 'MODEL_ERROR',
  MODEL_NOT_READY = 'MODEL_NOT_READY',
  THROTTLED = 'THROTTLED',
  NO_ROUTE = 'NO_ROUTE',
  BACKEND_UNAVAILABLE = 'BACKEND_UNAVAILABLE',
  ROUTER_ERROR = 'ROUTER_ERROR',
  TIMEOUT = 'TIMEOUT',
}

interface ErrorKind {
  /** 424 for a failing model is SageMaker's own choice. */
  readonly status: number;
  /** Class of SageMaker's runtime that its clients raise for it. */
  readonly type: string;
  /** Seconds after which a caller may try again, for what passes by itself. */
  readonly retryAfter?: number;
}

const VALIDATION = 'ValidationError';
const DENIED = 'AccessDeniedException';
export const MODEL_ERROR_TYPE = 'ModelError';

export const ERRORS: { readonly [code in ErrorCode]: ErrorKind } = {
  MALFORMED_REQUEST: { status: 400, type: VALIDATION },
  TARGET_VARIANT_NOT_ALLOWED: { status: 403, type: DENIED },
  ALIAS_NOT_ALLOWED: { status: 403, type: DENIED },
  ALIAS_NOT_FOUND: { status: 404, type: VALIDATION },
  VARIANT_NOT_FOUND: { status: 404, type: VALIDATION },
  NOT_ACCEPTABLE: { status: 406, type: VALIDATION },
  PAYLOAD_TOO_LARGE: { status: 413, type: VALIDATION },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, type: VALIDATION },
  REFUSED_BY_MODEL: { status: 400, type: MODEL_ERROR_TYPE },
  MODEL_ERROR: { status: 424, type: MODEL_ERROR_TYPE },
  MODEL_NOT_READY: { status: 429, type: 'ModelNotReadyException', retryAfter: 1 },
  THROTTLED: { status: 429, type: 'ThrottlingException', retryAfter: 1 },
  NO_ROUTE: { status: 503, type: 'ServiceUnavailable', retryAfter: 5 },
  BACKEND_UNAVAILABLE: { status: 503, type: 'ServiceUnavailable', retryAfter: 5 },
  ROUTER_ERROR: { status: 503, type: 'InternalFailure', retryAfter: 5 },
  TIMEOUT: { status: 504, type: MODEL_ERROR_TYPE },
};

/** What the model itself said of its failure. */
export interface OriginalError {
  readonly status: number;
  readonly message: string;
  /** Where SageMaker logged it. */
  readonly logStreamArn?: string;
}

/** The status follows from the code, but where the model refused the request it is the model's own. */
export function statusOf({ code, original }: { readonly code: ErrorCode; readonly original?: OriginalError }): number {
  return code === ErrorCode.REFUSED_BY_MODEL && original !== undefined ? original.status : ERRORS[code].status;
}

/** An error that the caller sees as it is. */
export class RouterError extends Error {
  override readonly name = 'RouterError';

  constructor(readonly code: ErrorCode, message: string, readonly headers: { readonly [name: string]: string } = {}) {
    super(message);
  }
}
