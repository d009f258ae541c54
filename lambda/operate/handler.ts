import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Env } from '../../lib/core/names';
import type { OrderEvent, OrderResult } from '../../lib/core/rollout/orders';
import { requireEnv } from '../shared/env';
import { loggedOrder } from '../shared/order';
import { RolloutStore } from '../shared/records/rollout-store';
import { operate, type OperatePorts } from './operate';

const logger = new Logger({ serviceName: 'model-rollout-operate' });
const ports: OperatePorts = {
  rollouts: new RolloutStore(new DynamoDBClient({ maxAttempts: 5 }), requireEnv(Env.ROLLOUTS_TABLE)),
  now: Date.now,
};

export async function handler(order: OrderEvent): Promise<OrderResult> {
  const result = await operate(order, ports);
  logger.info('order', loggedOrder(order, result));
  return result;
}
