import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { LAMBDA_PAYLOAD_BYTES } from '../../lib/core/aws-limits';
import { comparisonError, type ComparisonOutcome } from '../../lib/core/comparison/outcome';

/** What a function of the user's answered, or why it did not. Never rejects, and never takes longer than it may. */
export async function askFunction(
  client: Pick<LambdaClient, 'send'>,
  { functionArn, timeoutMs }: { readonly functionArn: string; readonly timeoutMs: number },
  told: object,
): Promise<string | ComparisonOutcome> {
  const event = Buffer.from(JSON.stringify(told));
  if (event.byteLength > LAMBDA_PAYLOAD_BYTES) {
    return comparisonError(`what is compared takes ${event.byteLength} bytes as an event; Lambda accepts ${LAMBDA_PAYLOAD_BYTES}`);
  }
  try {
    const { Payload: payload, FunctionError: failed } = await client.send(
      new InvokeCommand({ FunctionName: functionArn, Payload: event }), { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    // What the function wrote may quote the answers, which are not for the log.
    return failed === undefined
      ? Buffer.from(payload ?? []).toString('utf8')
      : comparisonError('the function failed; its own log says why');
  } catch (error) {
    return comparisonError((error as Error).name);
  }
}
