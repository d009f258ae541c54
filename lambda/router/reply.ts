import { isUtf8 } from 'node:buffer';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { Header, LAMBDA_PAYLOAD_BYTES } from '../../lib/core/names';
import { bufferOf } from '../shared/bytes';
import { type ErrorCode, RETRY_AFTER_SECONDS, STATUS } from './errors';
import type { Answer } from './outcome';

/** Headers that describe a connection, or that API Gateway sets itself. */
const NOT_PASSED_ON = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'upgrade']);
const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|jsonlines|x-ndjson|xml|javascript|x-www-form-urlencoded)\b)/i;
/** How many bytes JSON adds to a byte of a text: a control character is written as six, a quotation mark and a backslash as two. */
const ESCAPE_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => (byte < 0x20 ? 5 : byte === 0x22 || byte === 0x5c ? 1 : 0));
/** What status, headers and the JSON around the body may take of Lambda's response. */
const ENVELOPE_BYTES = 16_384;

/** What a caller gets. */
export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string };
  readonly body: Uint8Array;
}

/** What the caller gets for a model's answer. */
export function answerReply(answer: Answer, inferenceId: string, variant: string): Reply {
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (!NOT_PASSED_ON.has(name)) {
      headers[name] = value;
    }
  }
  headers[Header.INFERENCE_ID] = inferenceId;
  headers[Header.INVOKED_VARIANT] = variant;
  return { status: answer.status, headers, body: answer.body };
}

/** What the caller gets for an error of any kind. */
export function errorReply(code: ErrorCode, message: string, inferenceId: string, variant?: string): Reply {
  const retryAfter = RETRY_AFTER_SECONDS[code];
  return {
    status: STATUS[code],
    headers: {
      'content-type': 'application/json',
      [Header.INFERENCE_ID]: inferenceId,
      ...(variant === undefined ? {} : { [Header.INVOKED_VARIANT]: variant }),
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    },
    body: Buffer.from(JSON.stringify({ error: { code, message, inferenceId } })),
  };
}

/** The reply as API Gateway expects it from a function that returns it. */
export function proxyResult(reply: Reply): APIGatewayProxyResult {
  const text = isText(reply);
  return { statusCode: reply.status, headers: { ...reply.headers }, body: bufferOf(reply.body).toString(text ? 'utf8' : 'base64'), isBase64Encoded: !text };
}

/** Whether a function can return the answer; a text grows by escaping, other bodies by base64. */
export function fits(answer: Answer): boolean {
  const limit = LAMBDA_PAYLOAD_BYTES - ENVELOPE_BYTES;
  if (!isText(answer)) {
    return Math.ceil(answer.body.byteLength / 3) * 4 <= limit;
  }
  // Escaping makes a text at most six times as long, so most need not be measured.
  return answer.body.byteLength * 6 <= limit || escapedBytes(answer.body) <= limit;
}

/** How long a text is as part of a JSON document. */
function escapedBytes(text: Uint8Array): number {
  if (!isUtf8(text)) {
    // What is no text becomes one by replacement characters, three bytes each.
    return Buffer.byteLength(JSON.stringify(bufferOf(text).toString('utf8')));
  }
  let bytes = text.byteLength;
  // Not for...of: its iterator takes ten times as long.
  for (let i = 0; i < text.length; i++) {
    bytes += ESCAPE_BYTES[text[i]];
  }
  return bytes;
}

/** Let browsers of the allowed origins read the reply. */
export function withCors(reply: Reply, origins: readonly string[], origin: string | undefined): Reply {
  const allowed = origins.includes('*') ? '*' : origins.find((candidate) => candidate === origin);
  if (allowed === undefined) {
    return reply;
  }
  return {
    ...reply,
    headers: {
      ...reply.headers,
      'access-control-allow-origin': allowed,
      'access-control-expose-headers': `${Header.INFERENCE_ID},${Header.INVOKED_VARIANT}`,
      ...(allowed === '*' ? {} : { vary: 'Origin' }),
    },
  };
}

function isText(answer: Pick<Answer, 'headers'>): boolean {
  return TEXT.test(answer.headers['content-type'] ?? '') && answer.headers['content-encoding'] === undefined;
}
