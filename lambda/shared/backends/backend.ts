import type { Target } from '../../../lib/core/backends/backends';
import type { Outcome } from '../http/outcome';
import type { InferenceRequest } from '../http/request';

/**
 * Calls versions. Implementations return a failure instead of throwing, and stop at the signal. What was lost with a connection is sent
 * once more, on a new one: `onRetry` is called then.
 */
export interface Backend {
  /** The whole answer. */
  invoke(target: Target, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome>;

  /**
   * The answer as the model sends it: what is there, and the rest, which stops at the signal too. Models that do not send in parts answer
   * as a whole.
   *
   * @param stopping ends the call, and the rest of the answer
   */
  stream(target: Target, request: InferenceRequest, stopping: AbortController, onRetry?: () => void): Promise<Outcome>;

  /** Why requests would not reach the version, in a sentence; undefined where they do, or nobody can know without sending one. */
  probe(target: Target): Promise<string | undefined>;
}
