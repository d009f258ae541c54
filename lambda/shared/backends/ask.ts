import { LAMBDA_PAYLOAD_BYTES } from '../../../lib/core/aws-limits';
import { isSuccess, type Outcome } from '../http/outcome';
import type { AskEvent, AskResult } from '../router-protocol';
import type { Backend } from './backend';

/** Send the request, counted in no metric: it says nothing about what callers see. */
export async function ask(event: AskEvent, backend: Pick<Backend, 'invoke'>): Promise<AskResult> {
  const started = performance.now();
  const encoding = event.isBase64Encoded === true ? 'base64' : 'utf8';
  const once = (index: number): Promise<Outcome> =>
    backend.invoke(
      event.target,
      {
        alias: '',
        inferenceId: index === 0 ? event.inferenceId : `${event.inferenceId}-${index}`,
        headers: new Map([['content-type', event.contentType]]),
        query: '',
        body: Buffer.from(event.body, encoding),
        caller: { claims: {} },
      },
      AbortSignal.timeout(event.timeoutMs),
    );
  const outcomes = await Promise.all(Array.from({ length: Math.max(1, event.times) }, (_, index) => once(index)));
  const [outcome] = outcomes;
  return {
    failed: outcomes.filter((each) => !isSuccess(each)).length,
    outcome: outcome.kind === 'answer'
      ? { kind: 'answer', status: outcome.status, ...bodyOf(Buffer.from(outcome.body), encoding) }
      : outcome,
    milliseconds: performance.now() - started,
  };
}

/** Of what Lambda would not return at least that the version answered is told. */
function bodyOf(body: Buffer, encoding: 'base64' | 'utf8'): { readonly body: string; readonly omitted?: true } {
  return encoding === 'base64' && body.byteLength > MOST_ANSWER_BYTES ? { body: '', omitted: true } : { body: body.toString(encoding) };
}

/** As base64, with room for the rest. */
const MOST_ANSWER_BYTES = Math.floor((LAMBDA_PAYLOAD_BYTES * 3) / 4) - 16_384;
