import * as apigateway from 'aws-cdk-lib/aws-apigateway';

/** API Gateway's own errors in the shape of the router's: `{ "error": { "code", "message", "inferenceId" } }`. */
const TEMPLATE = JSON.stringify({
  error: { code: '$context.error.responseType', message: 'MESSAGE', inferenceId: '$context.requestId' },
  // The message comes with its own quotation marks.
}).replace('"MESSAGE"', '$context.error.messageString');

/** Give the errors that never reach the router the router's shape, and those that pass a Retry-After. */
export function addGatewayResponses(api: apigateway.RestApi): void {
  const templates = { 'application/json': TEMPLATE };
  const later = { 'Retry-After': "'1'" };
  api.addGatewayResponse('Default4xx', { type: apigateway.ResponseType.DEFAULT_4XX, templates });
  api.addGatewayResponse('Default5xx', { type: apigateway.ResponseType.DEFAULT_5XX, templates });
  api.addGatewayResponse('Throttled', { type: apigateway.ResponseType.THROTTLED, templates, responseHeaders: later });
}
