import type { ModelError, ModelStreamError, ResponseStream, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { InvokeEndpointCommand, InvokeEndpointWithResponseStreamCommand } from '@aws-sdk/client-sagemaker-runtime';
import { Header } from '../../../lib/core/names';
import type { SageMakerTarget } from '../../../lib/core/backends/sagemaker';
import type { SageMakerComponentTarget } from '../../../lib/core/backends/sagemaker-component';
import type { SendOptions } from '../reconnecting';
import type { Backend } from './backend';
import { ErrorCode, type OriginalError } from '../http/errors';
import { failure, FailureClass, type Failure, type Outcome, MESSAGE_CHARACTERS } from '../http/outcome';
import type { InferenceRequest } from '../http/request';
import { opensSession } from '../http/session';
import { EventParts } from './event-parts';
import { classify } from './service-error';

/** Where a version is reached: an endpoint, or a part of one. */
type Place = SageMakerTarget | SageMakerComponentTarget;

/** Calls a version that is a SageMaker endpoint or a component of one; the body goes through untouched. */
export class SageMakerBackend implements Backend {
  /** Endpoints and components that have refused to stream. */
  private readonly whole = new Set<string>();

  constructor(private readonly client: Pick<SageMakerRuntimeClient, 'send'>) {}

  async invoke(target: Place, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome> {
    const { headers } = request;
    return orRefused(target, request, signal, async () => {
      const options: SendOptions = { abortSignal: signal, onRetry };
      const output = await this.client.send(
        new InvokeEndpointCommand({
          ...inputOf(target, request),
          TargetModel: headers.get(Header.TARGET_MODEL),
          EnableExplanations: headers.get(Header.ENABLE_EXPLANATIONS),
        }),
        options,
      );
      return {
        kind: 'answer',
        status: 200,
        headers: headersOf(output, { [Header.NEW_SESSION_ID]: output.NewSessionId, [Header.CLOSED_SESSION_ID]: output.ClosedSessionId }),
        body: output.Body ?? new Uint8Array(),
      };
    });
  }

  async stream(target: Place, request: InferenceRequest, stopping: AbortController, onRetry?: () => void): Promise<Outcome> {
    const { signal } = stopping;
    // The components of an endpoint have containers of their own.
    const place = target.inferenceComponent ?? target.endpointName;
    if (this.whole.has(place) || needsWhole(request)) {
      return this.invoke(target, request, signal, onRetry);
    }
    return orRefused(target, request, signal, async () => {
      const options: SendOptions = { abortSignal: signal, onRetry };
      try {
        const output = await this.client.send(new InvokeEndpointWithResponseStreamCommand(inputOf(target, request)), options);
        const rest = new EventParts<ResponseStream>(output.Body!, {
          part: ({ PayloadPart: part }) => part?.Bytes,
          failure: (error) => streamFailure(error, signal),
        }, stopping);
        return { kind: 'answer', status: 200, headers: headersOf(output), body: new Uint8Array(), rest };
      } catch (error) {
        if (!isStreamingRefused(error, [target.endpointName, place])) {
          throw error;
        }
        this.whole.add(place);
        return this.invoke(target, request, signal, onRetry);
      }
    });
  }

  /** SageMaker has no dry run; its endpoints and components take minutes to come into service, long after their policies. */
  async probe(): Promise<undefined> {}
}

/** What both operations take. */
function inputOf(
  target: Place,
  { headers, inferenceId, body, session }: InferenceRequest,
): ConstructorParameters<typeof InvokeEndpointWithResponseStreamCommand>[0] {
  return {
    EndpointName: target.endpointName,
    TargetVariant: target.kind === 'sagemaker' ? target.targetVariant : undefined,
    InferenceComponentName: target.inferenceComponent,
    ContentType: headers.get('content-type'),
    Accept: headers.get('accept'),
    CustomAttributes: headers.get(Header.CUSTOM_ATTRIBUTES),
    TargetContainerHostname: headers.get(Header.TARGET_CONTAINER),
    SessionId: session?.ofRouter === true ? undefined : headers.get(Header.SESSION_ID),
    PrefixAwareId: headers.get(Header.PREFIX_AWARE_ID),
    InferenceId: inferenceId,
    Body: body,
  };
}

/** InvokeEndpointWithResponseStream has no model of a multi-model endpoint, no explanations, and opens no sessions. */
function needsWhole({ headers }: InferenceRequest): boolean {
  return headers.has(Header.TARGET_MODEL) || headers.has(Header.ENABLE_EXPLANATIONS) || opensSession(headers.get(Header.SESSION_ID));
}

/** By the words of the refusal, for there is no code of its own; names that it quotes are not among them. */
function isStreamingRefused(error: unknown, names: readonly string[]): boolean {
  const { name, message } = error as Error;
  return (name === 'ValidationError' || name === 'ValidationException')
    && /stream/i.test(names.reduce((text, quoted) => text.replaceAll(quoted, ''), message));
}

/** The outcome, or why there is none. */
async function orRefused(
  { inferenceComponent }: Place,
  { headers }: InferenceRequest,
  signal: AbortSignal,
  ask: () => Promise<Outcome>,
): Promise<Outcome> {
  const component = headers.get(Header.INFERENCE_COMPONENT);
  if (component !== undefined && component !== inferenceComponent) {
    return failure(
      FailureClass.CALLER,
      ErrorCode.MALFORMED_REQUEST,
      `the alias chooses the inference component, and it is not ${JSON.stringify(component.slice(0, 63))}: leave it out, or call `
        + `the alias that has it`,
    );
  }
  try {
    return await ask();
  } catch (error) {
    return sageMakerFailure(error, signal);
  }
}

function headersOf(
  output: { readonly ContentType?: string; readonly CustomAttributes?: string }, more: { readonly [name: string]: string | undefined } = {},
): { readonly [name: string]: string } {
  return present({
    'content-type': output.ContentType ?? 'application/octet-stream',
    [Header.CUSTOM_ATTRIBUTES]: output.CustomAttributes,
    ...more,
  });
}

function present(headers: { readonly [name: string]: string | undefined }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Why a stream ended that had begun. */
function streamFailure(error: unknown, signal: AbortSignal): Failure {
  const { name, message } = error as Error;
  if (name !== 'ModelStreamError') {
    return sageMakerFailure(error, signal);
  }
  return (error as ModelStreamError).ErrorCode === 'ModelInvocationTimeExceeded'
    ? failure(FailureClass.TIMEOUT, ErrorCode.TIMEOUT, 'the model did not answer in time')
    : failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, `the model's stream broke: ${message}`.slice(0, MESSAGE_CHARACTERS));
}

function sageMakerFailure(error: unknown, signal: AbortSignal): Failure {
  const { name, message } = error as Error;
  switch (name) {
    case 'ModelError':
      return modelError(error as ModelError);
    case 'ModelNotReadyException':
      return failure(FailureClass.THROTTLE, ErrorCode.MODEL_NOT_READY, 'the model is not ready yet; try again');
    case 'ValidationError':
    case 'ValidationException':
      return invalid(message);
    default:
      return classify(error, signal);
  }
}

/** SageMaker reports what does not exist as a validation error, and a component without copies too. */
function invalid(message: string): Failure {
  if (/has no capacity/i.test(message)) {
    return failure(FailureClass.THROTTLE, ErrorCode.MODEL_NOT_READY, 'the model has no copy in service yet; try again in some minutes');
  }
  return /(endpoint|inference component) .*(not found|does not exist|could not find)|could not find (endpoint|inference component)/i.test(message)
    ? failure(FailureClass.GONE, ErrorCode.BACKEND_UNAVAILABLE, 'the model cannot be reached')
    : failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, message.slice(0, MESSAGE_CHARACTERS));
}

/** What the container answered that was no success. */
function modelError({ OriginalStatusCode: status, OriginalMessage: said = 'no message', LogStreamArn: logStreamArn }: ModelError): Failure {
  const message = `status ${status ?? 'unknown'}: ${said}`.slice(0, MESSAGE_CHARACTERS);
  const original: OriginalError = { status: status ?? 500, message: said, ...(logStreamArn !== undefined && { logStreamArn }) };
  if (status === 429) {
    return failure(FailureClass.THROTTLE, ErrorCode.THROTTLED, 'the model has no free capacity; try again', original);
  }
  // The container's 4xx blames the request. Whether that is so production says, if it is asked the same.
  return status !== undefined && status >= 400 && status < 500 && status !== 424
    ? failure(FailureClass.CALLER, ErrorCode.REFUSED_BY_MODEL, message, original)
    : failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, message, original);
}
