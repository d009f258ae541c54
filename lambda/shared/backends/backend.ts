import type { Target } from '../../../lib/core/routing/route';
import type { Outcome } from '../http/outcome';
import type { InferenceRequest } from '../http/request';

/**
 * Calls versions. Implementations return a failure instead of throwing, and stop at `signal`. What was lost with a connection is sent once more,
 * on a new one: `onRetry` is called then.
 */
export interface Backend {
  invoke(target: Target, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome>;
}
