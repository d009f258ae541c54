import type { LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { comparisonError, comparisonEvent, readComparisonAnswer } from '../../lib/core/comparison/custom';
import type { FunctionComparisonPlan } from '../../lib/core/comparison/plan';
import type { ComparisonOutcome } from '../../lib/core/comparison/outcome';
import { LAMBDA_PAYLOAD_BYTES } from '../../lib/core/aws-limits';

/**
 * Have a function of the user's compare two answers. Never rejects and never takes longer than the plan says: a failure of it is an outcome
 * of its own.
 */
export async function askComparison(
  client: Pick<LambdaClient, 'send'>, { functionArn, timeoutMs }: FunctionComparisonPlan, production: Uint8Array, shadow: Uint8Array,
): Promise<ComparisonOutcome> {
  const event = Buffer.from(JSON.stringify(comparisonEvent(production, shadow)));
  if (event.byteLength > LAMBDA_PAYLOAD_BYTES) {
    return comparisonError(`both answers take ${event.byteLength} bytes as an event; Lambda accepts ${LAMBDA_PAYLOAD_BYTES}`);
  }
  try {
    const { Payload: payload, FunctionError: failed } = await client.send(
      new InvokeCommand({ FunctionName: functionArn, Payload: event }), { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    // What the function wrote may quote the answers, which are not for the log.
    return failed === undefined
      ? readComparisonAnswer(Buffer.from(payload ?? []).toString('utf8'))
      : comparisonError('the function failed; its own log says why');
  } catch (error) {
    return comparisonError((error as Error).name);
  }
}
