import type { Logger } from '@aws-lambda-powertools/logger';
import { MOST_WARM_UP_REQUESTS } from '../../lib/core/aws-limits';
import { type Backends, crowdedBackends } from '../shared/backends/backends';
import { ask } from '../shared/backends/ask';
import { type AskEvent, type AskResult, isProbe, type ProbeEvent, type ProbeResult } from '../shared/router-protocol';
import { startDuration } from './start-duration';

/** What the router answers to the control plane and to mirrors. */
export async function internalAnswer(
  event: ProbeEvent | AskEvent, backends: Backends, logger: Pick<Logger, 'warn'>,
): Promise<ProbeResult | AskResult> {
  if (isProbe(event)) {
    return probe(event, backends);
  }
  const startsMs: number[] = [];
  const result = await ask(event, (event.times > 1 ? crowd(startsMs) : backends)[event.target.kind]);
  if (event.times > 1 && result.failed > 0) {
    logger.warn('requests of a warm-up failed', {
      failed: result.failed,
      times: event.times,
      outcome: result.outcome.kind === 'failure' ? result.outcome.code : result.outcome.status,
    });
  }
  return startsMs.length === 0 ? result : { ...result, startsMs };
}

/** Whether the router can call the targets, with its own role: a new policy takes seconds to reach where it is asked for. */
async function probe({ targets }: ProbeEvent, backends: Backends): Promise<ProbeResult> {
  const problems = await Promise.all(targets.map((target) => backends[target.kind].probe(target)));
  return { problems: problems.filter((problem) => problem !== undefined) };
}

/** Backends for all requests of a warm-up at once, and how long their environments took to start. */
function crowd(startsMs: number[]): Backends {
  return crowdedBackends(MOST_WARM_UP_REQUESTS, (tail) => {
    const started = startDuration(tail);
    if (started !== undefined) {
      startsMs.push(started);
    }
  });
}
