import { Logger } from '@aws-lambda-powertools/logger';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import { Env } from '../../lib/core/names';
import { NO_ROUTER } from '../../lib/core/routing/direct-alias';
import { DirectRoutes } from '../shared/direct/direct-routes';
import { requireEnv } from '../shared/env';
import { RolloutStore } from '../shared/records/rollout-store';
import { RouterClient } from '../shared/router-client';
import { startExecution } from '../shared/start-execution';
import { settle, type SettlePorts } from './settle';

const logger = new Logger({ serviceName: 'model-rollout-gate' });
const router = new RouterClient(new LambdaClient({ maxAttempts: 5 }));
const dynamoDb = new DynamoDBClient({ maxAttempts: 5 });
const cloudFormation = new CloudFormationClient({ maxAttempts: 5 });
const stepFunctions = new SFNClient({ maxAttempts: 5 });
const rolloutsTable = process.env[Env.ROLLOUTS_TABLE];

const warn = (notice: string, details: { readonly [name: string]: unknown }): void => logger.warn(notice, details);
const records = new DirectRoutes(dynamoDb, { creates: true, warn });

const ports: SettlePorts = {
  records,
  rollouts: rolloutsTable === undefined ? undefined : new RolloutStore(dynamoDb, rolloutsTable),
  probe: async (routerFunction, targets) => (routerFunction === NO_ROUTER ? { problems: [] } : router.probe(routerFunction, targets)),
  aliasProblem: (direct) => records.problem(direct),
  start: (name, input) => startExecution(stepFunctions, requireEnv(Env.STATE_MACHINE), name, input),
  stackStatus: async (stackId) => {
    const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackId }));
    return stack?.StackStatus ?? 'UNKNOWN';
  },
  sleep: (ms) => sleep(ms),
  now: Date.now,
  info: (notice, details) => logger.info(notice, details),
  warn,
  error: (notice, error) => logger.error(notice, { error }),
};

export function handler(event: CloudFormationCustomResourceEvent, context: Context): Promise<void> {
  return settle(event, context.getRemainingTimeInMillis(), ports);
}
