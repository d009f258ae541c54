import type { Target } from '../../lib/core/routing/route';
import type { Backend } from '../shared/backends/backend';
import { isSuccess, type Outcome } from '../shared/http/outcome';
import type { AskEvent, AskResult } from '../shared/router-protocol';

/** Send the request, counted in no metric: it says nothing about what callers see. */
export async function ask(event: AskEvent, backends: { readonly [kind in Target['kind']]: Backend }): Promise<AskResult> {
  const started = performance.now();
  const once = (index: number): Promise<Outcome> =>
    backends[event.target.kind].invoke(
      event.target,
      {
        alias: '',
        inferenceId: index === 0 ? event.inferenceId : `${event.inferenceId}-${index}`,
        headers: new Map([['content-type', event.contentType]]),
        query: '',
        body: Buffer.from(event.body, 'utf8'),
        caller: { claims: {} },
      },
      AbortSignal.timeout(event.timeoutMs),
    );
  const outcomes = await Promise.all(Array.from({ length: Math.max(1, event.times) }, (_, index) => once(index)));
  const [outcome] = outcomes;
  return {
    failed: outcomes.filter((each) => !isSuccess(each)).length,
    outcome: outcome.kind === 'answer'
      ? { kind: 'answer', status: outcome.status, body: Buffer.from(outcome.body).toString('utf8') }
      : outcome,
    milliseconds: performance.now() - started,
  };
}
