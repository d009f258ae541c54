import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { requestsInFlight } from '../../lib/core/rollout/capacity';
import { PATIENCE } from '../../lib/core/timing';
import type { RolloutState } from '../../lib/core/rollout/state';
import { recentLoad } from './load';
import type { Router } from './readiness';

export interface WarmUpPorts {
  readonly cloudWatch: Pick<CloudWatchClient, 'send'>;
  readonly router: Pick<Router, 'ask'>;
  readonly now: () => number;
}

/** Requests that are sent at once where the plan does not say: as many environments as an account's concurrency bears beside its traffic. */
const MOST_REQUESTS = 200;
/** What a router's connections carry at a time; more of them are sent by more routers. */
const REQUESTS_PER_ROUTER = 50;

/**
 * Have the candidate start as many execution environments as the share that comes will use at a time, by golden requests that are sent at once beside
 * what it serves already: an environment answers one request at a time, and one that is not there when a caller comes lets that caller wait for its start.
 * Resolves to how many were sent; rejects if the load cannot be read or a router cannot be asked, in which case callers meet the cold ones.
 */
export async function warmUp(state: RolloutState, nextPercent: number, ports: WarmUpPorts): Promise<number> {
  const { plan: { smokeTests: [request], warmUpRequests }, candidate } = state;
  const most = warmUpRequests ?? (candidate.target.kind === 'lambda' ? MOST_REQUESTS : 0);
  if (request === undefined || most === 0) {
    return 0;
  }
  const needed = Math.min(most, requestsInFlight(nextPercent, await recentLoad(ports.cloudWatch, state, ports.now())));
  await Promise.all(Array.from({ length: Math.ceil(needed / REQUESTS_PER_ROUTER) }, (_, router) => ports.router.ask(state.routerFunction, {
    modelRollout: 'ask', target: candidate.target, body: request.body, contentType: request.contentType,
    inferenceId: `rollout-${state.id.slice(-16)}-warm-${router}`, timeoutMs: PATIENCE.answer * 1_000,
    times: Math.min(REQUESTS_PER_ROUTER, needed - router * REQUESTS_PER_ROUTER),
  })));
  return needed;
}
