import { ErrorCode } from '../http/errors';
import { failure, FailureClass, type Failure } from '../http/outcome';

const THROTTLES = new Set([
  'TooManyRequestsException', 'ThrottlingException', 'Throttling', 'ModelNotReadyException', 'EC2ThrottledException',
  'RequestLimitExceeded', 'SnapStartNotReadyException',
]);
const GONE = new Set(['ResourceNotFoundException', 'AccessDeniedException', 'AccessDenied', 'KMSAccessDeniedException']);

/** The failure behind what the AWS SDK threw, for what Lambda and SageMaker have in common. */
export function classify(error: unknown, signal: AbortSignal): Failure {
  const name = (error as Error | undefined)?.name ?? '';
  // Not by its name: the SDK calls a broken connection a time-out as well.
  if (signal.aborted) {
    return failure(FailureClass.TIMEOUT, ErrorCode.TIMEOUT, 'the model did not answer in time');
  }
  if (THROTTLES.has(name)) {
    return failure(FailureClass.THROTTLE, ErrorCode.THROTTLED, 'the model has no free capacity; try again');
  }
  if (GONE.has(name)) {
    return failure(FailureClass.GONE, ErrorCode.BACKEND_UNAVAILABLE, 'the model cannot be reached');
  }
  return failure(FailureClass.BACKEND, ErrorCode.BACKEND_UNAVAILABLE, 'the model cannot be reached');
}
