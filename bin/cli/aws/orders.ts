import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { OrderEvent, OrderResult } from '../../../lib/core/rollout/orders';
import { CliError, Exit } from '../exit';
import type { Connection } from './connection';
import { policyName, type RolloutStack } from './stack';

/** Give an order to the function that takes it, and wait for what came of it. */
export async function sendOrder(connection: Connection, stack: RolloutStack, order: OrderEvent): Promise<OrderResult> {
  const kind = order.verb === 'abort' ? 'abort' : 'operate';
  const functionName = stack[kind];
  if (functionName === undefined) {
    throw new CliError(
      Exit.NOT_FOUND,
      'NO_ROLLOUT',
      `stack ${stack.name} has no rollouts: no CanaryRollout or BlueGreenRollout is attached to an endpoint of it`,
    );
  }
  const { FunctionError: failed, Payload: payload } = await connection.call(
    'lambda:InvokeFunction',
    policyName(stack, order.verb === 'abort' ? 'abort' : 'operate'),
    () => connection.lambda.send(new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(order)) })),
  );
  // Null, against its type, where the function answered nothing.
  const answer = Buffer.from(payload ?? []).toString();
  if (failed !== undefined) {
    throw new CliError(
      Exit.FAILED,
      'ORDER_FAILED',
      `${functionName} failed, and whether the order was carried out is not known (see \`model-rollout status\`): ${errorMessage(answer)}`,
    );
  }
  return parseResult(answer, functionName);
}

function parseResult(answer: string, functionName: string): OrderResult {
  try {
    const { ok, code, message } = JSON.parse(answer) as Partial<OrderResult>;
    if (typeof ok === 'boolean' && typeof code === 'string' && typeof message === 'string') {
      return { ok, code, message };
    }
  } catch {
    // Said below.
  }
  throw new CliError(
    Exit.FAILED,
    'ANSWER_UNREADABLE',
    `${functionName} answered something that this version of the command does not understand; see \`model-rollout status\``,
  );
}

function errorMessage(answer: string): string {
  try {
    return String((JSON.parse(answer) as { errorMessage?: unknown }).errorMessage ?? 'without a message').split('\n', 1)[0];
  } catch {
    return 'without a message';
  }
}
