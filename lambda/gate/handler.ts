import { Logger } from '@aws-lambda-powertools/logger';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import { Env } from '../../lib/core/names';
import { answerResource, signalCondition } from '../shared/answer';
import { RouteContentionError } from '../shared/change-route';
import { requireEnv } from '../shared/env';
import { RolloutStore } from '../shared/rollout-store';
import { RouteRecords } from '../shared/route-records';
import { RouterBrokenError, RouterClient } from '../shared/router-client';
import { startExecution } from '../shared/start-execution';
import { gate, GateError, type GatePorts } from './gate';

const logger = new Logger({ serviceName: 'model-rollout-gate' });
const router = new RouterClient(new LambdaClient({ maxAttempts: 5 }));
const dynamoDb = new DynamoDBClient({ maxAttempts: 5 });
const cloudFormation = new CloudFormationClient({ maxAttempts: 5 });
const stepFunctions = new SFNClient({ maxAttempts: 5 });
const rolloutsTable = process.env[Env.ROLLOUTS_TABLE];

const ports: GatePorts = {
  records: new RouteRecords(dynamoDb),
  rollouts: rolloutsTable === undefined ? undefined : new RolloutStore(dynamoDb, rolloutsTable),
  probe: (routerFunction, targets) => router.probe(routerFunction, targets),
  start: (name, input) => startExecution(stepFunctions, requireEnv(Env.STATE_MACHINE), name, input),
  stackStatus: async (stackId) => {
    if (rolloutsTable === undefined) {
      // Without rollouts every template is obeyed at once, so it makes no difference.
      return 'UNKNOWN';
    }
    const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackId }));
    return stack?.StackStatus ?? 'UNKNOWN';
  },
  sleep: (ms) => sleep(ms),
  now: Date.now,
};

export async function handler(event: CloudFormationCustomResourceEvent, context: Context): Promise<void> {
  // On update the record's key may have changed; the old record is then deleted by CloudFormation's own Delete.
  const physicalResourceId = event.RequestType === 'Delete' ? event.PhysicalResourceId : String(event.ResourceProperties.Alias ?? event.LogicalResourceId);
  const resource = {
    url: event.ResponseURL, stackId: event.StackId, requestId: event.RequestId, logicalResourceId: event.LogicalResourceId, physicalResourceId,
  };
  logger.info('gate called', { request: event.RequestType, alias: physicalResourceId, stack: event.StackId });
  try {
    const result = await withinTime(gate(event, ports), context.getRemainingTimeInMillis() - 5_000);
    if (result.answer === 'later') {
      logger.info('the controller answers', { alias: physicalResourceId });
      return;
    }
    if (result.signal !== undefined) {
      await signalCondition(result.signal, event.RequestId, 'SUCCESS', 'no rollout was needed', ports.sleep);
    }
  } catch (error) {
    logger.error('gate refused', { error: error as Error });
    const explained = [GateError, RouterBrokenError, RouteContentionError].some((kind) => error instanceof kind);
    const reason = explained ? (error as Error).message : `${(error as Error).name}: ${(error as Error).message}`;
    await answerResource(resource, 'FAILED', reason, ports.sleep);
    return;
  }
  await answerResource(resource, 'SUCCESS', 'done', ports.sleep);
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
