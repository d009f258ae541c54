import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { allowed, UNAUTHORIZED } from '../shared/authorizer';

/**
 * Checks a token's signature, issuer, audience and validity; rejects when one is wrong, and with an {@link IssuerUnavailableError} when
 * nobody can tell.
 */
export type Verify = (token: string) => Promise<{ readonly [claim: string]: unknown }>;

/**
 * Nobody can tell whether a token is valid, because the issuer's keys cannot be read. API Gateway answers with 500, and with 401 only what
 * is known to be wrong.
 */
export class IssuerUnavailableError extends Error {
  override readonly name = 'IssuerUnavailableError';
}

/** Allow the holder of a valid token every alias of the stage; what a token claims is passed on for the router's own rules. */
export async function authorize(event: APIGatewayTokenAuthorizerEvent, verify: Verify): Promise<APIGatewayAuthorizerResult> {
  const token = /^bearer (.+)$/i.exec(event.authorizationToken)?.[1];
  let claims: { readonly [claim: string]: unknown };
  try {
    claims = await verify(token ?? '');
  } catch (error) {
    if (error instanceof IssuerUnavailableError) {
      throw error;
    }
    throw new Error(UNAUTHORIZED);
  }
  return allowed(event.methodArn, String(claims.sub ?? 'unknown'), contextOf(claims));
}

/** API Gateway's context has texts, numbers and booleans; a list becomes its words. */
function contextOf(claims: { readonly [claim: string]: unknown }): { [name: string]: string | number | boolean } {
  const context: { [name: string]: string | number | boolean } = {};
  for (const [name, value] of Object.entries(claims)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      context[name] = value;
    } else if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
      context[name] = value.join(' ');
    }
  }
  return context;
}
