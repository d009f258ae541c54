import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { factsOf } from '../../lib/core/backends/backends';
import { requestsInFlight } from '../../lib/core/rollout/capacity';
import type { GateReading } from '../../lib/core/rollout/evidence';
import { slowStarts } from '../../lib/core/rollout/cold-starts';
import { PATIENCE } from '../../lib/core/rollout/execution';
import type { RolloutState } from '../../lib/core/rollout/state';
import type { Variant } from '../../lib/core/routing/route';
import type { AskResult } from '../shared/router-protocol';
import { recentLoad } from './load';
import type { Router } from './readiness';

export interface WarmUpPorts {
  readonly cloudWatch: Pick<CloudWatchClient, 'send'>;
  readonly router: Pick<Router, 'ask'>;
  readonly now: () => number;
}

/**
 * Requests that are sent at once where the plan does not say: as many environments as an account's concurrency bears beside its traffic.
 */
const MOST_REQUESTS = 200;
/** Part of them that may fail. */
const FAILING = 0.1;

/**
 * Have the candidate start as many execution environments as the share that comes will use at a time, by golden requests that are sent at
 * once beside what it serves already: an environment answers one request at a time, and one that is not there when a caller comes lets that
 * caller wait for its start. Where more than a tenth of them fail, it is asked again at the next judgement, and has its share when it
 * answers. Rejects if the load cannot be read or the router cannot be asked, in which case callers meet the cold ones.
 */
export async function warmUp(state: RolloutState, nextPercent: number, ports: WarmUpPorts): Promise<GateReading[]> {
  const { plan: { smokeTests: [request], warmUpRequests }, candidate, control } = state;
  const most = warmUpRequests ?? (factsOf(candidate.target).startsWithRequests ? MOST_REQUESTS : 0);
  if (request === undefined || most === 0) {
    return [];
  }
  const times = Math.min(most, requestsInFlight(nextPercent, await recentLoad(ports.cloudWatch, state, ports.now())));
  const warm = ({ name, target }: Variant): Promise<AskResult> => ports.router.ask(state.routerFunction, {
    modelRollout: 'ask', target, body: request.body, contentType: request.contentType,
    inferenceId: `rollout-${state.id.slice(-16)}-warm-${name}`, timeoutMs: PATIENCE.answer * 1_000, times,
  });
  // A control is there to be treated alike.
  const [{ failed, outcome, startsMs = [] }, beside] = await Promise.all(
    [candidate, ...(control === undefined ? [] : [control])].map(warm),
  );
  const slow = slowStarts(startsMs, beside?.startsMs ?? []);
  const why = outcome.kind === 'failure' ? `: ${outcome.message}` : '';
  return [
    failed > FAILING * times
      ? { name: 'warm-up', verdict: 'wait', reason: `${failed} of ${times} golden requests at a time were not answered${why}` }
      : { name: 'warm-up', verdict: 'pass', reason: `${times - failed} of ${times} golden requests at a time were answered` },
    ...(slow === undefined ? [] : [{ name: 'cold starts', verdict: 'pass' as const, reason: slow, told: true as const }]),
  ];
}
