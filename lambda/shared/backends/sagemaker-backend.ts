import type { ModelError, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { Header } from '../../../lib/core/names';
import type { SageMakerTarget } from '../../../lib/core/routing/route';
import type { SendOptions } from '../reconnecting';
import type { Backend } from './backend';
import { ErrorCode, type OriginalError } from '../http/errors';
import { failure, FailureClass, type Failure, type Outcome } from '../http/outcome';
import type { InferenceRequest } from '../http/request';
import { classify } from './service-error';

/** Longest text of a model's error that is passed on in a sentence. */
const MESSAGE_CHARACTERS = 1024;

/** Calls a version that is a SageMaker endpoint; the body goes through untouched. */
export class SageMakerBackend implements Backend {
  constructor(private readonly client: Pick<SageMakerRuntimeClient, 'send'>) {}

  async invoke(target: SageMakerTarget, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome> {
    const { headers } = request;
    const component = headers.get(Header.INFERENCE_COMPONENT);
    if (component !== undefined && component !== target.inferenceComponent) {
      return failure(
        FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, `the alias chooses the inference component, and it is not ${JSON.stringify(component.slice(0, 63))}: leave it out, or call the alias that has it`,
      );
    }
    const options: SendOptions = { abortSignal: signal, onRetry };
    try {
      const output = await this.client.send(
        new InvokeEndpointCommand({
          EndpointName: target.endpointName,
          TargetVariant: target.targetVariant,
          InferenceComponentName: target.inferenceComponent,
          ContentType: headers.get('content-type'),
          Accept: headers.get('accept'),
          CustomAttributes: headers.get(Header.CUSTOM_ATTRIBUTES),
          TargetModel: headers.get(Header.TARGET_MODEL),
          TargetContainerHostname: headers.get(Header.TARGET_CONTAINER),
          EnableExplanations: headers.get(Header.ENABLE_EXPLANATIONS),
          SessionId: headers.get(Header.SESSION_ID),
          InferenceId: request.inferenceId,
          Body: request.body,
        }),
        options,
      );
      return {
        kind: 'answer',
        status: 200,
        headers: present({
          'content-type': output.ContentType ?? 'application/octet-stream',
          [Header.CUSTOM_ATTRIBUTES]: output.CustomAttributes,
          [Header.NEW_SESSION_ID]: output.NewSessionId,
          [Header.CLOSED_SESSION_ID]: output.ClosedSessionId,
        }),
        body: output.Body ?? new Uint8Array(),
      };
    } catch (error) {
      return sageMakerFailure(error, signal);
    }
  }
}

function present(headers: { readonly [name: string]: string | undefined }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
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
      // SageMaker reports an endpoint that does not exist as a validation error.
      return /endpoint .*(not found|does not exist|could not find)/i.test(message)
        ? failure(FailureClass.GONE, ErrorCode.BACKEND_UNAVAILABLE, 'the model cannot be reached')
        : failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, message.slice(0, MESSAGE_CHARACTERS));
    default:
      return classify(error, signal);
  }
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
