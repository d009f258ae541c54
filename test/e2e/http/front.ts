import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { AwsV4Signer } from 'aws4fetch';
import type { Route } from '../../../lib/core/routing/route';
import { serveHttp } from '../../fixtures/serving';
import { LineProcess } from './lines';

const BUNDLE = join(__dirname, '../../../assets/router/index.mjs');
/** The router as Lambda would run it: an event a line, a result a line. */
const ROUTER = `
  import { createInterface } from 'node:readline';
  const { handler } = await import(${JSON.stringify(BUNDLE)});
  for await (const line of createInterface({ input: process.stdin })) {
    console.log('RESULT ' + JSON.stringify(await handler(JSON.parse(line))));
  }`;

/** What callers of the tests sign with. */
export const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' };

interface Answer {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body: string | Buffer;
}

export interface FrontOptions {
  readonly route: Route;
  /** What a function makes of its event. */
  readonly lambda?: (event: string) => Promise<string>;
  /** What SageMaker's runtime answers. */
  readonly sageMaker?: (request: IncomingMessage, body: Buffer) => Answer;
  readonly binaryMediaTypes?: readonly string[];
  /** Refuse what is not signed for API Gateway, as EndpointAuth.iam() does. */
  readonly iam?: boolean;
}

/**
 * API Gateway in front of the router's bundle, as far as AWS documents it: which bodies are bytes, what the first Accept decides, and for
 * which service IAM wants a signature. Paths are `/prod/{alias}/invocations` and `/prod/endpoints/{alias}/invocations`.
 */
export class Front {
  static async open(options: FrontOptions): Promise<Front> {
    const { revision, sessionKeys, ...declared } = options.route;
    const memory = { owner: 'stack resource', router: 'router', requests: [], sessionKeys };
    const services = await serveHttp((request, body, response) => {
      const send = ({ status, headers, body: answer }: Answer): void => void response.writeHead(status, headers).end(answer);
      if (request.url!.startsWith('/2015-03-31/functions/')) {
        void options.lambda!(body.toString()).then((line) => {
          const { result, error } = JSON.parse(line) as { result?: unknown; error?: unknown };
          send({
            status: 200,
            headers: error === undefined ? {} : { 'x-amz-function-error': 'Unhandled' },
            body: JSON.stringify(error ?? result),
          });
        });
      } else if (request.url!.startsWith('/endpoints/')) {
        send(options.sageMaker!(request, body));
      } else {
        send({
          status: 200,
          headers: { 'content-type': 'application/x-amz-json-1.0' },
          body: JSON.stringify({
            Item: { alias: { S: 'fraud/live' }, revision: { N: String(revision) }, route: { S: JSON.stringify(declared) }, memory: { S: JSON.stringify(memory) } },
          }),
        });
      }
    });
    const router = new LineProcess(
      process.execPath,
      ['--input-type=module', '-e', ROUTER],
      {
        PATH: process.env.PATH,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'x',
        AWS_SECRET_ACCESS_KEY: 'x',
        AWS_ENDPOINT_URL: services.url,
        AWS_LAMBDA_FUNCTION_NAME: 'router',
        MODEL_ROLLOUT_TABLE: 'routes',
        MODEL_ROLLOUT_ENDPOINT: 'fraud',
        MODEL_ROLLOUT_TIMEOUT_MS: '28500',
      },
      (line) => line.startsWith('RESULT '),
    );
    const front = new Front(options, router, services.close);
    await new Promise<void>((resolve) => front.server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void this.answer(request, Buffer.concat(chunks)).then(({ status, headers, cookies, body }) =>
        response.writeHead(status, { ...headers, ...(cookies && { 'set-cookie': cookies }) }).end(body),
      );
    });
  });

  private constructor(
    private readonly options: FrontOptions,
    private readonly router: LineProcess,
    private readonly closeServices: () => Promise<void>,
  ) {}

  /** Address of the API's stage. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/prod`;
  }

  async close(): Promise<void> {
    this.router.stop();
    this.server.closeAllConnections();
    await Promise.all([new Promise<void>((resolve) => this.server.close(() => resolve())), this.closeServices()]);
  }

  private async answer(
    request: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: { [name: string]: string }; cookies?: string[]; body: Buffer }> {
    const refusal = (type: string, message: string): { status: number; headers: { [name: string]: string }; body: Buffer } => ({
      status: 403,
      headers: { 'content-type': 'application/json', 'x-amzn-ErrorType': type },
      body: Buffer.from(JSON.stringify({ message })),
    });
    const url = new URL(request.url!, 'http://host');
    const alias = /^\/prod\/(?:endpoints\/)?([^/]+)\/invocations$/.exec(url.pathname)?.[1];
    if (alias === undefined || request.method !== 'POST') {
      return refusal('MissingAuthenticationTokenException', 'Missing Authentication Token');
    }
    if (this.options.iam === true) {
      const problem = await signatureProblem(request, body);
      if (problem !== undefined) {
        return refusal('InvalidSignatureException', problem);
      }
    }
    const types = this.options.binaryMediaTypes ?? ['*/*'];
    const asked = request.headers['content-type'];
    const bytes = asked !== undefined && matches(asked, types);
    const multiValueQueryStringParameters: { [name: string]: string[] } = {};
    url.searchParams.forEach((value, name) => (multiValueQueryStringParameters[name] ??= []).push(value));
    const line = await this.router.ask(
      JSON.stringify({
        resource: '/{alias}/invocations',
        path: url.pathname.slice(5),
        httpMethod: 'POST',
        pathParameters: { alias },
        headers: request.headers,
        multiValueHeaders: Object.fromEntries(Object.entries(request.headersDistinct)),
        queryStringParameters: null,
        multiValueQueryStringParameters,
        stageVariables: null,
        body: body.toString(bytes ? 'base64' : 'utf8'),
        isBase64Encoded: bytes,
        requestContext: {
          requestId: randomUUID(),
          accountId: '123456789012',
          apiId: 'abc123',
          domainName: 'abc123.execute-api.us-east-1.amazonaws.com',
          protocol: 'HTTP/1.1',
          stage: 'prod',
          requestTime: '27/Nov/2026:01:02:03 +0000',
          requestTimeEpoch: 1_795_741_323_000,
          identity: { sourceIp: '203.0.113.7', userAgent: request.headers['user-agent'] ?? null },
        },
      }),
    );
    const {
      statusCode,
      headers,
      multiValueHeaders,
      body: text,
      isBase64Encoded,
    } = JSON.parse(line.slice('RESULT '.length)) as APIGatewayProxyResult;
    const accept = request.headers.accept?.split(',')[0];
    return {
      status: statusCode,
      headers: headers as { [name: string]: string },
      cookies: multiValueHeaders?.['set-cookie'] as string[] | undefined,
      body: Buffer.from(text, isBase64Encoded === true && accept !== undefined && matches(accept, types) ? 'base64' : 'utf8'),
    };
  }
}

function matches(type: string, known: readonly string[]): boolean {
  const name = type.split(';')[0].trim();
  return known.some((pattern) => pattern === '*/*' || pattern === name || (pattern.endsWith('/*') && name.startsWith(pattern.slice(0, -1))));
}

/** What API Gateway would have against a request's signature. */
export async function signatureProblem(request: IncomingMessage, body: Buffer): Promise<string | undefined> {
  const [, key, , region, service, signed, signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (key === undefined) {
    return 'Missing Authentication Token';
  }
  if (service !== 'execute-api') {
    return `Credential should be scoped to correct service: 'execute-api', not '${service}'.`;
  }
  const headers = Object.fromEntries(signed.split(';').map((name) => [name, String(request.headers[name])]));
  const url = `http://${request.headers.host}${request.url}`;
  const expected = await new AwsV4Signer({ ...CREDENTIALS, method: 'POST', url, headers, body: new Uint8Array(body), service, region, datetime: String(request.headers['x-amz-date']), allHeaders: true }).authHeader();
  return expected.endsWith(`Signature=${signature}`) ? undefined : 'The request signature we calculated does not match the signature you provided.';
}
