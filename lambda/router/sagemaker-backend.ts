import type { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { Header } from '../../lib/core/names';
import type { SageMakerTarget } from '../../lib/core/routing/route';
import type { SendOptions } from '../shared/reconnecting';
import type { Backend } from './backend';
import { ErrorCode } from './errors';
import { failure, FailureClass, type Failure, type Outcome } from './outcome';
import type { InferenceRequest } from './request';
import { classify } from './service-error';

/** Calls a version that is a SageMaker endpoint; the body goes through untouched. */
export class SageMakerBackend implements Backend {
  constructor(private readonly client: Pick<SageMakerRuntimeClient, 'send'>) {}

  async invoke(target: SageMakerTarget, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome> {
    const options: SendOptions = { abortSignal: signal, onRetry };
    try {
      const output = await this.client.send(
        new InvokeEndpointCommand({
          EndpointName: target.endpointName,
          TargetVariant: target.targetVariant,
          InferenceComponentName: target.inferenceComponent,
          ContentType: request.headers.get('content-type'),
          Accept: request.headers.get('accept'),
          CustomAttributes: request.headers.get(Header.CUSTOM_ATTRIBUTES),
          TargetModel: request.headers.get(Header.TARGET_MODEL),
          SessionId: request.headers.get(Header.SESSION_ID),
          InferenceId: request.inferenceId,
          Body: request.body,
        }),
        options,
      );
      const headers: { [name: string]: string } = { 'content-type': output.ContentType ?? 'application/octet-stream' };
      if (output.CustomAttributes !== undefined) {
        headers[Header.CUSTOM_ATTRIBUTES] = output.CustomAttributes;
      }
      return { kind: 'answer', status: 200, headers, body: output.Body ?? new Uint8Array() };
    } catch (error) {
      return sageMakerFailure(error, signal);
    }
  }
}

function sageMakerFailure(error: unknown, signal: AbortSignal): Failure {
  const { name, message } = error as Error;
  switch (name) {
    case 'ModelError': {
      const status = (error as { OriginalStatusCode?: number }).OriginalStatusCode;
      const original = (error as { OriginalMessage?: string }).OriginalMessage ?? 'no message';
      // The container's 4xx is about the request: another variant would refuse it too.
      if (status !== undefined && status >= 400 && status < 500 && status !== 424 && status !== 429) {
        return failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, `status ${status}: ${original}`.slice(0, 1024));
      }
      if (status === 429) {
        return failure(FailureClass.THROTTLE, ErrorCode.THROTTLED, 'the model has no free capacity; try again');
      }
      return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, `status ${status ?? 'unknown'}: ${original}`.slice(0, 1024));
    }
    case 'ValidationError':
    case 'ValidationException':
      // SageMaker reports an endpoint that does not exist as a validation error.
      return /endpoint .*(not found|does not exist|could not find)/i.test(message)
        ? failure(FailureClass.GONE, ErrorCode.BACKEND_UNAVAILABLE, 'the model cannot be reached')
        : failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, message.slice(0, 1024));
    default:
      return classify(error, signal);
  }
}
