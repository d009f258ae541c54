import { LambdaClient } from '@aws-sdk/client-lambda';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Pair } from '../../../lib/core/comparison/asked';
import { comparePair } from '../../../lambda/shared/compare-pair';

/** A Lambda service of one function, which behaves as each test says. */
let answer: (request: IncomingMessage, body: string, response: ServerResponse) => void;
let server: Server;
let client: LambdaClient;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => answer(request, Buffer.concat(chunks).toString('utf8'), response));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  client = new LambdaClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, region: 'eu-west-1', maxAttempts: 1, credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
});

afterAll(async () => {
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => { server.close(resolve); });
});

const pairOf = (production: string, shadow: string): Pair => ({
  production: Buffer.from(production), shadow: Buffer.from(shadow), request: { body: Buffer.from('{"prompt":"which?"}'), contentType: 'application/json' },
});

const ask = (production: string, shadow: string, timeoutMs = 5_000): ReturnType<typeof comparePair> =>
  comparePair(client, { kind: 'function', functionArn: 'comparer', timeoutMs }, pairOf(production, shadow));

test('the function decides, on both answers and nothing else', async () => {
  const events: unknown[] = [];
  answer = (_, body, response) => {
    const event = JSON.parse(body) as { production: string; shadow: string };
    events.push(event);
    response.end(
      JSON.stringify({
        agrees: event.production.length === event.shadow.length,
        difference: Math.abs(event.production.length - event.shadow.length),
      }),
    );
  };
  expect(await ask('{"y":1}', '{"y":2}')).toEqual({ kind: 'agree', difference: 0 });
  expect(await ask('{"y":1}', '{"y":20}')).toEqual({ kind: 'differ', difference: 1 });
  expect(events[0]).toEqual({ production: '{"y":1}', shadow: '{"y":2}', isBase64Encoded: false });
});

test('fails to compare when the function crashes, and the log gets nothing of the answers', async () => {
  answer = (_, body, response) => {
    response.setHeader('X-Amz-Function-Error', 'Unhandled');
    response.end(body);
  };
  expect(await ask('secret', 'secret')).toEqual({ kind: 'comparison error', reason: 'the function failed; its own log says why' });
});

test('fails to compare when the function hangs: it is given up', async () => {
  answer = () => {};
  expect(await ask('a', 'a', 50)).toMatchObject({ kind: 'comparison error' });
});

test('fails to compare when the function is throttled or gone', async () => {
  answer = (_, __, response) => {
    response.statusCode = 404;
    response.setHeader('X-Amzn-Errortype', 'ResourceNotFoundException');
    response.end('{"Message":"gone"}');
  };
  expect(await ask('a', 'a')).toEqual({ kind: 'comparison error', reason: 'ResourceNotFoundException' });
});

test('fails to compare what is more than an event holds, without asking', async () => {
  answer = () => { throw new Error('asked'); };
  const { kind, reason } = (await ask('a'.repeat(4_000_000), 'a'.repeat(4_000_000))) as { kind: string; reason: string };
  expect(kind).toBe('comparison error');
  expect(reason).toMatch(/takes 80000\d\d bytes as an event; Lambda accepts 6291456/);
});

test('a function that may know the request is told of it', async () => {
  const events: unknown[] = [];
  answer = (_, body, response) => {
    events.push(JSON.parse(body));
    response.end('{"agrees":true}');
  };
  await comparePair(client, { kind: 'function', functionArn: 'comparer', timeoutMs: 5_000, withRequest: true }, pairOf('a', 'b'));
  expect(events).toEqual([
    { production: 'a', shadow: 'b', isBase64Encoded: false, request: '{"prompt":"which?"}', contentType: 'application/json' },
  ]);
});
