import { Logger } from '@aws-lambda-powertools/logger';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { Env } from '../../lib/core/names';
import { requireEnv } from '../shared/env';
import { KeyAuthorizer } from './authorize';
import { SHORTEST_KEY } from './keys';

const logger = new Logger({ serviceName: 'model-key-authorizer' });
const client = new SecretsManagerClient({ maxAttempts: 3 });
const secret = requireEnv(Env.KEYS);
const authorizer = new KeyAuthorizer({
  read: async () => (await client.send(new GetSecretValueCommand({ SecretId: secret }))).SecretString ?? '',
  onRefused: (names) => logger.error(`not taken for keys: fewer than ${SHORTEST_KEY} characters, or no text`, { secret, names }),
  now: Date.now,
});

export async function handler(event: APIGatewayTokenAuthorizerEvent): Promise<APIGatewayAuthorizerResult> {
  return authorizer.authorize(event);
}
