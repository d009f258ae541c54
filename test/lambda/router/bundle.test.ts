import { spawn, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { InvokeEndpointInput$, InvokeEndpointOutput$, InvokeEndpointWithResponseStreamInput$ } from '@aws-sdk/client-sagemaker-runtime';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { binMetric, Dimension, MEASURED_REQUESTS, Metric, slowMetric } from '../../../lib/core/names';
import type { Route } from '../../../lib/core/routing/route';
import { loadedFiles } from '../../../scripts/loaded-files';
import { apiEvent, route, serveHttp, variant } from '../../fixtures/serving';

// The bundle that ships, in a process of its own, against loopback servers that speak the protocols of the services.

const BUNDLE = join(__dirname, '../../../assets/router/index.mjs');
const MARKER = 'secret-payload-7f3a';

interface Backend {
  status: number;
  headers?: { [name: string]: string };
  body: string | Buffer;
}

interface Run {
  readonly replies: APIGatewayProxyResult[];
  readonly log: { [name: string]: unknown }[];
  readonly text: string;
}

/** Handle events one after the other in one router process. */
async function run(options: {
  route?: Route;
  /** What the services answer: undefined for never, 'broken' for a connection that ends in the middle of the answer. */
  lambda?: (functionName: string, body: Buffer) => Backend | 'broken' | undefined;
  sageMaker?: (endpoint: string, body: Buffer, headers: IncomingHttpHeaders) => Backend | undefined;
  table?: () => Backend | undefined;
  bucket?: (path: string, body: Buffer) => Backend;
  env?: NodeJS.ProcessEnv;
}, events: unknown[]): Promise<Run> {
  const { revision, sessionKeys, ...declared } = options.route ?? route([variant('production')]);
  const memory = { owner: 'stack resource', router: 'router', requests: [], sessionKeys };
  const server = await serveHttp((request, body, response) => {
    const send = (reply: Backend | 'broken' | undefined): void => {
      if (reply === 'broken') {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('{"y":', () => request.socket.destroy());
      } else if (reply !== undefined) {
        response.writeHead(reply.status, reply.headers).end(reply.body);
      }
    };
    const lambda = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(request.url ?? '');
    const sageMaker = /^\/endpoints\/([^/]+)\/invocations/.exec(request.url ?? '');
    if (lambda !== null) {
      send((options.lambda ?? (() => ({ status: 200, body: '{"y":1}' })))(decodeURIComponent(lambda[1]).split(':').at(-1)!, body));
    } else if (sageMaker !== null) {
      send(options.sageMaker?.(sageMaker[1], body, request.headers));
    } else if (request.method === 'PUT') {
      send(options.bucket?.(request.url ?? '', body));
    } else if (options.table !== undefined) {
      send(options.table());
    } else {
      send({
        status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' },
        body: JSON.stringify({ Item: {
          alias: { S: 'fraud/live' }, revision: { N: String(revision) }, route: { S: JSON.stringify(declared) }, memory: { S: JSON.stringify(memory) },
        } }),
      });
    }
  });
  const script = `
    const { handler } = await import(${JSON.stringify(BUNDLE)});
    let events = '';
    for await (const chunk of process.stdin) {
      events += chunk;
    }
    for (const event of JSON.parse(events)) {
      console.log('REPLY ' + JSON.stringify(await handler(event)));
    }
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: {
      PATH: process.env.PATH, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_ENDPOINT_URL: server.url,
      AWS_LAMBDA_FUNCTION_NAME: 'router', MODEL_ROLLOUT_TABLE: 'routes', MODEL_ROLLOUT_ENDPOINT: 'fraud', MODEL_ROLLOUT_TIMEOUT_MS: '3000',
      ...options.env,
    },
  });
  child.stdin.end(JSON.stringify(events));
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data));
  child.stderr.on('data', (data: Buffer) => (text += data));
  const code = await new Promise((resolve) => child.once('close', resolve));
  await server.close();
  if (code !== 0) {
    throw new Error(text);
  }
  const lines = text.trim().split('\n');
  return {
    replies: lines.filter((line) => line.startsWith('REPLY ')).map((line) => JSON.parse(line.slice(6)) as APIGatewayProxyResult),
    log: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as { [name: string]: unknown }),
    text: lines.filter((line) => !line.startsWith('REPLY ')).join('\n'),
  };
}

const sageMakerRoute = route([
  variant('production', { target: { kind: 'sagemaker', endpointName: 'digits', maxRequestBytes: 6_291_456 } }),
]);
const codeOf = (reply: APIGatewayProxyResult): string => (JSON.parse(reply.body) as { error: { code: string } }).error.code;

test('is built, and no larger than a cold start should read', () => {
  expect(loadedFiles(BUNDLE).reduce((total, file) => total + statSync(file).size, 0)).toBeLessThanOrEqual(406_000);
});

test.each([['when the first of them comes', {}], ['when the function starts', { MODEL_ROLLOUT_LARGE_BODIES: 'true' }]])(
  'bodies that an event has no room for are stored by a client that is loaded %s', async (_, env) => {
    const stored: Buffer[] = [];
    const events: unknown[] = [];
    const body = JSON.stringify({ text: 'x'.repeat(900_000) });
    await run(
      {
        env,
        route: route([variant('production')], {
          mirrors: [{ name: 'v3', version: 'v3', functionArn: 'arn:aws:lambda:us-east-1:1:function:mirror', sampleRate: 1, filters: [], bodiesBucket: 'bodies-of-v3' }],
        }),
        lambda: (name, payload) => {
          if (name === 'mirror') {
            events.push(JSON.parse(payload.toString()));
            return { status: 202, body: '' };
          }
          return { status: 200, body: '{"y":1}' };
        },
        bucket: (path, payload) => {
          stored.push(payload);
          return { status: path.startsWith('/bodies-of-v3/bodies/') ? 200 : 404, body: '' };
        },
      },
      // The process goes on for the second, as a function does, while the first is handed over.
      [apiEvent({ body }), ...Array.from({ length: 20 }, () => apiEvent())],
    );
    expect(stored.map((bytes) => bytes.toString())).toEqual([`${body}{"y":1}`]);
    expect(events).toContainEqual(expect.objectContaining({ body: '', stored: { key: expect.stringMatching(/^bodies\//), requestBytes: body.length } }));
  },
);

test('starts, answers, and counts every variant once, under both sets of dimensions', async () => {
  const candidate = variant('candidate', { role: 'candidate', weight: 1 });
  const { replies, log, text } = await run(
    {
      route: route([variant('production', { weight: 0 }), candidate]),
      lambda: (name) => (name === 'candidate' ? { status: 200, headers: { 'x-amz-function-error': 'Unhandled' }, body: '{"errorType":"E","errorMessage":"m"}' } : { status: 200, body: '{"y":2}' }),
    },
    [apiEvent()],
  );
  expect(replies[0]).toMatchObject({ statusCode: 200, body: '{"y":2}', isBase64Encoded: false });
  expect(replies[0].headers).toMatchObject({ 'x-amzn-invoked-production-variant': 'production', 'content-type': 'application/json' });
  const metrics = log.filter((line) => '_aws' in line);
  expect(
    metrics.map((line) =>
      [
        Dimension.VARIANT,
        Metric.INVOCATIONS,
        Metric.MODEL_ERRORS,
        Metric.FALLBACKS,
        Metric.FALLBACK_INVOCATIONS,
        Metric.FALLBACK_FAILURES,
      ].map((name) => line[name]),
    ),
  ).toEqual([
    ['candidate', 1, 1, 1, undefined, undefined],
    ['production', undefined, undefined, undefined, 1, 0],
  ]);
  const [{ Namespace: namespace, Dimensions: dimensions }] = (
    metrics[0]._aws as { CloudWatchMetrics: { Namespace: string; Dimensions: string[][] }[] }
  ).CloudWatchMetrics;
  expect(namespace).toBe('ModelRollout');
  expect(dimensions).toEqual([['Endpoint', 'Alias', 'Variant'], ['Endpoint', 'Alias', 'Version']]);
  // Not a word on the error stream either: Lambda logs that too, for every request.
  expect(text.split('\n').filter((line) => !line.startsWith('{'))).toEqual([]);
  expect(metrics[0]).toMatchObject({ Endpoint: 'fraud', Alias: 'live', Version: candidate.version });
});

test('counts what the route asks to be measured, in a record of its own, and whatever the answer is it is passed on', async () => {
  const candidate = variant('candidate', { role: 'candidate', weight: 1 });
  const measures = { slowerThanMs: [0, 100_000], bins: [{ path: '$.y', edges: [5] }] };
  const answers = ['{"y":9}', 'no JSON', '{"z":1}'];
  let call = 0;
  const { replies, log } = await run(
    {
      route: route([variant('production', { weight: 0 }), candidate], { measures }),
      lambda: (name) => (name === 'candidate' && call === answers.length ? { status: 200, headers: { 'x-amz-function-error': 'Unhandled' }, body: '{"errorType":"E","errorMessage":"m"}' }
        : { status: 200, body: name === 'candidate' ? answers[call++] : '{"y":1}' }),
    },
    [apiEvent(), apiEvent(), apiEvent(), apiEvent()],
  );
  expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
  expect(replies[0].body).toBe('{"y":9}');
  const measured = log.filter((line) => MEASURED_REQUESTS in line);
  // A failure is no prediction, and production's answer in its place none of production's own.
  const { version } = variant('candidate');
  expect(
    measured.map((line) => [
      line[Dimension.VERSION],
      line[slowMetric(0)],
      line[slowMetric(1)],
      ...[0, 1, 2].map((bin) => line[binMetric(0, bin)]),
    ]),
  ).toEqual([
    [version, 1, 0, 0, 1, 0],
    [version, 1, 0, 0, 0, 1],
    [version, 1, 0, 0, 0, 1],
    [version, 1, 0, 0, 0, 0],
  ]);
  const [{ Dimensions: sets, Metrics: metrics }] = (
    measured[0] as unknown as { _aws: { CloudWatchMetrics: [{ Dimensions: string[][]; Metrics: { StorageResolution?: number }[] }] } }
  )._aws.CloudWatchMetrics;
  expect(sets.map((set) => [...set].sort())).toEqual([[Dimension.ALIAS, Dimension.ENDPOINT, Dimension.VERSION]]);
  expect(metrics.every(({ StorageResolution: resolution }) => resolution === 1)).toBe(true);
});

test('no part of a payload or a header reaches the log, whatever fails', async () => {
  const body = JSON.stringify({ note: MARKER });
  const error = { status: 200, headers: { 'x-amz-function-error': 'Unhandled' }, body: JSON.stringify({ errorType: 'E', errorMessage: MARKER, stackTrace: [MARKER] }) };
  const { text, replies } = await run({ lambda: () => error }, [
    apiEvent({ body, headers: { 'x-secret': MARKER, authorization: MARKER } }),
    apiEvent({ body: `{${MARKER}`, headers: { 'x-secret': MARKER } }),
    apiEvent({ body, headers: { 'x-amzn-sagemaker-target-variant': MARKER } }),
    apiEvent({ body, alias: MARKER.slice(0, 6) }),
  ]);
  expect(replies).toHaveLength(4);
  expect(text).not.toContain(MARKER);
  expect(replies[0].body).not.toContain('stackTrace');
});

test.each<[string, Backend, number, string]>([
  ['an exception', { status: 200, headers: { 'x-amz-function-error': 'Unhandled' }, body: '{"errorType":"ValueError","errorMessage":"bad"}' }, 424, 'MODEL_ERROR'],
  ['its own time-out', { status: 200, headers: { 'x-amz-function-error': 'Unhandled' }, body: '{"errorMessage":"2026-01-01T00:00:00Z 6a2f Task timed out after 3.00 seconds"}' }, 504, 'TIMEOUT'],
  ['throttling', { status: 429, headers: { 'x-amzn-errortype': 'TooManyRequestsException' }, body: '{"message":"m"}' }, 429, 'THROTTLED'],
  ['a function that is gone', { status: 404, headers: { 'x-amzn-errortype': 'ResourceNotFoundException' }, body: '{"Message":"m"}' }, 503, 'BACKEND_UNAVAILABLE'],
  ['a service that is down', { status: 500, headers: { 'x-amzn-errortype': 'ServiceException' }, body: '{"Message":"m"}' }, 503, 'BACKEND_UNAVAILABLE'],
  ['no answer at all', { status: 200, body: '' }, 424, 'MODEL_ERROR'],
])('a function with %s', async (_, backend, status, code) => {
  const { replies } = await run({ lambda: () => backend }, [apiEvent()]);
  expect([replies[0].statusCode, codeOf(replies[0])]).toEqual([status, code]);
  expect('retry-after' in replies[0].headers!).toBe(status === 429 || status === 503);
});

test.each<[string, Backend, number, string | undefined]>([
  ['an error of the container', { status: 424, headers: { 'x-amzn-errortype': 'ModelError' }, body: '{"OriginalStatusCode":500,"OriginalMessage":"boom"}' }, 424, 'MODEL_ERROR'],
  ['a container that blames the caller', { status: 424, headers: { 'x-amzn-errortype': 'ModelError' }, body: '{"OriginalStatusCode":400,"OriginalMessage":"pixels"}' }, 400, 'REFUSED_BY_MODEL'],
  ['a container that takes no such type', { status: 424, headers: { 'x-amzn-errortype': 'ModelError' }, body: '{"OriginalStatusCode":415,"OriginalMessage":"text/csv only"}' }, 415, 'REFUSED_BY_MODEL'],
  ['throttling', { status: 400, headers: { 'x-amzn-errortype': 'ThrottlingException' }, body: '{"Message":"m"}' }, 429, 'THROTTLED'],
  ['a model that is not ready', { status: 429, headers: { 'x-amzn-errortype': 'ModelNotReadyException' }, body: '{"Message":"m"}' }, 429, 'MODEL_NOT_READY'],
  ['an endpoint that is gone', { status: 400, headers: { 'x-amzn-errortype': 'ValidationError' }, body: '{"Message":"Endpoint digits of account 1 not found."}' }, 503, 'BACKEND_UNAVAILABLE'],
  ['a component that is gone', { status: 400, headers: { 'x-amzn-errortype': 'ValidationError' }, body: '{"Message":"Inference Component digits of account 1 not found."}' }, 503, 'BACKEND_UNAVAILABLE'],
  ['a component without a copy', { status: 400, headers: { 'x-amzn-errortype': 'ValidationError' }, body: '{"Message":"Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress."}' }, 429, 'MODEL_NOT_READY'],
  ['a request that SageMaker refuses', { status: 400, headers: { 'x-amzn-errortype': 'ValidationError' }, body: '{"Message":"TargetModel is not supported"}' }, 400, 'MALFORMED_REQUEST'],
  ['an answer', { status: 200, headers: { 'content-type': 'text/csv' }, body: '1,2' }, 200, undefined],
])('SageMaker with %s', async (_, backend, status, code) => {
  const { replies } = await run({ route: sageMakerRoute, sageMaker: () => backend }, [apiEvent()]);
  expect(replies[0].statusCode).toBe(status);
  expect(code === undefined ? replies[0].body : codeOf(replies[0])).toBe(code ?? '1,2');
});

test('a function that does not answer in time is given up', async () => {
  const { replies, log } = await run({ lambda: () => undefined, env: { MODEL_ROLLOUT_TIMEOUT_MS: '300' } }, [apiEvent()]);
  expect([replies[0].statusCode, codeOf(replies[0])]).toEqual([504, 'TIMEOUT']);
  expect(log.find((line) => '_aws' in line)).toMatchObject({ [Metric.TIMEOUTS]: 1, [Metric.MODEL_ERRORS]: 0 });
});

test('a service that is down is asked again, but not for every request', async () => {
  let calls = 0;
  const { replies, log } = await run(
    { lambda: () => { calls++; return { status: 500, headers: { 'x-amzn-errortype': 'ServiceException' }, body: '{"Message":"m"}' }; } }, Array.from({ length: 40 }, () => apiEvent()),
  );
  expect(new Set(replies.map(({ statusCode }) => statusCode))).toEqual(new Set([503]));
  // Ten at once, and one in ten requests.
  expect(calls - 40).toBeGreaterThanOrEqual(10);
  expect(calls - 40).toBeLessThanOrEqual(14);
  expect(log.reduce((sum, line) => sum + Number(line[Metric.RETRIES] ?? 0), 0)).toBe(calls - 40);
});

test('a connection that breaks is tried once more, and then given up', async () => {
  const answers: (Backend | 'broken')[] = ['broken', { status: 200, body: '{"y":1}' }, 'broken', 'broken'];
  const { replies } = await run({ lambda: () => answers.shift()! }, [apiEvent(), apiEvent()]);
  expect(replies[0]).toMatchObject({ statusCode: 200, body: '{"y":1}' });
  expect([replies[1].statusCode, codeOf(replies[1])]).toEqual([503, 'BACKEND_UNAVAILABLE']);
  expect(answers).toEqual([]);
});

test.each<[string, Backend | undefined]>([
  ['fails', { status: 500, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: '{"__type":"InternalServerError"}' }],
  ['is gone', { status: 400, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: '{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}' }],
  ['answers nonsense', { status: 200, body: '<html>' }],
  ['has a route that is none', { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify({ Item: { alias: { S: 'fraud/live' }, revision: { N: '1' }, route: { S: '{"schema":1}' } } }) }],
  ['does not answer', undefined],
])('a router that starts while the table %s has no route, and says so', async (_, table) => {
  const { replies } = await run({ table: () => table }, [apiEvent()]);
  expect([replies[0].statusCode, codeOf(replies[0])]).toEqual([503, 'NO_ROUTE']);
  expect(replies[0].headers).toHaveProperty('retry-after');
});

test('a large body that is not valid JSON is refused by Lambda, and the caller is told so', async () => {
  let calls = 0;
  const { replies } = await run(
    {
      lambda: (_, body) => {
        calls++;
        return body.length > 10 ? { status: 400, headers: { 'x-amzn-errortype': 'InvalidRequestContentException' }, body: '{"message":"Could not parse"}' } : undefined;
      },
    },
    [apiEvent({ body: '['.repeat(70_000) }), apiEvent({ body: '[' })],
  );
  expect(replies.map((reply) => [reply.statusCode, codeOf(reply)])).toEqual([[400, 'MALFORMED_REQUEST'], [400, 'MALFORMED_REQUEST']]);
  // The small one cost no call.
  expect(calls).toBe(1);
});

test('a body of any bytes goes through to SageMaker and back', async () => {
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 7) % 256));
  let seen = Buffer.alloc(0);
  const { replies } = await run(
    { route: sageMakerRoute, sageMaker: (_, body) => { seen = Buffer.from(body); return { status: 200, headers: { 'content-type': 'image/png' }, body }; } },
    [apiEvent({ body: bytes, headers: { 'content-type': 'application/x-npy', accept: '*/*' } })],
  );
  expect(seen.equals(bytes)).toBe(true);
  expect(replies[0].isBase64Encoded).toBe(true);
  expect(Buffer.from(replies[0].body, 'base64').equals(bytes)).toBe(true);
});

test('SageMaker\'s headers go in and come back', async () => {
  let seen: IncomingHttpHeaders = {};
  const { replies } = await run(
    {
      route: sageMakerRoute,
      sageMaker: (_, body, headers) => {
        seen = headers;
        return { status: 200, headers: { 'content-type': 'application/json', 'x-amzn-sagemaker-custom-attributes': 'from=model' }, body };
      },
    },
    [apiEvent({ headers: {
      'X-Amzn-SageMaker-Inference-Id': 'mine-7', 'X-Amzn-SageMaker-Custom-Attributes': 'from=caller', 'X-Amzn-SageMaker-Target-Model': 'b.tar.gz',
      'X-Amzn-SageMaker-Session-Id': 'session-1', Accept: 'application/json', 'X-Own': 'not for SageMaker',
    } })],
  );
  expect(seen).toMatchObject({
    'x-amzn-sagemaker-inference-id': 'mine-7', 'x-amzn-sagemaker-custom-attributes': 'from=caller', 'x-amzn-sagemaker-target-model': 'b.tar.gz',
    'x-amzn-sagemaker-session-id': 'session-1', accept: 'application/json', 'content-type': 'application/json',
  });
  expect(seen).not.toHaveProperty('x-own');
  expect(replies[0].headers).toMatchObject({
    'x-amzn-sagemaker-inference-id': 'mine-7', 'x-amzn-invoked-production-variant': 'production', 'x-amzn-sagemaker-custom-attributes': 'from=model',
  });
});

/** Names of the headers of an operation, from the SDK's model of the service. */
function headersOf([, , , , , members]: readonly unknown[]): string[] {
  return (members as [unknown, { httpHeader?: string }][]).flatMap(([, traits]) => traits.httpHeader ?? []);
}

test.each([['whole', InvokeEndpointInput$], ['streamed', InvokeEndpointWithResponseStreamInput$]])(
  'every header that SageMaker takes of a request for a %s answer goes in, but those with which the alias itself chooses', async (_, schema) => {
    // Accept has another name in a stream, and is one header here.
    const names = headersOf(schema).map((name) => (name === 'X-Amzn-SageMaker-Accept' ? 'Accept' : name));
    const chosen = ['X-Amzn-SageMaker-Target-Variant', 'X-Amzn-SageMaker-Inference-Component'];
    const valueOf = (name: string): string => (name === 'Content-Type' || name === 'Accept' ? 'application/json' : 'given-7');
    const given = Object.fromEntries(names.filter((name) => !chosen.includes(name)).map((name) => [name, valueOf(name)]));
    expect(Object.keys(given).length).toBeGreaterThan(6);
    let seen: IncomingHttpHeaders = {};
    await run({ route: sageMakerRoute, sageMaker: (__, body, headers) => {
      seen = headers;
      return { status: 200, headers: { 'content-type': 'application/json' }, body };
    } }, [apiEvent({ headers: given })]);
    expect(seen).toMatchObject(Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value])));
  },
);

test('every header of SageMaker\'s answer comes back, a session with the version that it lives in', async () => {
  const given = Object.fromEntries(headersOf(InvokeEndpointOutput$).map((name) => [name.toLowerCase(), 'given-7']));
  const { replies } = await run(
    { route: sageMakerRoute, sageMaker: (_, body) => ({ status: 200, headers: { ...given, 'content-type': 'application/json' }, body }) },
    [apiEvent({ headers: { 'X-Amzn-SageMaker-Session-Id': 'NEW_SESSION' } })],
  );
  const version = sageMakerRoute.variants[0].version;
  expect(replies[0].headers).toMatchObject({
    ...given, 'content-type': 'application/json', 'x-amzn-invoked-production-variant': 'production',
    'x-amzn-sagemaker-new-session-id': `given-7-mr-${version}`, 'x-amzn-sagemaker-closed-session-id': `given-7-mr-${version}`,
  });
});

test('a conversation stays with its version in every router, until that goes: then the answer says so', async () => {
  const variants = [variant('production', { weight: 50 }), variant('candidate', { role: 'candidate', weight: 50 })];
  const sessions: Partial<Route> = {
    assignment: { source: 'session', lifetimeSeconds: 600 }, sessionKeys: [{ id: 'a1', key: Buffer.alloc(32, 7).toString('base64'), from: 0 }],
  };
  type Turn = readonly [variant: string, opened: string | undefined, closed: string | undefined];
  const models = async (standing: Route, tokens: readonly (string | undefined)[]): Promise<readonly Turn[]> => {
    const sent = (token: string | undefined): { [name: string]: string } => (token === undefined ? {} : { 'X-Amzn-SageMaker-Session-Id': token });
    const { replies } = await run({ route: standing }, tokens.map((token) => apiEvent({ headers: sent(token) })));
    return replies.map(({ headers }) => [
      String(headers!['x-amzn-invoked-production-variant']), headers!['x-amzn-sagemaker-new-session-id'] as string | undefined,
      headers!['x-amzn-sagemaker-closed-session-id'] as string | undefined,
    ] as const);
  };
  const opened = await models(route(variants, sessions), new Array<undefined>(12).fill(undefined));
  expect(new Set(opened.map(([name]) => name)).size).toBe(2);
  const tokens = opened.map(([, token]) => token!.split(';')[0]);
  // Another sandbox, and nearly all new conversations are production's.
  const shifted = route([variants[0], { ...variants[1], weight: 0.001 }], sessions);
  expect(await models(shifted, tokens)).toEqual(opened.map(([name]) => [name, undefined, undefined]));
  const back = await models(route([variants[0]], sessions), tokens);
  expect(back).toEqual(opened.map(([name], index) =>
    name === 'production' ? ['production', undefined, undefined] : ['production', expect.stringContaining('; Expires='), tokens[index]]));
});

test('the http contract has a function URL\'s event, and any bytes both ways', async () => {
  const http = route([variant('production', { target: { kind: 'lambda', functionArn: 'arn:aws:lambda:us-east-1:1:function:web', contract: 'http', maxRequestBytes: 6_291_456 } })]);
  const answers: string[] = [
    JSON.stringify({ statusCode: 201, headers: { 'Content-Type': 'image/png', 'X-Own': 'kept' }, body: 'AAEC', isBase64Encoded: true }),
    JSON.stringify({ statusCode: 422, body: 'no' }), JSON.stringify({ statusCode: 500, body: 'out of memory' }), JSON.stringify({ body: 'no status' }), '"text"',
  ];
  let event: { [name: string]: unknown } = {};
  const { replies } = await run(
    {
      route: http,
      lambda: (_, body) => {
        event = JSON.parse(String(body)) as typeof event;
        return { status: 200, body: answers.shift()! };
      },
    },
    answers.map(() => apiEvent({ body: Buffer.from([0, 255]), headers: { 'Content-Type': 'application/octet-stream', Accept: '*/*' } })),
  );
  expect(event).toMatchObject({ version: '2.0', rawPath: '/invocations', body: 'AP8=', isBase64Encoded: true });
  expect(replies.map((reply) => reply.statusCode)).toEqual([201, 422, 424, 424, 200]);
  expect(replies[0]).toMatchObject({ body: 'AAEC', isBase64Encoded: true, headers: { 'x-own': 'kept' } });
  // A function URL takes what is no answer of HTTP for a body.
  expect(replies[4]).toMatchObject({ body: '"text"', headers: { 'content-type': 'application/json' } });
  expect(JSON.parse(replies[2].body)).toMatchObject({ error: { message: expect.stringContaining('out of memory') }, OriginalStatusCode: 500, OriginalMessage: 'out of memory' });
});

describe('a request that the candidate refuses', () => {
  const http = (name: string, maxRequestBytes = 6_291_456): Partial<Route['variants'][number]> => ({ target: { kind: 'lambda', functionArn: `arn:aws:lambda:us-east-1:1:function:${name}`, contract: 'http', maxRequestBytes } });
  const json: Partial<Route['variants'][number]> = {};
  const sageMaker: Partial<Route['variants'][number]> = { target: { kind: 'sagemaker', endpointName: 'candidate', maxRequestBytes: 6_291_456 } };
  const answering = (answer: object): Backend => ({ status: 200, body: JSON.stringify(answer) });
  const refusing = (type: string, message: object): Backend => ({ status: 400, headers: { 'x-amzn-errortype': type }, body: JSON.stringify(message) });

  test.each<[string, Partial<Route['variants'][number]>, Backend, Parameters<typeof apiEvent>[0]]>([
    ['with a 4xx of an HTTP function', http('candidate'), answering({ statusCode: 422, body: 'no' }), {}],
    ['because it takes less', http('candidate', 4), answering({ statusCode: 200, body: '{}' }), {}],
    ['because it takes JSON only', json, answering({}), { headers: { 'content-type': 'text/csv' }, body: '1,2' }],
    ['because Lambda does', json, refusing('InvalidRequestContentException', { message: 'Could not parse' }), {}],
    ['because it is too large for Lambda', json, { ...refusing('RequestTooLargeException', { message: 'too large' }), status: 413 }, {}],
    ['with a 4xx of a container', sageMaker, { status: 424, headers: { 'x-amzn-errortype': 'ModelError' }, body: '{"OriginalStatusCode":400,"OriginalMessage":"pixels"}' }, {}],
    ['by a validation of SageMaker\'s', sageMaker, refusing('ValidationError', { Message: 'Variant blue not found' }), {}],
    ['with a header of two lines', http('candidate'), answering({ statusCode: 200, headers: { 'x-a': 'b\r\nset-cookie: c' }, body: '{}' }), {}],
    ['with a header that has no name', http('candidate'), answering({ statusCode: 200, headers: { 'x a': 'b' }, body: '{}' }), {}],
  ])('%s is its failure where production answers, and the caller has the answer', async (_, target, answer, event) => {
    const { replies, log } = await run(
      {
        route: route([variant('production', { weight: 0, ...http('production') }), variant('candidate', { role: 'candidate', weight: 1, ...target })]),
        lambda: (name) => (name === 'production' ? answering({ statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{"y":1}' }) : answer),
        sageMaker: () => answer,
      },
      [apiEvent(event)],
    );
    expect(replies[0]).toMatchObject({ statusCode: 200, body: '{"y":1}' });
    const counts = log.filter((line) => '_aws' in line).map((line) => [Dimension.VARIANT, Metric.INVOCATIONS, Metric.FAILURES, Metric.MODEL_ERRORS, Metric.CLIENT_ERRORS].map((name) => line[name]));
    expect(counts).toEqual([['candidate', 1, 1, 1, 0], ['production', undefined, undefined, undefined, undefined]]);
  });

  test('is the caller\'s mistake where production refuses it as well', async () => {
    const { replies, log } = await run(
      {
        route: route([variant('production', { weight: 0, ...http('production') }), variant('candidate', { role: 'candidate', weight: 1, ...sageMaker })]),
        lambda: () => answering({ statusCode: 400, body: 'no' }), sageMaker: () => refusing('ValidationError', { Message: 'no' }),
      },
      [apiEvent()],
    );
    expect(replies[0]).toMatchObject({ statusCode: 400 });
    const counts = log.filter((line) => '_aws' in line).map((line) => [Dimension.VARIANT, Metric.FAILURES, Metric.CLIENT_ERRORS, Metric.FALLBACK_FAILURES].map((name) => line[name]));
    expect(counts).toEqual([['candidate', 0, 1, undefined], ['production', undefined, undefined, 0]]);
  });
});

test('a header that HTTP does not allow is an error of production\'s model too, with a code', async () => {
  const http = route([variant('production', { target: { kind: 'lambda', functionArn: 'arn:aws:lambda:us-east-1:1:function:web', contract: 'http', maxRequestBytes: 6_291_456 } })]);
  const { replies } = await run({ route: http, lambda: () => ({ status: 200, body: JSON.stringify({ statusCode: 200, headers: { a: 'b\nc' }, body: '' }) }) }, [apiEvent()]);
  expect([replies[0].statusCode, codeOf(replies[0])]).toEqual([424, 'MODEL_ERROR']);
});

test('a browser of an allowed origin may read the answer, errors included', async () => {
  const env = { MODEL_ROLLOUT_CORS: '{"origins":["https://a.example"],"credentials":false,"exposed":[]}' };
  const { replies } = await run({ env }, [
    apiEvent({ headers: { Origin: 'https://a.example' } }), apiEvent({ headers: { Origin: 'https://b.example' } }), apiEvent({ body: '{', headers: { Origin: 'https://a.example' } }),
  ]);
  expect(replies.map((reply) => reply.headers!['access-control-allow-origin'])).toEqual(['https://a.example', undefined, 'https://a.example']);
});

test('fails to start, with a sentence, without its environment', () => {
  // Node.js itself would print the whole line of the bundle, more than a pipe holds when the process ends.
  const start = `import(${JSON.stringify(BUNDLE)}).catch(({ message }) => { console.error(message); process.exitCode = 1; })`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', start], { encoding: 'utf8', env: { PATH: process.env.PATH, AWS_REGION: 'us-east-1' } });
  expect(status).not.toBe(0);
  expect(stderr).toContain('MODEL_ROLLOUT_ENDPOINT is not set');
});
