import type { Target } from '../../lib/core/backends/backends';
import { NO_ROUTER } from '../../lib/core/routing/direct-alias';
import { ask } from '../shared/backends/ask';
import type { LambdaBackend } from '../shared/backends/lambda';
import type { RouterClient } from '../shared/router-client';
import type { AskEvent, AskResult, ProbeResult } from '../shared/router-protocol';
import type { Router } from './readiness';

/** Versions are asked by their router, as callers' requests will go; where there is none, as callers do it: by the controller itself. */
export class Asking implements Router {
  constructor(
    private readonly router: Pick<RouterClient, 'probe' | 'ask'>,
    private readonly direct: Pick<LambdaBackend, 'invoke'>,
  ) {}

  async probe(routerFunction: string, targets: readonly Target[]): Promise<ProbeResult> {
    // Callers have permissions of their own, which nobody here can try.
    return routerFunction === NO_ROUTER ? { problems: [] } : this.router.probe(routerFunction, targets);
  }

  ask(routerFunction: string, event: AskEvent): Promise<AskResult> {
    const { target } = event;
    return routerFunction === NO_ROUTER && target.kind === 'lambda'
      ? ask(event, { invoke: (_, request, signal) => this.direct.invoke(target, request, signal) })
      : this.router.ask(routerFunction, event);
  }
}
