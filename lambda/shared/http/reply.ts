import type { APIGatewayProxyResult } from 'aws-lambda';
import { Header } from '../../../lib/core/names';
import { ErrorCode, ERRORS, MODEL_ERROR_TYPE, type OriginalError, statusOf } from './errors';
import { bufferOf, isText, isTextual } from './media';
import type { Answer } from './outcome';
import { markSessions } from './session';
import { LAMBDA_PAYLOAD_BYTES } from '../../../lib/core/aws-limits';

/** Headers that describe a connection, or that API Gateway sets itself. */
const NOT_PASSED_ON = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'upgrade']);
/** How many bytes JSON adds to a byte of a text: a control character is written as six, a quotation mark and a backslash as two. */
const ESCAPE_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20) {
    return 5;
  }
  if (byte === 0x22 || byte === 0x5c) {
    return 1;
  }
  return 0;
});
/** What status, headers and the JSON around the body may take of Lambda's response. */
const ENVELOPE_BYTES = 16_384;
const LIMIT = LAMBDA_PAYLOAD_BYTES - ENVELOPE_BYTES;

/** What a caller gets. */
export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string };
  readonly cookies?: readonly string[];
  readonly body: Uint8Array;
}

/** What the caller gets for a model's answer. */
export function answerReply(answer: Answer, inferenceId: string, variant: { readonly name: string; readonly version: string }): Reply {
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (!NOT_PASSED_ON.has(name)) {
      headers[name] = value;
    }
  }
  markSessions(headers, variant.version);
  headers[Header.INFERENCE_ID] = inferenceId;
  headers[Header.INVOKED_VARIANT] = variant.name;
  return { status: answer.status, headers, ...(answer.cookies && { cookies: answer.cookies }), body: answer.body };
}

/** The reply with what is to be said of its conversation, in the place of what the model says of its session. */
export function withConversation(reply: Reply, conversation: { readonly [name: string]: string } | undefined): Reply {
  if (conversation === undefined) {
    return reply;
  }
  const { [Header.NEW_SESSION_ID]: _opened, [Header.CLOSED_SESSION_ID]: _closed, ...headers } = reply.headers;
  return { ...reply, headers: { ...headers, ...conversation } };
}

/** An error of any kind, as far as callers see it. */
export interface ReplyError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly original?: OriginalError;
  readonly headers?: { readonly [name: string]: string };
  /** The member of the body that is at fault, where one is. */
  readonly param?: string;
}

/** The document of an error, as it is the body where the whole answer is one. */
export function errorDocument({ code, message }: ReplyError, inferenceId: string): object {
  return { error: { code, message, inferenceId } };
}

/**
 * What the caller gets for an error: in `error` for people and programs of every kind, and beside it the header and the members from which
 * the clients of SageMaker's runtime make their exceptions.
 */
export function errorReply(error: ReplyError, inferenceId: string, variant?: string): Reply {
  const { code, message } = error;
  const { type, retryAfter } = ERRORS[code];
  const status = statusOf(error);
  const original = error.original ?? { status, message };
  return {
    status,
    headers: {
      'content-type': 'application/json',
      [Header.INFERENCE_ID]: inferenceId,
      [Header.ERROR_TYPE]: type,
      ...(variant === undefined ? {} : { [Header.INVOKED_VARIANT]: variant }),
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...error.headers,
    },
    body: Buffer.from(JSON.stringify({
      ...errorDocument(error, inferenceId),
      Message: message,
      ...(type === MODEL_ERROR_TYPE && {
        OriginalStatusCode: original.status, OriginalMessage: original.message, LogStreamArn: original.logStreamArn,
      }),
    })),
  };
}

/**
 * A model's refusal as SageMaker would report it, for clients of its runtime: they make their exception of an error's header and members,
 * and would show nothing of a body that has others.
 */
export function refusalError(answer: Answer): ReplyError {
  const message = bufferOf(answer.body).toString('utf8');
  return {
    code: ErrorCode.REFUSED_BY_MODEL,
    message: `the model answered with status ${answer.status}: ${message}`.slice(0, 1024),
    original: { status: answer.status, message },
  };
}

/** What is said where the body would arrive as something else. */
export const NOT_CARRIED: ReplyError = {
  code: ErrorCode.NOT_ACCEPTABLE,
  message:
    'the answer is not text, and API Gateway returns bytes only to callers whose first Accept is a binary media type of the API: send '
      + 'Accept: */*, which most clients do by ' +
    'themselves, to an API with the binary media type */*, or let the endpoint stream its answers',
};

/** Whether a body arrives as it is: bytes travel to API Gateway as base64, and it is API Gateway that must turn them back. */
export function isCarried(reply: Pick<Reply, 'headers' | 'body'>, takesBytes: boolean | undefined): boolean {
  return takesBytes === true || isText(reply.body, reply.headers['content-type']);
}

/**
 * The reply as API Gateway expects it from a function that returns it: text as text, which arrives whatever the caller accepts; what calls
 * itself something else as base64, if it can.
 */
export function proxyResult(reply: Reply, takesBytes?: boolean): APIGatewayProxyResult {
  const type = reply.headers['content-type'];
  const text = isText(reply.body, type) && fitsAsText(reply.body) && (takesBytes !== true || isTextual(type ?? ''));
  return {
    statusCode: reply.status,
    headers: { ...reply.headers },
    ...(reply.cookies && { multiValueHeaders: { 'set-cookie': [...reply.cookies] } }),
    body: bufferOf(reply.body).toString(text ? 'utf8' : 'base64'),
    isBase64Encoded: !text,
  };
}

/** Whether a function can return the answer; a text grows by escaping, other bodies by base64. */
export function fits(answer: Pick<Reply, 'headers' | 'body'>, takesBytes: boolean | undefined): boolean {
  const text = isText(answer.body, answer.headers['content-type']);
  return (text && fitsAsText(answer.body)) || ((!text || takesBytes === true) && Math.ceil(answer.body.byteLength / 3) * 4 <= LIMIT);
}

/** Escaping makes a text at most six times as long, so most need not be measured. */
function fitsAsText(body: Uint8Array): boolean {
  return body.byteLength * 6 <= LIMIT || escapedBytes(body) <= LIMIT;
}

/** How long a text is as part of a JSON document. */
function escapedBytes(text: Uint8Array): number {
  let bytes = text.byteLength;
  // Not for...of: its iterator takes ten times as long.
  for (let i = 0; i < text.length; i++) {
    bytes += ESCAPE_BYTES[text[i]];
  }
  return bytes;
}
