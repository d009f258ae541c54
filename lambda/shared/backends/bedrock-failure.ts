import type { ModelErrorException, ModelStreamErrorException } from '@aws-sdk/client-bedrock-runtime';
import { ErrorCode } from '../http/errors';
import { failure, FailureClass, type Failure, MESSAGE_CHARACTERS } from '../http/outcome';
import { classify } from './service-error';

/**
 * By the words of the refusal, for there is no code of its own: the model that the version names is none, not here, or only with an
 * inference profile; or its guardrail or prompt is not there.
 */
const OF_VERSION = new RegExp(
  [
    'model identifier is invalid', 'on-demand throughput', 'model .*(?:not found|end of its life)',
    "(?:guardrail|prompt) .*(?:does not exist|doesn't exist|not found)",
  ].join('|'),
  'i',
);

/** Why Bedrock refused the version itself, whatever it was asked, in its own words; undefined where it did not. */
export function refusalOfVersion(error: unknown): string | undefined {
  const { name, message } = error as Error;
  const refused = name === 'AccessDeniedException' || name === 'ResourceNotFoundException'
    || (name === 'ValidationException' && OF_VERSION.test(message));
  return refused ? `${name}: ${message}` : undefined;
}

/** The failure behind what Bedrock's client threw before an answer began. */
export function bedrockFailure(error: unknown, signal: AbortSignal): Failure {
  const { name, message } = error as Error;
  if (signal.aborted) {
    return classify(error, signal);
  }
  if (refusalOfVersion(error) !== undefined) {
    return failure(FailureClass.GONE, ErrorCode.BACKEND_UNAVAILABLE, 'the model cannot be reached');
  }
  if (error instanceof TypeError) {
    // What Converse has no such shape for, its client cannot write.
    return failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, `the body is not what Bedrock's Converse takes: ${message}`);
  }
  switch (name) {
    case 'ValidationException':
      return failure(FailureClass.CALLER, ErrorCode.MALFORMED_REQUEST, message.slice(0, MESSAGE_CHARACTERS));
    case 'ModelNotReadyException':
      return failure(FailureClass.THROTTLE, ErrorCode.MODEL_NOT_READY, 'the model is not ready yet; try again');
    case 'ServiceQuotaExceededException':
      return failure(FailureClass.THROTTLE, ErrorCode.THROTTLED, 'the model has no free capacity; try again');
    case 'ModelTimeoutException':
      return failure(FailureClass.TIMEOUT, ErrorCode.TIMEOUT, 'the model did not answer in time');
    case 'ModelErrorException':
    case 'ModelStreamErrorException':
      return modelError(error as ModelErrorException | ModelStreamErrorException);
    default:
      return classify(error, signal);
  }
}

/** Why an answer ended that had begun: whatever was asked, it had been accepted. */
export function streamFailure(error: unknown, signal: AbortSignal): Failure {
  const failed = bedrockFailure(error, signal);
  return failed.class === FailureClass.CALLER
    ? failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, `the model's stream broke: ${failed.message}`.slice(0, MESSAGE_CHARACTERS))
    : failed;
}

function modelError({ message, originalStatusCode: status = 500 }: ModelErrorException | ModelStreamErrorException): Failure {
  const said = message.slice(0, MESSAGE_CHARACTERS);
  return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, said, { status, message: said });
}
