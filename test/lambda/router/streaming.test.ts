import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseRoute } from '../../../lib/core/routing/parse';
import { ShadowMetric } from '../../../lib/core/names';
import { apiEvent, route, serveHttp, variant } from '../../fixtures/serving';
import { EVENT_STREAM, invokeComplete, payloadChunk, payloadPart } from '../../fixtures/streaming-router';

// The bundle that ships, run by Lambda's runtime client against a loopback Runtime API, with loopback servers for the services behind it.

const RUNTIME = process.env.AWS_LAMBDA_RIC ?? join(__dirname, 'runtime-client.mjs');
const MARKED = 'application/vnd.awslambda.http-integration-response';

interface Streamed {
  readonly mode: unknown;
  readonly contentType: unknown;
  readonly bytes: Buffer;
  /** What API Gateway reads before the body; undefined where the stream is the answer itself. */
  readonly metadata?: { readonly statusCode: number; readonly headers: { readonly [name: string]: string } };
  readonly body: Buffer;
}

interface World {
  readonly streamed: Streamed[];
  /** What reached whom, in this order. */
  readonly order: string[];
  readonly log: { readonly [name: string]: unknown }[];
}

const mirrors = [{ name: 'v3', version: 'v3', functionArn: 'arn:aws:lambda:us-east-1:1:function:mirror', sampleRate: 1, filters: [], bodiesBucket: 'bodies-of-v3' }];
const declared = route([
  variant('production'),
  variant('image', { role: 'candidate', weight: 0, target: { kind: 'sagemaker', endpointName: 'image', maxRequestBytes: 6_291_456 } }),
], { mirrors, targetVariantAccess: { kind: 'everyone' } });
const toImage = { 'x-amzn-sagemaker-target-variant': 'image' };

/** Run events one after the other through a streaming router. */
async function run(events: unknown[], options: { image?: Buffer; queue?: 'hangs'; env?: NodeJS.ProcessEnv } = {}): Promise<World> {
  const order: string[] = [];
  const streamed: Streamed[] = [];
  // What left this router first may arrive last, by another connection. So whoever gets a request of it waits until its answer is there:
  // had the router waited for them first, the answer would never come.
  let [given, arrived] = [0, (): void => {}];
  const answered = async (): Promise<void> => {
    while (streamed.length < given) {
      await new Promise<void>((resolve) => { arrived = resolve; });
    }
  };
  const { revision, ...stored } = declared;
  parseRoute(JSON.stringify(stored), revision);
  const services = await serveHttp((request, body, response) => {
    const url = decodeURIComponent(request.url ?? '');
    if (request.method === 'PUT') {
      void answered().then(() => {
        order.push('stored');
        response.writeHead(200).end();
      });
    } else if (url.includes('function:mirror')) {
      void answered().then(() => {
        order.push('handed over');
        if (options.queue !== 'hangs') {
          response.writeHead(202).end();
        }
      });
    } else if (url.startsWith('/2015-03-31/')) {
      response.writeHead(200).end(body);
    } else if (url.startsWith('/2021-11-15/')) {
      response.writeHead(200, EVENT_STREAM).end(Buffer.concat([payloadChunk(body), invokeComplete()]));
    } else if (url.startsWith('/endpoints/')) {
      response.writeHead(200, { ...EVENT_STREAM, 'x-amzn-sagemaker-content-type': 'image/png' }).end(payloadPart(options.image!));
    } else {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
        .end(JSON.stringify({ Item: { alias: { S: 'fraud/live' }, revision: { N: String(revision) }, route: { S: JSON.stringify(stored) } } }));
    }
  });
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => { finish = resolve; });
  const api = await serveHttp((request, body, response) => {
    if (request.url!.endsWith('/next')) {
      order.push('next');
      if (given < events.length) {
        response.writeHead(200, {
          'content-type': 'application/json', 'lambda-runtime-aws-request-id': `request-${given}`, 'lambda-runtime-deadline-ms': Date.now() + 30_000,
          'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:1:function:router', 'lambda-runtime-trace-id': 'Root=1-0-0',
        }).end(JSON.stringify(events[given++]));
      } else {
        response.writeHead(410).end();
        finish();
      }
    } else if (request.url!.endsWith('/response')) {
      order.push('answered');
      streamed.push(read(request.headers['lambda-runtime-function-response-mode'], request.headers['content-type'], body));
      arrived();
      response.writeHead(202).end();
    } else {
      order.push(`failed: ${body.toString()}`);
      response.writeHead(202).end();
    }
  });
  const child = spawn(process.execPath, [RUNTIME], {
    env: {
      PATH: process.env.PATH, _HANDLER: 'index.streamingHandler', LAMBDA_TASK_ROOT: join(__dirname, '../../../assets/router'), AWS_LAMBDA_RUNTIME_API: api.url.replace('http://', ''),
      AWS_LAMBDA_FUNCTION_NAME: 'router', AWS_LAMBDA_FUNCTION_VERSION: '1', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024', AWS_LAMBDA_LOG_GROUP_NAME: 'log', AWS_LAMBDA_LOG_STREAM_NAME: 'log',
      AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_ENDPOINT_URL: services.url,
      MODEL_ROLLOUT_TABLE: 'routes', MODEL_ROLLOUT_ENDPOINT: 'fraud', MODEL_ROLLOUT_TIMEOUT_MS: '5000', MODEL_ROLLOUT_STREAM_TIMEOUT_MS: '5000', ...options.env,
    },
  });
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data));
  child.stderr.on('data', (data: Buffer) => (text += data));
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    await Promise.race([finished, ended.then(() => { throw new Error(`the runtime ended: ${text.slice(-2_000)}`); })]);
  } finally {
    child.kill('SIGKILL');
    await ended;
    await Promise.all([api.close(), services.close()]);
  }
  return { streamed, order, log: text.split('\n').flatMap((line) => (line.includes('{') ? [JSON.parse(line.slice(line.indexOf('{'))) as { [name: string]: unknown }] : [])) };
}

function read(mode: unknown, contentType: unknown, bytes: Buffer): Streamed {
  const end = bytes.indexOf(Buffer.alloc(8));
  return contentType === MARKED
    ? { mode, contentType, bytes, metadata: JSON.parse(bytes.subarray(0, end).toString()) as Streamed['metadata'], body: bytes.subarray(end + 8) }
    : { mode, contentType, bytes, body: bytes };
}

test('the answer has left, whole, before mirrors get the request, and the next request comes after that', async () => {
  const { streamed, order, log } = await run([apiEvent({ body: '{"x":1}' }), apiEvent({ body: '{"x":2}' })]);
  expect(order).toEqual(['next', 'answered', 'handed over', 'next', 'answered', 'handed over', 'next']);
  expect(streamed).toMatchObject([1, 2].map((x) => ({
    mode: 'streaming', contentType: MARKED, body: Buffer.from(`{"x":${x}}`),
    metadata: { statusCode: 200, headers: { 'content-type': 'application/json', 'x-amzn-invoked-production-variant': 'production', 'x-amzn-sagemaker-inference-id': expect.any(String) } },
  })));
  expect(log.filter((line) => ShadowMetric.MIRRORED in line)).toMatchObject(
    [1, 2].map(() => ({ [ShadowMetric.MIRRORED]: 1, [ShadowMetric.HAND_OVER_LATENCY]: 0 })),
  );
});

test('bodies that an event has no room for are stored after the answer too', async () => {
  const { order, log } = await run([apiEvent({ body: JSON.stringify('x'.repeat(2_000_000)) })], { env: { MODEL_ROLLOUT_LARGE_BODIES: 'true' } });
  expect(order).toEqual(['next', 'answered', 'stored', 'handed over', 'next']);
  expect(log.find((line) => ShadowMetric.MIRRORED in line)).toMatchObject({ [ShadowMetric.MIRRORED]: 1 });
});

test('fails to hand over: the answer has left, the request is dropped and counted, and the next one is served', async () => {
  const { order, streamed, log } = await run([apiEvent(), apiEvent()], { queue: 'hangs' });
  expect(order.slice(0, 5)).toEqual(['next', 'answered', 'handed over', 'next', 'answered']);
  expect(streamed.map(({ metadata }) => metadata!.statusCode)).toEqual([200, 200]);
  expect(log.filter((line) => ShadowMetric.DROPPED in line)).toMatchObject([{ [ShadowMetric.DROPPED]: 1 }, { [ShadowMetric.DROPPED]: 1 }]);
});

test('bytes are streamed as they are, also such as base64 would make too large for a function to return', async () => {
  const image = Buffer.from(Array.from({ length: 6_000_000 }, (_, i) => (i * 31) % 256));
  const { streamed } = await run([apiEvent({ headers: toImage })], { image });
  expect(streamed[0].metadata).toMatchObject({ statusCode: 200, headers: { 'content-type': 'image/png' } });
  expect(streamed[0].body.equals(image)).toBe(true);
});

test('an answer of no bytes has a status and headers', async () => {
  const { streamed } = await run([apiEvent({ headers: toImage })], { image: Buffer.alloc(0) });
  expect(streamed).toMatchObject([{ metadata: { statusCode: 200 }, body: Buffer.alloc(0) }]);
});

test('fails with the router\'s own errors, which browsers of an allowed origin may read', async () => {
  const { streamed, order } = await run([apiEvent({ body: '{', headers: { origin: 'https://a.example' } })], { env: { MODEL_ROLLOUT_CORS: '{"origins":["https://a.example"],"credentials":false,"exposed":[]}' } });
  expect(streamed[0].metadata).toMatchObject({ statusCode: 400, headers: { 'content-type': 'application/json', 'access-control-allow-origin': 'https://a.example' } });
  expect(JSON.parse(streamed[0].body.toString())).toMatchObject({ error: { code: 'MALFORMED_REQUEST' } });
  expect(order).toEqual(['next', 'answered', 'next']);
});

test('the control plane gets its answers without what API Gateway reads', async () => {
  const { target } = declared.variants[0];
  const { streamed } = await run([
    { modelRollout: 'probe', targets: [target] },
    { modelRollout: 'ask', target, body: '{"x":1}', contentType: 'application/json', inferenceId: 'id', timeoutMs: 1_000, times: 1 },
  ]);
  expect(streamed.map(({ bytes }) => JSON.parse(bytes.toString()) as unknown)).toMatchObject([{ problems: [] }, { outcome: { kind: 'answer', body: '{"x":1}' } }]);
});
