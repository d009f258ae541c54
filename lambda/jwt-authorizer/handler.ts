import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { JwtVerifier } from 'aws-jwt-verify';
import { Env } from '../../lib/core/names';
import { requireEnv } from '../shared/env';
import { authorize } from './authorize';

const verifier = JwtVerifier.create({
  issuer: requireEnv(Env.JWT_ISSUER),
  audience: requireEnv(Env.JWT_AUDIENCE),
  jwksUri: requireEnv(Env.JWT_JWKS_URI),
});

export function handler(event: APIGatewayTokenAuthorizerEvent): Promise<APIGatewayAuthorizerResult> {
  return authorize(event, (token) => verifier.verify(token));
}
