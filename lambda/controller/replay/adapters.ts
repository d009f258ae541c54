import { LambdaClient } from '@aws-sdk/client-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import { compare } from '../../../lib/core/comparison/compare';
import { askComparison } from '../../shared/ask-comparison';
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
    compare: (plan, production, candidate) =>
      plan.kind === 'function' ? askComparison(comparing, plan, production, candidate) : compare(plan, production, candidate),
    now: Date.now,
    clock: () => performance.now(),
    sleep: (ms) => sleep(ms),
  };
}
