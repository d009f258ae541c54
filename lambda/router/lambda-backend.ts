import type { LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeCommand, type InvokeCommandOutput } from '@aws-sdk/client-lambda';
import { LAMBDA_PAYLOAD_BYTES } from '../../lib/core/names';
import type { LambdaTarget } from '../../lib/core/routing/route';
import { bufferOf } from '../shared/bytes';
import type { SendOptions } from '../shared/reconnecting';
import type { Backend } from './backend';
import { ErrorCode } from './errors';
import { type Answer, failure, FailureClass, type Failure, type Outcome } from './outcome';
import type { InferenceRequest } from './request';
import { classify } from './service-error';

/** Longest text of a model's error that is passed on. */
const MESSAGE_CHARACTERS = 1024;

/**
 * Up to this size a body is parsed here, so that what is no JSON costs no call. Parsing takes four milliseconds a megabyte, and Lambda
 * itself refuses an event that is no JSON, so larger bodies are left to it.
 */
const CHECKED_BYTES = 65_536;

/** What API Gateway would answer with a 502, or take for two headers. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const CONTROL_CHARACTER = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Calls a version that is a Lambda function. */
export class LambdaBackend implements Backend {
  constructor(private readonly client: Pick<LambdaClient, 'send'>) {}

  async invoke(target: LambdaTarget, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome> {
    const payload = target.contract === 'json' ? jsonPayload(request) : httpPayload(request);
    if (!(payload instanceof Uint8Array)) {
      return payload;
    }
    if (payload.byteLength > LAMBDA_PAYLOAD_BYTES) {
      return failure(
        FailureClass.CALLER,
        ErrorCode.PAYLOAD_TOO_LARGE,
        `the request takes ${payload.byteLength} bytes as an event; Lambda accepts ${LAMBDA_PAYLOAD_BYTES}`,
      );
    }
    const options: SendOptions = { abortSignal: signal, onRetry };
    let output: InvokeCommandOutput;
    try {
      output = await this.client.send(new InvokeCommand({ FunctionName: target.functionArn, Payload: payload }), options);
    } catch (error) {
      switch ((error as Error).name) {
        case 'InvalidRequestContentException':
          return failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, 'the body is not valid JSON');
        case 'RequestTooLargeException':
          return failure(FailureClass.CALLER, ErrorCode.PAYLOAD_TOO_LARGE, 'the request is larger than Lambda accepts');
        default:
          return classify(error, signal);
      }
    }
    if (output.FunctionError !== undefined) {
      return functionFailure(output.Payload);
    }
    return target.contract === 'json' ? jsonAnswer(output.Payload) : httpAnswer(output.Payload);
  }
}

/** The body itself is the event, byte for byte; no model sees what is no JSON. */
function jsonPayload(request: InferenceRequest): Uint8Array | Failure {
  const type = request.headers.get('content-type');
  if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
    return failure(
      FailureClass.CALLER,
      ErrorCode.UNSUPPORTED_MEDIA_TYPE,
      `the model takes application/json, not ${JSON.stringify(type.slice(0, 100))}`,
    );
  }
  return request.body.byteLength > CHECKED_BYTES || isJson(request.body)
    ? request.body
    : failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, 'the body is not valid JSON');
}

function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(bufferOf(body).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** The shape of a function URL's event (payload format 2.0), which the usual adapters for web frameworks read. */
function httpPayload(request: InferenceRequest): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/invocations',
      rawQueryString: request.query,
      headers: Object.fromEntries(request.headers),
      requestContext: { requestId: request.inferenceId, http: { method: 'POST', path: '/invocations', protocol: 'HTTP/1.1' } },
      body: bufferOf(request.body).toString('base64'),
      isBase64Encoded: true,
    }),
  );
}

/** The SDK says null for no bytes, whatever its types say. */
function jsonAnswer(payload: Uint8Array | null | undefined): Outcome {
  if (!payload?.byteLength) {
    return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'the model gave no answer');
  }
  return { kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body: payload };
}

function httpAnswer(payload: Uint8Array | undefined): Outcome {
  const answer = parse(payload);
  if (answer === undefined || !Number.isInteger(answer.statusCode)) {
    return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'the model answered without a status code');
  }
  const status = answer.statusCode as number;
  const body = answer.body ?? '';
  if (typeof body !== 'string' || status < 200 || status > 599 || (status >= 300 && status < 400)) {
    return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'the model answered with something that is no HTTP answer');
  }
  if (status === 429) {
    return failure(FailureClass.THROTTLE, ErrorCode.THROTTLED, 'the model has no free capacity; try again');
  }
  if (status >= 500 || status === 424) {
    return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, `the model answered with status ${status}`);
  }
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries((answer.headers as { [name: string]: unknown } | null) ?? {})) {
    if (typeof value === 'string' || typeof value === 'number') {
      if (!HEADER_NAME.test(name) || CONTROL_CHARACTER.test(String(value))) {
        return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'the model answered with a header that HTTP does not allow');
      }
      headers[name.toLowerCase()] = String(value);
    }
  }
  const result: Answer = { kind: 'answer', status, headers, body: Buffer.from(body, answer.isBase64Encoded === true ? 'base64' : 'utf8') };
  return result;
}

/** Lambda's own report of a failed invocation: type and message go to the caller, the stack trace does not. */
function functionFailure(payload: Uint8Array | undefined): Failure {
  const report = parse(payload);
  const type = typeof report?.errorType === 'string' ? report.errorType : undefined;
  const message = typeof report?.errorMessage === 'string' ? report.errorMessage : 'no message';
  // Lambda reports its own time-out as `Task timed out after 3.00 seconds`, in newer runtimes with the type Sandbox.Timedout.
  if (type === 'Sandbox.Timedout' || / Task timed out after [\d.]+ seconds/.test(message)) {
    return failure(FailureClass.TIMEOUT, ErrorCode.TIMEOUT, 'the model did not answer in time');
  }
  const text = type === undefined ? message : `${type}: ${message}`;
  return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, text.slice(0, MESSAGE_CHARACTERS));
}

function parse(payload: Uint8Array | undefined): { readonly [name: string]: unknown } | undefined {
  try {
    const value: unknown = payload && JSON.parse(bufferOf(payload).toString('utf8'));
    return value !== null && typeof value === 'object' ? (value as { [name: string]: unknown }) : undefined;
  } catch {
    return undefined;
  }
}
