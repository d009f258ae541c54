import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpBackend } from '../../../../lambda/shared/backends/http';
import { HttpClient } from '../../../../lambda/shared/backends/http-client';
import { Secrets } from '../../../../lambda/shared/backends/secrets';
import type { Answer, Outcome } from '../../../../lambda/shared/http/outcome';
import { StreamBroken } from '../../../../lambda/shared/http/outcome';
import type { InferenceRequest } from '../../../../lambda/shared/http/request';
import { Reconnecting } from '../../../../lambda/shared/reconnecting';
import type { HttpTarget } from '../../../../lib/core/backends/http';
import { serveHttp } from '../../../fixtures/serving';

type Server = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void;

interface Reached {
  readonly target: (overrides?: Partial<HttpTarget>) => HttpTarget;
  readonly backend: HttpBackend;
}

const servers: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function reached(handle: Server, secrets: readonly string[] = []): Promise<Reached> {
  const server = await serveHttp(handle);
  servers.push(server);
  let read = 0;
  const store = new Secrets(Date.now, async () => ({
    client: { send: (async () => ({ SecretString: secrets[Math.min(read++, secrets.length - 1)] })) as never },
    Get: class { constructor(readonly input: object) {} } as never,
  }));
  return {
    target: (overrides = {}) => ({ kind: 'http', url: `${server.url}/v1/score`, maxRequestBytes: 1e6, ...overrides }),
    backend: new HttpBackend(new Reconnecting((options) => new HttpClient(options)), store),
  };
}

const request = (body: string | Uint8Array = '{"x":1}', headers: { [name: string]: string } = {}): InferenceRequest => ({
  alias: 'live', inferenceId: 'id-1', headers: new Map(Object.entries({ 'content-type': 'application/json', ...headers })), query: '', body: Buffer.from(body),
  caller: { claims: {} },
});

const invoke = ({ backend, target }: Reached, given = request(), overrides: Partial<HttpTarget> = {}): Promise<Outcome> =>
  backend.invoke(target(overrides), given, new AbortController().signal);

test('bodies go through byte for byte, with what is for the model and without what was for the endpoint', async () => {
  const bytes = Buffer.from([0, 255, 10, 200]);
  let seen: IncomingMessage['headers'] = {};
  const server = await reached((asked, body, response) => {
    seen = asked.headers;
    response.writeHead(200, { 'content-type': 'application/x-npy', 'x-model': 'b', 'set-cookie': 'a=b' }).end(Buffer.concat([body, body]));
  });
  const sent = request(bytes, {
    'content-type': 'application/x-npy', 'accept': 'application/x-npy', 'authorization': 'AWS4-HMAC-SHA256 …', 'x-api-key': 'k', 'cookie': 'c', 'x-amz-security-token': 't',
    'x-forwarded-for': '10.0.0.1', 'x-amzn-sagemaker-custom-attributes': 'a', 'host': 'api', 'content-length': '99',
  });
  const outcome = await invoke(server, sent, { headers: { 'anthropic-version': '2023-06-01' } });
  expect(outcome).toMatchObject({ kind: 'answer', status: 200, headers: { 'content-type': 'application/x-npy', 'x-model': 'b' } });
  expect(Buffer.from((outcome as Answer).body)).toEqual(Buffer.concat([bytes, bytes]));
  expect((outcome as Answer).headers['set-cookie']).toBeUndefined();
  expect(seen).toMatchObject({
    'content-type': 'application/x-npy', 'accept': 'application/x-npy', 'content-length': '4', 'x-amzn-sagemaker-custom-attributes': 'a', 'x-amzn-sagemaker-inference-id': 'id-1',
    'anthropic-version': '2023-06-01',
  });
  expect(['authorization', 'x-api-key', 'cookie', 'x-amz-security-token', 'x-forwarded-for'].filter((name) => name in seen)).toEqual([]);
});

test('parts come as the server sends them, and it stops when nobody wants more', async () => {
  let [closed, go] = [false, (): void => {}];
  const server = await reached((_, __, response) => {
    response.on('close', () => { closed = true; });
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    go = () => void response.write('data: 2\n\n');
  });
  const outcome = await server.backend.stream(server.target(), request(), new AbortController());
  const { rest, headers } = outcome as Answer;
  expect(headers['content-type']).toBe('text/event-stream');
  expect(Buffer.from((await rest!.next())!).toString()).toBe('data: 1\n\n');
  go();
  expect(Buffer.from((await rest!.next())!).toString()).toBe('data: 2\n\n');
  rest!.stop();
  await expect(rest!.next()).rejects.toBeInstanceOf(StreamBroken);
  while (!closed) {
    await new Promise(setImmediate);
  }
});

test.each<[string, (response: ServerResponse) => void]>([
  ['in the middle of a chunk', (response) => { response.writeHead(200).write('half'); setImmediate(() => response.socket!.destroy()); }],
  ['before as many bytes as it announced', (response) => { response.writeHead(200, { 'content-length': '100' }).write('half'); setImmediate(() => response.socket!.destroy()); }],
])('an answer that ends %s is no answer', async (_, answer) => {
  const server = await reached((__, ___, response) => answer(response));
  expect(await invoke(server)).toMatchObject({ kind: 'failure', class: 'backend', code: 'BACKEND_UNAVAILABLE' });
});

test.each<[number, object]>([
  [400, { kind: 'answer', status: 400 }],
  [404, { kind: 'answer', status: 404 }],
  [422, { kind: 'answer', status: 422 }],
  [401, { kind: 'failure', class: 'backend' }],
  [403, { kind: 'failure', class: 'backend' }],
  [302, { kind: 'failure', class: 'model' }],
  [429, { kind: 'failure', class: 'throttle', code: 'THROTTLED' }],
  [500, { kind: 'failure', class: 'model', message: 'the model answered with status 500: why' }],
  [503, { kind: 'failure', class: 'model' }],
])('status %d', async (status, expected) => {
  const server = await reached((_, __, response) => void response.writeHead(status, { location: 'http://169.254.169.254/' }).end('why'));
  expect(await invoke(server)).toMatchObject(expected);
});

test('nobody there, and nobody answering in time, are different', async () => {
  const server = await reached(() => {});
  expect(await invoke(server, request(), { url: 'http://127.0.0.1:1/' })).toMatchObject({ class: 'backend' });
  const stopping = new AbortController();
  const asked = server.backend.invoke(server.target(), request(), stopping.signal);
  setImmediate(() => stopping.abort());
  expect(await asked).toMatchObject({ class: 'timeout', code: 'TIMEOUT' });
});

test('what was lost with a kept connection is sent once more on a new one', async () => {
  let [times, retried] = [0, 0];
  const server = await reached((asked, _, response) => {
    times++;
    if (times === 2) {
      asked.socket.destroy();
    } else {
      response.end('well');
    }
  });
  const ask = (): Promise<Outcome> => server.backend.invoke(server.target(), request(), new AbortController().signal, () => { retried++; });
  expect([await ask(), await ask()]).toMatchObject([{ kind: 'answer' }, { kind: 'answer' }]);
  expect([times, retried]).toEqual([3, 1]);
});

describe('a secret', () => {
  const secret = { arn: 'arn:secret', field: 'token', header: 'authorization', prefix: 'Bearer ' };
  const json = (token: string): string => JSON.stringify({ token });
  const guarded = (valid: string): Server => (asked, _, response) =>
    void response.writeHead(asked.headers.authorization === `Bearer ${valid}` ? 200 : 401).end();

  test('goes with each request, read once', async () => {
    const server = await reached(guarded('one'), [json('one'), json('two')]);
    const both = [await invoke(server, request(), { secret }), await invoke(server, request(), { secret })];
    expect(both).toMatchObject([{ status: 200 }, { status: 200 }]);
  });

  test('that was replaced is read again once it is refused, and a request is not lost by it', async () => {
    const server = await reached(guarded('two'), [json('one'), json('two')]);
    expect(await invoke(server, request(), { secret })).toMatchObject({ status: 200 });
  });

  test('that stays refused fails, after one more look', async () => {
    let times = 0;
    const server = await reached((_, __, response) => { times++; response.writeHead(403).end(); }, [json('one')]);
    expect(await invoke(server, request(), { secret })).toMatchObject({ class: 'backend', message: 'the model cannot be reached' });
    expect(times).toBe(1);
  });

  test('that has no such field fails, and nobody is told what it has', async () => {
    const server = await reached(guarded('one'), ['top-secret']);
    const outcome = await invoke(server, request(), { secret });
    expect(outcome).toMatchObject({ kind: 'failure', class: 'backend' });
    expect(JSON.stringify(outcome)).not.toContain('top-secret');
    expect(await server.backend.probe(server.target({ secret }))).toMatch(/the secret is not valid JSON with a text "token"$/);
  });
});

test('a server says itself whether it is well, where it has a place for that', async () => {
  let status = 503;
  const server = await reached((asked, _, response) => void response.writeHead(asked.method === 'GET' && asked.url === '/health' ? status : 404).end());
  const target = server.target({ healthUrl: server.target().url.replace('/v1/score', '/health') });
  expect(await server.backend.probe(target)).toMatch(/answers \/health with status 503$/);
  status = 200;
  expect(await server.backend.probe(target)).toBeUndefined();
  expect(await server.backend.probe(server.target())).toBeUndefined();
  expect(await server.backend.probe({ ...target, healthUrl: 'http://127.0.0.1:1/health' })).toMatch(/ECONNREFUSED/);
});
