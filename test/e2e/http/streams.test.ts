import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { apiEvent, route, serveHttp, variant } from '../../fixtures/serving';
import { EVENT_STREAM, payloadPart, streamException, StreamingRouter } from '../../fixtures/streaming-router';
import { linesOf, pythonOfClients, run } from './clients-process';
import { signatureProblem } from './front';

// Clients of SageMaker's InvokeEndpointWithResponseStream, against the router's bundle behind Lambda's runtime protocol and an API Gateway
// that checks signatures and passes on what comes as it comes.

const PYTHON = pythonOfClients();
const GUIDE = readFileSync(join(__dirname, '../../../docs/moving-from-sagemaker.md'), 'utf8');
const ADDRESS = 'https://abc123.execute-api.us-east-1.amazonaws.com/prod';
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const target = (endpointName: string): object => ({ target: { kind: 'sagemaker', endpointName, maxRequestBytes: 6_291_456 } });

let router: StreamingRouter;
let front: { url: string; close: () => void };
let gate: { url: string; close: () => Promise<void> };
/** What the model does once its reader has the first part. */
let then: () => void = () => undefined;

beforeAll(async () => {
  router = await StreamingRouter.open({
    alias: 'fraud',
    route: route([variant('production', { weight: 0, ...target('production') }), variant('candidate', { role: 'candidate', ...target('candidate') })]),
    env: { MODEL_ROLLOUT_IDLE_TIMEOUT_MS: '500' },
    model: (response, { name, body, request }) => answer(response, name, body.toString(), request.headers['x-amzn-sagemaker-accept']),
  });
  gate = await serveHttp((_request, _body, response) => {
    response.end();
    then();
  });
  front = await apiGateway();
});
afterAll(async () => {
  front.close();
  await Promise.all([router.close(), gate.close()]);
});

/** A container's stream, as its request says. */
function answer(response: ServerResponse, name: string, body: string, accept: unknown): void {
  const start = (type: string): ServerResponse =>
    response.writeHead(200, { ...EVENT_STREAM, 'x-amzn-sagemaker-content-type': type, 'x-amzn-sagemaker-custom-attributes': `accept=${String(accept)}` });
  const broken = streamException('ModelStreamError', { Message: 'CUDA out of memory', ErrorCode: 'StreamBroken' });
  if (name === 'production') {
    start('text/plain').end(payloadPart('production'));
    return;
  }
  switch (body) {
    case 'fail at once':
      start('text/plain').end(broken);
      return;
    case 'bytes':
      then = () => response.end(payloadPart(EVERY_BYTE));
      start('image/png').write(payloadPart(EVERY_BYTE));
      return;
    case 'fail':
      then = () => response.end(broken);
      break;
    case 'break':
      then = () => response.destroy();
      break;
    case 'fall silent':
      then = () => undefined;
      break;
    default:
      then = () => response.end(payloadPart('data: 2\n\n'));
  }
  start('text/event-stream').write(payloadPart('data: 1\n\n'));
}

/** As API Gateway streams: status and headers once they are there, then each part. */
async function apiGateway(): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => void stream(Buffer.concat(chunks)));

    async function stream(body: Buffer): Promise<void> {
      const alias = /^\/prod\/endpoints\/([^/]+)\/invocations-response-stream$/.exec(request.url!)?.[1];
      const problem = alias === undefined ? 'Missing Authentication Token' : await signatureProblem(request, body);
      if (problem !== undefined) {
        response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ message: problem }));
        return;
      }
      let head: Buffer | undefined = Buffer.alloc(0);
      const sent = apiEvent({ alias, body, headers: request.headers as { [name: string]: string } });
      const event = { ...sent, resource: '/endpoints/{alias}/invocations-response-stream' };
      const { complete } = await router.call(event, (bytes) => {
        if (head === undefined) {
          response.write(bytes);
          return true;
        }
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf(Buffer.alloc(8));
        if (end >= 0) {
          const said = JSON.parse(head.subarray(0, end).toString()) as { statusCode: number; headers: OutgoingHttpHeaders };
          response.writeHead(said.statusCode, said.headers).write(head.subarray(end + 8));
          head = undefined;
        }
        return true;
      });
      if (complete) {
        response.end();
      } else {
        response.destroy();
      }
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prod`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe.each<[string, (inputs: object[]) => Promise<string>]>([
  ['boto3', (inputs) => run(PYTHON, [join(__dirname, 'streams.py'), front.url, gate.url, JSON.stringify(inputs)])],
  ['the SDK for JavaScript', (inputs) => run(process.execPath, [join(__dirname, 'streams.mjs'), front.url, gate.url, JSON.stringify(inputs)])],
])('%s', (client, invoke) => {
  const given = { ContentType: 'text/plain' };
  const first = Buffer.from('data: 1\n\n').toString('hex');

  test('has each part before the model sends the next, with SageMaker\'s headers', async () => {
    const [events, bytes] = linesOf(await invoke([{ ...given, Body: 'events', Accept: 'text/event-stream' }, { ...given, Body: 'bytes' }]));
    expect(events).toEqual({
      parts: Buffer.from('data: 1\n\ndata: 2\n\n').toString('hex'), ContentType: 'text/event-stream', InvokedProductionVariant: 'candidate', CustomAttributes: 'accept=text/event-stream',
    });
    expect(bytes).toMatchObject({ parts: Buffer.concat([EVERY_BYTE, EVERY_BYTE]).toString('hex'), ContentType: 'image/png' });
  });

  test('has production\'s answer where the candidate fails before it has said anything', async () => {
    expect(linesOf(await invoke([{ ...given, Body: 'fail at once' }]))).toEqual([
      expect.objectContaining({ parts: Buffer.from('production').toString('hex'), InvokedProductionVariant: 'production' }),
    ]);
  });

  test('raises ModelStreamError and InternalStreamFailure for what breaks later, after what there was', async () => {
    const [failed, silent, broken] = linesOf(await invoke(['fail', 'fall silent', 'break'].map((Body) => ({ ...given, Body }))));
    expect(failed).toMatchObject({ parts: first, code: 'ModelStreamError', message: expect.stringContaining('CUDA out of memory') });
    expect(silent).toMatchObject({ parts: first, code: 'ModelStreamError', message: expect.stringContaining('did not answer in time') });
    expect(broken).toMatchObject({ parts: first, code: 'InternalStreamFailure' });
    // botocore tells its users the code of the exception only.
    if (client !== 'boto3') {
      expect([failed, silent]).toEqual([expect.objectContaining({ errorCode: 'StreamBroken' }), expect.objectContaining({ errorCode: 'ModelInvocationTimeExceeded' })]);
    }
  });

  test('raises for what is refused before', async () => {
    const [noVariant] = linesOf(await invoke([{ ...given, Body: 'x', TargetVariant: 'other' }]));
    expect(noVariant).toMatchObject({ parts: '', code: 'AccessDeniedException', message: expect.stringContaining('may not choose a variant') });
  });
});

describe('the lines of the guide', () => {
  const blocks = (heading: string): string[] =>
    [...new RegExp(`## ${heading}\n([^]*?)\n## `).exec(GUIDE)![1].matchAll(/```\w+\n([^]*?)```/g)].map(([, text]) => text.replaceAll(ADDRESS, front.url));

  test('for boto3', async () => {
    const ready = `${blocks('boto3')[0].split('\nresponse')[0]}\nfrom urllib.request import urlopen\nprint = lambda text, end: (urlopen("${gate.url}").read(), __import__("sys").stdout.write(text))\n`;
    expect(await run(PYTHON, ['-c', ready + blocks('Streams')[0]])).toBe('data: 1\n\ndata: 2\n\n');
  });

  test('for the SDK for JavaScript', async () => {
    const folder = mkdtempSync(join(__dirname, 'guide-'));
    try {
      const text = blocks('Streams')[1].replace('process.stdout.write(', `await fetch('${gate.url}'), process.stdout.write(`);
      writeFileSync(join(folder, 'guide.mjs'), `${blocks('SDK for JavaScript')[0].split('\nconst { Body }')[0]}\n${text}`);
      expect(await run(process.execPath, [join(folder, 'guide.mjs')])).toBe('data: 1\n\ndata: 2\n\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
