import { bufferOf, isText, isTextual, mediaTypeOf } from '../http/media';
import { ErrorCode } from '../http/errors';
import { failure, FailureClass, type Failure, type Outcome, type Rest, StreamBroken, MESSAGE_CHARACTERS } from '../http/outcome';
import { orFailure, readRest } from '../http/read-rest';
import type { Arrival, InferenceRequest } from '../http/request';

const PATH = '/invocations';
const ORIGINAL_CHARACTERS = 16_384;
/** What API Gateway would answer with a 502, or take for two headers, is neither. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The event of a function URL (payload format 2.0), whole, so that the usual adapters for web frameworks need not know where they are. */
export function httpEvent(request: InferenceRequest): Uint8Array {
  const { arrival, body } = request;
  const { cookie, ...headers } = Object.fromEntries(request.headers);
  const type = headers['content-type'];
  const text = type !== undefined && isTextual(type) && isText(body, type);
  const query = [...new URLSearchParams(request.query)];
  const epoch = arrival?.requestTimeEpoch ?? Date.now();
  const domain = arrival?.domainName ?? 'localhost';
  return Buffer.from(JSON.stringify({
    version: '2.0',
    routeKey: '$default',
    rawPath: PATH,
    rawQueryString: request.query,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
    headers: { ...headers, 'content-length': String(body.byteLength) },
    ...(query.length === 0 ? {} : { queryStringParameters: joined(query) }),
    requestContext: {
      accountId: arrival?.accountId ?? 'anonymous',
      apiId: arrival?.apiId ?? domain,
      ...authorizerOf(request),
      domainName: domain,
      domainPrefix: domain.split('.')[0],
      http: {
        method: 'POST', path: PATH, protocol: arrival?.protocol ?? 'HTTP/1.1',
        sourceIp: arrival?.identity?.sourceIp ?? '127.0.0.1', userAgent: arrival?.identity?.userAgent ?? headers['user-agent'] ?? '',
      },
      requestId: request.inferenceId,
      routeKey: '$default',
      stage: '$default',
      time: arrival?.requestTime ?? timeOf(new Date(epoch)),
      timeEpoch: epoch,
    },
    body: bufferOf(body).toString(text ? 'utf8' : 'base64'),
    isBase64Encoded: !text,
  }));
}

/** Several values of a name are one, with commas between them. */
function joined(pairs: readonly [name: string, value: string][]): { readonly [name: string]: string } {
  const values = new Map<string, string>();
  for (const [name, value] of pairs) {
    values.set(name, values.has(name) ? `${values.get(name)},${value}` : value);
  }
  return Object.fromEntries(values);
}

/** Who calls, in the place where a function URL or an HTTP API says it. */
function authorizerOf({ arrival }: InferenceRequest): { readonly authorizer?: object } {
  const { identity, authorizer } = arrival ?? ({} as Partial<Arrival>);
  if (identity?.userArn) {
    const { accessKey, accountId, caller, userArn, user, principalOrgId } = identity;
    return {
      authorizer: { iam: { accessKey, accountId, callerId: caller, cognitoIdentity: null, principalOrgId, userArn, userId: user } },
    };
  }
  if (authorizer === undefined || authorizer === null) {
    return {};
  }
  return { authorizer: authorizer.claims === undefined ? { lambda: authorizer } : { jwt: { claims: authorizer.claims, scopes: null } } };
}

/** The time as in the log of a web server: 09/Feb/2026:13:04:55 +0000. */
function timeOf(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  return `${day}:${[date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')} +0000`;
}

/** What ends the head of a streamed answer, which is JSON and so has no such bytes of its own. */
const DELIMITER = Buffer.alloc(8);
/** Longest head that is looked for. */
const HEAD_BYTES = 65_536;

/**
 * What a function URL makes of what a function streams: a head with status and headers, eight zero bytes, and the body as it comes. A
 * function that returns its answer has no such head, and nothing of it is known before all of it is there.
 */
export function streamedHttpAnswer(parts: Rest): Promise<Outcome> {
  return orFailure(async () => {
    let begun: Buffer = Buffer.alloc(0);
    for (let part = await parts.next(); part !== undefined; part = await parts.next()) {
      const from = Math.max(0, begun.byteLength - DELIMITER.byteLength);
      begun = Buffer.concat([begun, part]);
      const end = begun.subarray(0, HEAD_BYTES + DELIMITER.byteLength).indexOf(DELIMITER, from);
      if (end >= 0) {
        const answer = headedAnswer(begun, end, parts);
        // What a failure says of itself may still be on its way.
        return answer.kind === 'answer' ? answer : headedAnswer(await readRest(begun, parts), end);
      }
      if (begun.byteLength > HEAD_BYTES + DELIMITER.byteLength) {
        return httpAnswer(await readRest(begun, parts));
      }
    }
    return httpAnswer(begun);
  });
}

function headedAnswer(begun: Buffer, end: number, parts?: Rest): Outcome {
  const head = parse(begun.subarray(0, end).toString('utf8'));
  if (head === null || typeof head !== 'object') {
    return broken('the model answered with a head that is not a JSON object');
  }
  const { statusCode = 200 } = head as { readonly statusCode?: unknown };
  const body = begun.subarray(end + DELIMITER.byteLength);
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return broken(`the model answered with the status ${JSON.stringify(statusCode)?.slice(0, 100)}`);
  }
  if (isFailed(status)) {
    return statusFailure(status, body.toString('utf8'));
  }
  const read = readHeaders(head);
  if ('kind' in read) {
    return read;
  }
  const { headers, cookies } = read;
  headers['content-type'] ??= 'application/octet-stream';
  const stated = headers['content-length'];
  const rest = parts === undefined || stated === undefined ? parts : new StatedLength(parts, Number(stated), body.byteLength);
  return { kind: 'answer', status, headers, ...(cookies.length > 0 && { cookies }), body, ...(rest && { rest }) };
}

/** A body whose head said how long it is. */
class StatedLength implements Rest {
  constructor(private readonly parts: Rest, private readonly stated: number, private read: number) {}

  async next(): Promise<Uint8Array | undefined> {
    const part = await this.parts.next();
    this.read += part?.byteLength ?? 0;
    if (part === undefined ? this.read !== this.stated : this.read > this.stated) {
      throw new StreamBroken(
        failure(
          FailureClass.MODEL,
          ErrorCode.MODEL_ERROR,
          `the model announced ${this.stated} bytes and sent ${part === undefined ? this.read : 'more'}`,
        ),
      );
    }
    return part;
  }

  stop(): void {
    this.parts.stop();
  }
}

/** What a function URL makes of what a function returns, or of all that one has streamed. */
export function httpAnswer(payload: Uint8Array | undefined): Outcome {
  const end = payload === undefined ? -1 : bufferOf(payload).subarray(0, HEAD_BYTES + DELIMITER.byteLength).indexOf(DELIMITER);
  return end >= 0 ? headedAnswer(bufferOf(payload!), end) : returnedAnswer(payload);
}

function returnedAnswer(payload: Uint8Array | undefined): Outcome {
  const text = payload === undefined ? '' : bufferOf(payload).toString('utf8');
  const value = parse(text);
  if (value === undefined || value === null) {
    return broken('the model gave no answer');
  }
  if (typeof value !== 'object' || !['statusCode', 'body', 'headers'].some((name) => name in value)) {
    // A function URL takes for the body of a success whatever does not say that it is more than that.
    return { kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body: payload! };
  }
  const { statusCode, body = '', isBase64Encoded } = value as { readonly [name: string]: unknown };
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return broken(`the model answered with the status ${JSON.stringify(statusCode)?.slice(0, 100)}`);
  }
  if ((body !== null && typeof body !== 'string') || (isBase64Encoded === true && !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(body ?? ''))) {
    return broken('the model answered with a body that is not text, or is not base64 although it says so');
  }
  const bytes = Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8');
  if (isFailed(status)) {
    return statusFailure(status, bytes.toString('utf8'));
  }
  const read = readHeaders(value);
  if ('kind' in read) {
    return read;
  }
  const { headers, cookies } = read;
  if (headers['content-type'] === undefined && bytes.byteLength > 0) {
    headers['content-type'] = mediaTypeOf(bytes);
  }
  return { kind: 'answer', status, headers, ...(cookies.length > 0 && { cookies }), body: bytes };
}

/** Whether a status says that the model failed, and not that the request did. */
export function isFailed(status: number): boolean {
  return status === 429 || status === 424 || status >= 500 || (status >= 300 && status < 400);
}

export function statusFailure(status: number, message: string): Failure {
  const original = { status, message: message.slice(0, ORIGINAL_CHARACTERS) };
  return status === 429
    ? failure(FailureClass.THROTTLE, ErrorCode.THROTTLED, 'the model has no free capacity; try again', original)
    : failure(
        FailureClass.MODEL,
        ErrorCode.MODEL_ERROR,
        `the model answered with status ${status}: ${message}`.slice(0, MESSAGE_CHARACTERS),
        original,
      );
}

/** Headers and cookies of payload formats 1.0 and 2.0, as adapters return them. */
function readHeaders(answer: object): { readonly headers: { [name: string]: string }; readonly cookies: readonly string[] } | Failure {
  const { headers: single, multiValueHeaders: multiple, cookies: set } = answer as { readonly [name: string]: unknown };
  const headers: { [name: string]: string } = {};
  const cookies: string[] = Array.isArray(set) ? set.map(String) : [];
  // A name in both lists has the values of the second.
  for (const [name, value] of [...entriesOf(single), ...entriesOf(multiple)]) {
    const values = (Array.isArray(value) ? value : [value])
      .filter((one) => ['string', 'number', 'boolean'].includes(typeof one))
      .map(String);
    if (!HEADER_NAME.test(name) || !values.every((one) => HEADER_VALUE.test(one))) {
      return broken(`the model answered with a header that HTTP does not allow: ${JSON.stringify(name.slice(0, 100))}`);
    }
    if (name.toLowerCase() === 'set-cookie') {
      cookies.push(...values);
    } else if (values.length > 0) {
      headers[name.toLowerCase()] = values.join(', ');
    }
  }
  return cookies.every((cookie) => HEADER_VALUE.test(cookie))
    ? { headers, cookies: [...new Set(cookies)] }
    : broken('the model answered with a cookie that HTTP does not allow');
}

function entriesOf(value: unknown): [name: string, value: unknown][] {
  return value !== null && typeof value === 'object' ? Object.entries(value) : [];
}

function broken(message: string): Failure {
  return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, message);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
