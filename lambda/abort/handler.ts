import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Env } from '../../lib/core/names';
import type { OrderEvent, OrderResult } from '../../lib/core/rollout/orders';
import { DirectRoutes } from '../shared/direct/direct-routes';
import { requireEnv } from '../shared/env';
import { loggedOrder } from '../shared/order';
import { abort, type AbortPorts } from './abort';

const logger = new Logger({ serviceName: 'model-rollout-abort' });
const ports: AbortPorts = {
  table: requireEnv(Env.TABLE),
  routes: new DirectRoutes(new DynamoDBClient({ maxAttempts: 8 }), { warn: (notice, details) => logger.warn(notice, details) }),
  now: Date.now,
};

export async function handler(order: OrderEvent): Promise<OrderResult> {
  const result = await abort(order, ports);
  logger.info('abort', loggedOrder(order, result));
  return result;
}
