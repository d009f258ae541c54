import type { LambdaClient } from '@aws-sdk/client-lambda';
import {
  InvokeCommand,
  type InvokeCommandOutput,
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamResponseEvent,
} from '@aws-sdk/client-lambda';
import { LAMBDA_PAYLOAD_BYTES } from '../../../lib/core/aws-limits';
import type { LambdaTarget } from '../../../lib/core/backends/lambda';
import type { SendOptions } from '../reconnecting';
import type { Backend } from './backend';
import { ErrorCode } from '../http/errors';
import { failure, FailureClass, type Failure, type Outcome, type Rest, MESSAGE_CHARACTERS } from '../http/outcome';
import { orFailure, readRest } from '../http/read-rest';
import { EventParts } from './event-parts';
import { httpAnswer, httpEvent, streamedHttpAnswer } from './http-contract';
import { bufferOf, isJsonType, mayBeJson } from '../http/media';
import type { InferenceRequest } from '../http/request';
import { classify } from './service-error';

/**
 * Up to this size a body is parsed here, so that what is not valid JSON costs no call. Parsing takes four milliseconds a megabyte,
 * and Lambda itself refuses an event that is not valid JSON, so larger bodies are left to it.
 */
const CHECKED_BYTES = 65_536;

/** Calls a version that is a Lambda function. */
export class LambdaBackend implements Backend {
  /** @param onLog is told the end of each invocation's log, which costs up to 4 KB of answer; leave it out for none */
  constructor(
    private readonly client: Pick<LambdaClient, 'send'>,
    private readonly onLog?: (tail: string) => void,
  ) {}

  async invoke(target: LambdaTarget, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome> {
    return this.send(target, request, { abortSignal: signal, onRetry }, async (payload, options) => {
      const output: InvokeCommandOutput = await this.client.send(
        new InvokeCommand({ FunctionName: target.functionArn, Payload: payload, ...(this.onLog === undefined ? {} : { LogType: 'Tail' }) }),
        options,
      );
      if (output.LogResult !== undefined) {
        this.onLog?.(Buffer.from(output.LogResult, 'base64').toString('utf8'));
      }
      if (output.FunctionError !== undefined) {
        return functionFailure(output.Payload);
      }
      return target.contract === 'json' ? jsonAnswer(output.Payload) : httpAnswer(output.Payload);
    });
  }

  async stream(target: LambdaTarget, request: InferenceRequest, stopping: AbortController, onRetry?: () => void): Promise<Outcome> {
    return this.send(target, request, { abortSignal: stopping.signal, onRetry }, async (payload, options) => {
      const { EventStream: events } = await this.client.send(
        new InvokeWithResponseStreamCommand({ FunctionName: target.functionArn, Payload: payload }),
        options,
      );
      const parts = partsOf(events!, stopping);
      return target.contract === 'json' ? streamedJsonAnswer(parts) : streamedHttpAnswer(parts);
    });
  }

  /** A dry run checks the permission and the function, and does not run it. */
  async probe({ functionArn }: LambdaTarget): Promise<string | undefined> {
    try {
      await this.client.send(new InvokeCommand({ FunctionName: functionArn, InvocationType: 'DryRun' }));
      return undefined;
    } catch (error) {
      return `${functionArn}: ${(error as Error).name}: ${(error as Error).message}`;
    }
  }

  private async send(
    { contract }: LambdaTarget,
    request: InferenceRequest,
    options: SendOptions,
    ask: (payload: Uint8Array, options: SendOptions) => Promise<Outcome>,
  ): Promise<Outcome> {
    const payload = contract === 'json' ? jsonPayload(request) : httpEvent(request);
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
    try {
      return await ask(payload, options);
    } catch (error) {
      switch ((error as Error).name) {
        case 'InvalidRequestContentException':
          return failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, 'the body is not valid JSON');
        case 'RequestTooLargeException':
          return failure(FailureClass.CALLER, ErrorCode.PAYLOAD_TOO_LARGE, 'the request is larger than Lambda accepts');
        default:
          return classify(error, options.abortSignal!);
      }
    }
  }
}

/** Lambda says at the end whether the function failed. Without that the answer is not complete. */
function partsOf(events: AsyncIterable<InvokeWithResponseStreamResponseEvent>, stopping: AbortController): Rest {
  let complete = false;
  return new EventParts<InvokeWithResponseStreamResponseEvent>(events, {
    part: ({ PayloadChunk: chunk, InvokeComplete: end }) => {
      complete ||= end !== undefined;
      return end?.ErrorCode === undefined ? chunk?.Payload : functionFailure(reportOf(end.ErrorCode, end.ErrorDetails));
    },
    failure: (error) => classify(error, stopping.signal),
    atEnd: () => (complete ? undefined : classify(undefined, stopping.signal)),
  }, stopping);
}

/** The report of a failure as a function that returns its answer gives it. */
function reportOf(errorType: string, details: string | undefined): Uint8Array {
  const report = Buffer.from(details ?? '');
  return parse(report) === undefined ? Buffer.from(JSON.stringify({ errorType, errorMessage: details })) : report;
}

/** How the reports begin that a function's runtime answers with when the function has failed. */
const REPORTS = ['{"errorType":', '{"errorMessage":'];

/**
 * What a function streams under the contract JSON is the body of the answer. What may be the report of a failure is kept until Lambda says
 * whether it is one: the end of the stream tells, and by then a caller would have it.
 */
function streamedJsonAnswer(parts: Rest): Promise<Outcome> {
  return orFailure(async () => {
    let body: Buffer = Buffer.alloc(0);
    for (let part = await parts.next(); part !== undefined; part = await parts.next()) {
      body = Buffer.concat([body, part]);
      const start = body.subarray(0, 64).toString('utf8').replace(/\s/g, '');
      if (REPORTS.some((report) => start.startsWith(report))) {
        return jsonAnswer(await readRest(body, parts));
      }
      if (!REPORTS.some((report) => report.startsWith(start))) {
        return { kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body, rest: parts };
      }
    }
    return jsonAnswer(body);
  });
}

/** The body itself is the event, byte for byte; no model sees what is not valid JSON. */
function jsonPayload(request: InferenceRequest): Uint8Array | Failure {
  const type = request.headers.get('content-type');
  if (mayBeJson(type) && (request.body.byteLength > CHECKED_BYTES || isJson(request.body))) {
    return request.body;
  }
  return isJsonType(type)
    ? failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, 'the body is not valid JSON')
    : failure(
        FailureClass.CALLER,
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        `the model takes application/json, not ${JSON.stringify(type!.slice(0, 100))}`,
      );
}

function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(bufferOf(body).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** The SDK says null for no bytes, whatever its types say. */
function jsonAnswer(payload: Uint8Array | null | undefined): Outcome {
  if (!payload?.byteLength) {
    return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'the model gave no answer');
  }
  return { kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body: payload };
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
  const text = (type === undefined ? message : `${type}: ${message}`).slice(0, MESSAGE_CHARACTERS);
  return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, text, { status: 500, message: text });
}

function parse(payload: Uint8Array | undefined): { readonly [name: string]: unknown } | undefined {
  try {
    const value: unknown = payload && JSON.parse(bufferOf(payload).toString('utf8'));
    return value !== null && typeof value === 'object' ? (value as { [name: string]: unknown }) : undefined;
  } catch {
    return undefined;
  }
}
