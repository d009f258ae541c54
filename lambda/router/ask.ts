import type { Target } from '../../lib/core/routing/route';
import type { Backend } from './backend';
import { isSuccess, type Outcome } from './outcome';

/** The controller's request to a version that has no traffic yet: with the router's role, the way that callers' requests will go. */
export interface AskEvent {
  readonly modelRollout: 'ask';
  readonly target: Target;
  readonly body: string;
  readonly contentType: string;
  readonly inferenceId: string;
  readonly timeoutMs: number;
  /** How many times at once; of the others than the first only their number is of interest. */
  readonly times: number;
}

export interface AskResult {
  /** How many of them were not answered with success. */
  readonly failed: number;
  readonly outcome: { readonly kind: 'answer'; readonly status: number; readonly body: string } | Exclude<Outcome, { kind: 'answer' }>;
  readonly milliseconds: number;
}

export function isAsk(event: unknown): event is AskEvent {
  return (event as Partial<AskEvent> | null)?.modelRollout === 'ask';
}

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
