import type { APIGatewayAuthorizerResult } from 'aws-lambda';

/** API Gateway turns an error with exactly this message into 401. */
export const UNAUTHORIZED = 'Unauthorized';

/**
 * Let a caller use every method of the stage.
 *
 * @param methodArn of the method that was called
 * @param context what the router is to know of the caller
 */
export function allowed(
  methodArn: string, principalId: string, context: { [name: string]: string | number | boolean },
): APIGatewayAuthorizerResult {
  return {
    principalId,
    policyDocument: {
      Version: '2012-10-17',
      // The answer is cached for the token, so it must hold for whatever its holder calls next on this stage.
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${methodArn.split('/').slice(0, 2).join('/')}/*` }],
    },
    context,
  };
}
