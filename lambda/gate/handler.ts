import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../lib/core/routing/route';
import type { ProbeEvent, ProbeResult } from '../router/probe';
import { gate, GateError, type GatePorts } from './gate';
import { respond } from './respond';
import { RouteRecords } from './route-records';

const logger = new Logger({ serviceName: 'model-rollout-gate' });
const lambda = new LambdaClient({ maxAttempts: 5 });

const ports: GatePorts = {
  records: new RouteRecords(new DynamoDBClient({ maxAttempts: 5 })),
  probe: async (routerFunction: string, targets: readonly Target[]): Promise<ProbeResult> => {
    const event: ProbeEvent = { modelRollout: 'probe', targets };
    let output;
    try {
      output = await lambda.send(new InvokeCommand({ FunctionName: routerFunction, Payload: JSON.stringify(event) }));
    } catch (error) {
      // The gate's own permission to ask the router is as new as the router.
      return { problems: [`the router cannot be asked: ${(error as Error).name}: ${(error as Error).message}`] };
    }
    const text = Buffer.from(output.Payload ?? []).toString('utf8');
    if (output.FunctionError !== undefined) {
      throw new GateError(`the router does not start: ${text.slice(0, 500)}`);
    }
    return JSON.parse(text) as ProbeResult;
  },
  sleep: (ms) => sleep(ms),
  now: Date.now,
};

export async function handler(event: CloudFormationCustomResourceEvent, context: Context): Promise<void> {
  const physicalResourceId =
    event.RequestType === 'Create' ? String(event.ResourceProperties.Alias ?? event.LogicalResourceId) : aliasOf(event);
  logger.info('gate called', { request: event.RequestType, alias: physicalResourceId, stack: event.StackId });
  try {
    await withinTime(gate(event, ports), context.getRemainingTimeInMillis() - 5_000);
  } catch (error) {
    logger.error('gate refused', { error: error as Error });
    const reason = error instanceof GateError ? error.message : `${(error as Error).name}: ${(error as Error).message}`;
    await respond(event, { status: 'FAILED', reason, physicalResourceId }, ports.sleep);
    return;
  }
  await respond(event, { status: 'SUCCESS', physicalResourceId }, ports.sleep);
}

/** On update the record's key may have changed; the old record is then deleted by CloudFormation's own Delete. */
function aliasOf(event: CloudFormationCustomResourceEvent): string {
  return event.RequestType === 'Delete'
    ? event.PhysicalResourceId
    : String(event.ResourceProperties.Alias ?? event.LogicalResourceId);
}

/** Lambda would end the function without an answer to CloudFormation, which then waits for its own time-out. */
async function withinTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      sleep(ms, undefined, { signal: late.signal }).then(() => {
        throw new GateError('the gate ran out of time');
      }),
    ]);
  } finally {
    late.abort();
  }
}
