import { LambdaClient } from '@aws-sdk/client-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import { comparePair } from '../../shared/compare-pair';
import { S3Objects } from './objects';
import { RecordedRequests } from './recorded-requests';
import type { ReplayPorts } from './replay';

/** What a replay reaches out to in AWS. */
export function replayPorts(controller: Pick<ReplayPorts, 'router' | 'refused'>): ReplayPorts {
  const recorded = new RecordedRequests(new S3Objects());
  const comparing = new LambdaClient({ maxAttempts: 2 });
  return {
    ...controller,
    requests: (state, until) => recorded.of(state, until),
    compare: (plan, production, candidate, request) => comparePair(comparing, plan, { production, shadow: candidate, request }),
    now: Date.now,
    clock: () => performance.now(),
    sleep: (ms) => sleep(ms),
  };
}
