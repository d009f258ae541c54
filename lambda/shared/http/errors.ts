/** What went wrong, in the codes that callers see. */
export enum ErrorCode {
  /** The request cannot be read, or the backend says that it is not valid. */
  MALFORMED_REQUEST = 'MALFORMED_REQUEST',
  /** This caller may not choose a variant. */
  TARGET_VARIANT_NOT_ALLOWED = 'TARGET_VARIANT_NOT_ALLOWED',
  /** This caller may not use the alias, a preview for example. */
  ALIAS_NOT_ALLOWED = 'ALIAS_NOT_ALLOWED',
  /** The endpoint has no such alias. */
  ALIAS_NOT_FOUND = 'ALIAS_NOT_FOUND',
  /** The alias has no such variant. */
  VARIANT_NOT_FOUND = 'VARIANT_NOT_FOUND',
  /** The answer is bytes, which the `Accept` of the request keeps API Gateway from handing on. */
  NOT_ACCEPTABLE = 'NOT_ACCEPTABLE',
  /** The body is larger than the backend takes. */
  PAYLOAD_TOO_LARGE = 'PAYLOAD_TOO_LARGE',
  /** The model does not take bodies of this type. */
  UNSUPPORTED_MEDIA_TYPE = 'UNSUPPORTED_MEDIA_TYPE',
  /** The model refused the request, with a status of its own. */
  REFUSED_BY_MODEL = 'REFUSED_BY_MODEL',
  /** The model failed, or its answer is no answer. */
  MODEL_ERROR = 'MODEL_ERROR',
  /** The model is still being loaded. */
  MODEL_NOT_READY = 'MODEL_NOT_READY',
  /** The backend has no free capacity. */
  THROTTLED = 'THROTTLED',
  /** The route cannot be read, and none is known. */
  NO_ROUTE = 'NO_ROUTE',
  /** The backend cannot be reached, or refused the router. */
  BACKEND_UNAVAILABLE = 'BACKEND_UNAVAILABLE',
  /** The router failed; its log says why, by the inference id. */
  ROUTER_ERROR = 'ROUTER_ERROR',
  /** The model did not answer in time. */
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

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly headers: { readonly [name: string]: string } = {},
    /** The member of the body that is at fault, where one is. */
    readonly param?: string,
  ) {
    super(message);
  }
}
