import { isUtf8 } from 'node:buffer';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { KeySource } from '../../../lib/core/counters/plan';
import { parseJson } from '../../../lib/core/json/json';
import { Header } from '../../../lib/core/names';
import type { CohortRule } from '../../../lib/core/routing/cohort';
import type { AssignmentKey, TargetVariantAccess } from '../../../lib/core/routing/route';
import { parseJsonPath, valueAt } from '../../../lib/core/json/json-path';
import { decoded } from './content-encoding';
import { ErrorCode, RouterError } from './errors';
import { bufferOf, decodesAnswers } from './media';
import { readSession, type Session } from './session';

/** A request as the router sees it: nothing of API Gateway is needed beyond this. */
export interface InferenceRequest {
  readonly alias: string;
  readonly inferenceId: string;
  /** Lower-case names; several values of a header are one, with commas between them. */
  readonly headers: ReadonlyMap<string, string>;
  readonly query: string;
  /** As it was before any content encoding. */
  readonly body: Uint8Array;
  /** Who calls, as API Gateway authenticated it. */
  readonly caller: Caller;
  /** The stateful session that the request belongs to. */
  readonly session?: Session;
  /** How the request came in; absent for those of the control plane and of mirrors. */
  readonly arrival?: Arrival;
  /** Why no model can be asked this. */
  readonly problem?: RouterError;
  /** API Gateway gives this caller bytes where the function gives it base64. */
  readonly takesBytes?: boolean;
}

export interface Caller {
  readonly userArn?: string;
  /** Claims of a token, or the context of a Lambda authorizer. */
  readonly claims: { readonly [name: string]: unknown };
}

/** What API Gateway knows of a request besides what was sent. */
export type Arrival = APIGatewayProxyEvent['requestContext'];

/** SageMaker's own limit and characters for an inference id. */
const INFERENCE_ID = /^[\x21-\x7e]{1,64}$/;
/** Media types whose bodies API Gateway hands on as they are, where nobody chose others. */
const ALL_MEDIA_TYPES: readonly string[] = ['*/*'];

/** Read API Gateway's proxy event. Whatever is wrong with it is in `problem`: an error has an inference id, too. */
export function readRequest(event: APIGatewayProxyEvent, binaryMediaTypes = ALL_MEDIA_TYPES): InferenceRequest {
  const headers = readHeaders(event);
  const asked = headers.get(Header.INFERENCE_ID);
  const authorizer = event.requestContext.authorizer ?? {};
  const session = readSession(headers.get(Header.SESSION_ID));
  if (session !== undefined) {
    headers.set(Header.SESSION_ID, session.id);
  }
  const accepted = decodesAnswers(headers.get('accept'), binaryMediaTypes);
  return {
    alias: event.pathParameters?.alias ?? '',
    inferenceId: asked !== undefined && INFERENCE_ID.test(asked) ? asked : event.requestContext.requestId,
    query: queryString(event.multiValueQueryStringParameters),
    ...readBody(event, headers),
    headers,
    caller: {
      userArn: event.requestContext.identity?.userArn ?? undefined,
      claims: { ...authorizer, ...((authorizer.claims as { [name: string]: unknown } | undefined) ?? {}) },
    },
    ...(session && { session }),
    arrival: event.requestContext,
    takesBytes: accepted,
  };
}

function readHeaders(event: APIGatewayProxyEvent): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(event.headers ?? {})) {
    if (value !== undefined && value !== null) {
      headers.set(name.toLowerCase(), value);
    }
  }
  for (const [name, values] of Object.entries(event.multiValueHeaders ?? {})) {
    if (values !== undefined && values !== null && values.length > 1) {
      headers.set(name.toLowerCase(), values.join(name.toLowerCase() === 'cookie' ? '; ' : ','));
    }
  }
  return headers;
}

/** The body, decoded once; `headers` lose the content encoding that was undone. */
function readBody(event: APIGatewayProxyEvent, headers: Map<string, string>): Pick<InferenceRequest, 'body' | 'problem'> {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  try {
    if (!event.isBase64Encoded && body.includes('\ufffd')) {
      throw new RouterError(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        `the API carries bodies of ${JSON.stringify(headers.get('content-type')?.slice(0, 100) ?? 'no content type')} as UTF-8 text `
          + 'only, and this one is none or has U+FFFD in it: ' +
          "send a content-type that is among the API's binary media types, or have */* among them",
      );
    }
    const encoding = headers.get('content-encoding');
    // A compressed body is no UTF-8; where it came as text, API Gateway has decompressed it.
    if (encoding === undefined || (!event.isBase64Encoded && isUtf8(body))) {
      return { body };
    }
    const plain = decoded(body, encoding);
    headers.delete('content-encoding');
    return { body: plain };
  } catch (error) {
    if (error instanceof RouterError) {
      return { body, problem: error };
    }
    throw error;
  }
}

/** Refuse what cannot be read, and an inference id that SageMaker would refuse, instead of quietly using another. */
export function checkRequest(request: InferenceRequest): void {
  if (request.problem !== undefined) {
    throw request.problem;
  }
  const asked = request.headers.get(Header.INFERENCE_ID);
  if (asked !== undefined && asked !== request.inferenceId) {
    throw new RouterError(
      ErrorCode.MALFORMED_REQUEST,
      'the header X-Amzn-SageMaker-Inference-Id must be 1 to 64 printable ASCII characters without spaces',
    );
  }
}

/** The text that decides the variant. A request without the configured key is assigned by its inference id, one of a session by that. */
export function assignmentKey(request: InferenceRequest, key: AssignmentKey): string {
  switch (key.source) {
    case 'inference-id':
    case 'session':
      return request.session?.id ?? request.inferenceId;
    case 'header':
      return request.headers.get(key.name) ?? request.inferenceId;
    case 'json-path': {
      const value = valueAt(jsonBody(request), parseJsonPath(key.path)!);
      return ['string', 'number', 'bigint'].includes(typeof value) ? String(value) : request.inferenceId;
    }
  }
}

/** The text by which a request is counted, undefined where it has none. */
export function keyText(request: InferenceRequest, by: KeySource, assignment: AssignmentKey): string | undefined {
  switch (by.source) {
    case 'assignment':
      return assignmentKey(request, assignment);
    case 'header':
      return request.headers.get(by.name);
    case 'query':
      return new URLSearchParams(request.query).get(by.name) ?? undefined;
    case 'claim':
      return textOf(request.caller.claims[by.name]);
    case 'json-path':
      return textOf(valueAt(jsonBody(request), parseJsonPath(by.path)!));
  }
}

function textOf(value: unknown): string | undefined {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

/** The body as a JSON document, undefined if it is none. */
export function jsonBody(request: Pick<InferenceRequest, 'body'>): unknown {
  try {
    return parseJson(bufferOf(request.body).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Whether a request is one of those that get a candidate before anybody else. */
export function isOfCohort({ headers, caller }: InferenceRequest, { members }: CohortRule): boolean {
  return members.some((member) => {
    switch (member.by) {
      case 'header':
        return member.values.includes(headers.get(member.name) ?? '');
      case 'claim':
        return member.values.some((value) => hasClaim(caller, member.name, value));
      case 'principal':
        return isOneOf(caller, member.arns);
    }
  });
}

function hasClaim({ claims }: Caller, name: string, value: string): boolean {
  const claim = claims[name];
  return claim === value || (typeof claim === 'string' && claim.split(/[\s,]+/).includes(value));
}

function isOneOf({ userArn }: Caller, arns: readonly string[]): boolean {
  return userArn !== undefined && arns.includes(principalArn(userArn));
}

/** Whether this caller may choose a variant by name. */
export function mayTarget(caller: Caller, access: TargetVariantAccess): boolean {
  switch (access.kind) {
    case 'nobody':
      return false;
    case 'everyone':
      return true;
    case 'principals':
      return isOneOf(caller, access.arns);
    case 'claim':
      return hasClaim(caller, access.name, access.value);
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
