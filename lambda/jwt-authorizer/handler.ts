import { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { JwtVerifier } from 'aws-jwt-verify';
import { FetchError, JwksNotAvailableInCacheError, JwksValidationError, JwkValidationError } from 'aws-jwt-verify/error';
import { Env } from '../../lib/core/names';
import { requireEnv } from '../shared/env';
import { authorize, IssuerUnavailableError } from './authorize';

const logger = new Logger({ serviceName: 'model-jwt-authorizer' });
const jwksUri = requireEnv(Env.JWT_JWKS_URI);
const verifier = JwtVerifier.create({
  issuer: requireEnv(Env.JWT_ISSUER),
  audience: requireEnv(Env.JWT_AUDIENCE),
  jwksUri,
});

export function handler(event: APIGatewayTokenAuthorizerEvent): Promise<APIGatewayAuthorizerResult> {
  return authorize(event, async (token) => {
    try {
      return await verifier.verify(token);
    } catch (error) {
      if ([FetchError, JwksNotAvailableInCacheError, JwksValidationError, JwkValidationError].some((kind) => error instanceof kind)) {
        logger.error('the keys of the issuer cannot be read, so that no token can be checked', {
          jwksUri,
          reason: (error as Error).message,
        });
        throw new IssuerUnavailableError('the keys of the issuer cannot be read');
      }
      throw error;
    }
  });
}
