import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Route, Variant } from '../../lib/core/routing/route';

/** An event as API Gateway sends it, for `POST /{alias}/invocations`. */
export function apiEvent(options: {
  alias?: string;
  body?: string | Uint8Array;
  headers?: { [name: string]: string };
  query?: { [name: string]: string[] };
  base64?: boolean;
  requestContext?: object;
} = {}): APIGatewayProxyEvent {
  const { alias = 'live', body = '{"x":1}', headers = {}, base64 = typeof body !== 'string' } = options;
  return {
    resource: '/{alias}/invocations',
    path: `/${alias}/invocations`,
    httpMethod: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    multiValueHeaders: {},
    queryStringParameters: null,
    multiValueQueryStringParameters: options.query ?? null,
    pathParameters: { alias },
    stageVariables: null,
    body: Buffer.from(body).toString(base64 ? 'base64' : 'utf8'),
    isBase64Encoded: base64,
    requestContext: { requestId: '6a2f0c9e-0000-4000-8000-000000000001', identity: {}, ...options.requestContext },
  } as unknown as APIGatewayProxyEvent;
}

export function variant(name: string, overrides: Partial<Variant> = {}): Variant {
  return {
    name,
    role: 'production',
    version: name.repeat(8),
    weight: 1,
    timeBudgetMs: 5_000,
    target: { kind: 'lambda', functionArn: `arn:aws:lambda:us-east-1:1:function:${name}`, contract: 'json', maxRequestBytes: 6_291_456 },
    ...overrides,
  };
}

export function route(variants: Variant[], overrides: Partial<Route> = {}): Route {
  return {
    schema: 1,
    revision: 1,
    variants,
    assignment: { source: 'inference-id' },
    targetVariantAccess: { kind: 'nobody' },
    ...overrides,
  };
}

/** A server on the loopback interface, closed by `close`. */
export async function serveHttp(
  handle: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handle(request, Buffer.concat(chunks), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
