import type { APIGatewayProxyEvent } from 'aws-lambda';
import { Header } from '../../lib/core/names';
import type { AssignmentKey, TargetVariantAccess } from '../../lib/core/routing/route';
import { parseJsonPath, valueAt } from '../../lib/core/routing/json-path';
import { bufferOf } from '../shared/bytes';
import { ErrorCode, RouterError } from './errors';

/** A request as the router sees it: nothing of API Gateway is needed beyond this. */
export interface InferenceRequest {
  readonly alias: string;
  readonly inferenceId: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly query: string;
  readonly body: Uint8Array;
  /** Who calls, as API Gateway authenticated it. */
  readonly caller: Caller;
}

export interface Caller {
  readonly userArn?: string;
  /** Claims of a token, or the context of a Lambda authorizer. */
  readonly claims: { readonly [name: string]: unknown };
}

/** SageMaker's own limit and characters for an inference id. */
const INFERENCE_ID = /^[\x21-\x7e]{1,64}$/;

/** Read API Gateway's proxy event; the body is decoded once and never changed. */
export function readRequest(event: APIGatewayProxyEvent): InferenceRequest {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(event.headers ?? {})) {
    if (value !== undefined && value !== null) {
      headers.set(name.toLowerCase(), value);
    }
  }
  const asked = headers.get(Header.INFERENCE_ID);
  const authorizer = event.requestContext.authorizer ?? {};
  return {
    alias: event.pathParameters?.alias ?? '',
    inferenceId: asked !== undefined && INFERENCE_ID.test(asked) ? asked : event.requestContext.requestId,
    headers,
    query: queryString(event.multiValueQueryStringParameters),
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    caller: {
      userArn: event.requestContext.identity?.userArn ?? undefined,
      claims: { ...authorizer, ...((authorizer.claims as { [name: string]: unknown } | undefined) ?? {}) },
    },
  };
}

/** Refuse an inference id that SageMaker would refuse, instead of quietly using another. */
export function checkInferenceId(request: InferenceRequest): void {
  const asked = request.headers.get(Header.INFERENCE_ID);
  if (asked !== undefined && asked !== request.inferenceId) {
    throw new RouterError(
      ErrorCode.MALFORMED_REQUEST,
      'the header X-Amzn-SageMaker-Inference-Id must be 1 to 64 printable ASCII characters without spaces',
    );
  }
}

/** The text that decides the variant. A request without the configured key is assigned by its inference id. */
export function assignmentKey(request: InferenceRequest, key: AssignmentKey): string {
  switch (key.source) {
    case 'inference-id':
      return request.inferenceId;
    case 'header':
      return request.headers.get(key.name) ?? request.inferenceId;
    case 'json-path': {
      const value = valueAt(jsonBody(request), parseJsonPath(key.path)!);
      return typeof value === 'string' || typeof value === 'number' ? String(value) : request.inferenceId;
    }
  }
}

/** The body as a JSON document, undefined if it is none. */
export function jsonBody(request: Pick<InferenceRequest, 'body'>): unknown {
  try {
    return JSON.parse(bufferOf(request.body).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Whether this caller may choose a variant by name. */
export function mayTarget(caller: Caller, access: TargetVariantAccess): boolean {
  switch (access.kind) {
    case 'nobody':
      return false;
    case 'everyone':
      return true;
    case 'principals':
      return caller.userArn !== undefined && access.arns.includes(principalArn(caller.userArn));
    case 'claim': {
      const claim = caller.claims[access.name];
      return claim === access.value || (typeof claim === 'string' && claim.split(/[\s,]+/).includes(access.value));
    }
  }
}

/**
 * The IAM ARN behind what API Gateway reports. A role shows up as an assumed-role session, whose ARN has lost the role's
 * path, so roles are compared without their path: see TargetVariantAccess.roles.
 */
function principalArn(userArn: string): string {
  const session = /^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\/.+$/.exec(userArn);
  return session === null ? userArn : `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`;
}

function queryString(parameters: { [name: string]: string[] | undefined } | null | undefined): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters ?? {})) {
    for (const value of values ?? []) {
      query.append(name, value);
    }
  }
  return query.toString();
}
