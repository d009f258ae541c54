import type { Target } from '../../../lib/core/backends/backends';
import type { Outcome } from '../http/outcome';
import type { InferenceRequest } from '../http/request';
import { onFirstUse } from '../on-first-use';
import type { Backend } from './backend';

/** A backend whose code most routers never need, so that it is read with its first request. */
export class OnDemand implements Backend {
  private readonly backend: () => Promise<Backend>;

  constructor(load: () => Promise<Backend>) {
    this.backend = onFirstUse(load);
  }

  async invoke(target: Target, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome> {
    return (await this.backend()).invoke(target, request, signal, onRetry);
  }

  async stream(target: Target, request: InferenceRequest, stopping: AbortController, onRetry?: () => void): Promise<Outcome> {
    return (await this.backend()).stream(target, request, stopping, onRetry);
  }

  async probe(target: Target): Promise<string | undefined> {
    return (await this.backend()).probe(target);
  }
}
