import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { type CorsPlan, exposedHeaders } from '../core/cors';

/**
 * API Gateway's own errors in the shape of the router's: `{ "error": { "code", "message", "inferenceId" } }`, and the message once more
 * where the clients of SageMaker's runtime look for it.
 */
const templateOf = (more: object): string => JSON.stringify({
  error: { code: '$context.error.responseType', message: 'MESSAGE', inferenceId: '$context.requestId', ...more },
  Message: 'MESSAGE',
  // The message comes with its own quotation marks.
}).replaceAll('"MESSAGE"', '$context.error.messageString');

/**
 * Give the errors that never reach the router the router's shape, those that pass a Retry-After, and pages the right to read them.
 *
 * @param openAi they have what clients of OpenAI's shape look for as well
 */
export function addGatewayResponses(api: apigateway.RestApi, cors: CorsPlan | undefined, openAi: boolean): void {
  const templatesOf = (type: string): { [mediaType: string]: string } =>
    ({ 'application/json': templateOf(openAi ? { type, param: null } : {}) });
  const responseHeaders = cors && readableBy(cors);
  const later = { 'Retry-After': "'1'", ...responseHeaders };
  const add = (id: string, type: apigateway.ResponseType, name: string, headers = responseHeaders): void =>
    void api.addGatewayResponse(id, { type, templates: templatesOf(name), responseHeaders: headers });
  add('Default4xx', apigateway.ResponseType.DEFAULT_4XX, 'invalid_request_error');
  add('Default5xx', apigateway.ResponseType.DEFAULT_5XX, 'server_error');
  add('Throttled', apigateway.ResponseType.THROTTLED, 'rate_limit_error', later);
  if (openAi) {
    add('Unauthorized', apigateway.ResponseType.UNAUTHORIZED, 'authentication_error');
  }
}

/**
 * API Gateway cannot choose among origins here. Of several, all that there are may read what it refuses, which says nothing but that; with
 * credentials a browser wants its own origin by name, which is the one that asks.
 */
function readableBy(cors: CorsPlan): { [header: string]: string } {
  const { origins: [origin, ...others], credentials } = cors;
  const everybody = others.length > 0 && !credentials;
  const named = others.length > 0 ? 'method.request.header.origin' : `'${origin}'`;
  return {
    'Access-Control-Allow-Origin': everybody ? "'*'" : named,
    'Access-Control-Expose-Headers': `'${exposedHeaders(cors)},x-amzn-requestid'`,
    ...(credentials ? { 'Access-Control-Allow-Credentials': "'true'" } : {}),
    ...(everybody || origin === '*' ? {} : { Vary: "'Origin'" }),
  };
}
