import { join } from 'node:path';
import { ensureVenv } from '../../../scripts/emulator/emulator';
import { route, variant } from '../../fixtures/serving';
import { Front } from './front';
import { LineProcess } from './lines';

// Web applications as people write them, behind the adapters that people use, in the place of a model with ModelContract.HTTP.

const PYTHON = join(ensureVenv('clients', join(__dirname, 'requirements.txt'), console.log), 'bin', 'python');
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const http = route([variant('production', { target: { kind: 'lambda', functionArn: 'arn:aws:lambda:us-east-1:1:function:web', contract: 'http', maxRequestBytes: 6_291_456 } })]);

const python = (module: string): LineProcess =>
  new LineProcess(PYTHON, [join(__dirname, 'runtime.py'), `${module}.handler`], { PATH: process.env.PATH, PYTHONPATH: join(__dirname, 'models'), POWERTOOLS_DEV: '0', AWS_LAMBDA_FUNCTION_NAME: 'web', AWS_REGION: 'us-east-1' });
const node = (module: string): LineProcess =>
  new LineProcess(process.execPath, [join(__dirname, 'runtime.mjs'), join(__dirname, 'models', `${module}.mjs`), 'handler'], { PATH: process.env.PATH, AWS_LAMBDA_FUNCTION_NAME: 'web', AWS_REGION: 'us-east-1' });

describe.each<[string, () => LineProcess]>([
  ['FastAPI behind Mangum', () => python('fastapi_mangum')],
  ['Flask behind apig-wsgi', () => python('flask_apig_wsgi')],
  ['Flask behind serverless-wsgi', () => python('flask_serverless_wsgi')],
  ['Powertools for Python', () => python('powertools')],
  ['Express behind serverless-http', () => node('serverless-http')],
  ['Express behind @codegenie/serverless-express', () => node('serverless-express')],
  ['Fastify behind @fastify/aws-lambda', () => node('fastify')],
  ['Hono behind its adapter', () => node('hono')],
])('%s', (name, start) => {
  let model: LineProcess;
  let front: Front;

  beforeAll(async () => {
    model = start();
    front = await Front.open({ route: http, lambda: (event) => model.ask(event) });
  });

  afterAll(async () => {
    model.stop();
    await front.close();
  });

  const ask = (query: string, body: string | Buffer<ArrayBuffer> | FormData, headers: { [name: string]: string } = {}): Promise<Response> => fetch(`${front.url}/live/invocations${query}`, { method: 'POST', body, headers });

  test('sees the caller, the query and the cookies, and sets cookies', async () => {
    const reply = await ask('?q=a&q=b', '{"x":7}', { 'content-type': 'application/json', 'user-agent': 'caller/1', cookie: 'a=1; b=2' });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({ x: 7, client: '203.0.113.7', agent: 'caller/1', cookies: { a: '1', b: '2' }, query: ['a', 'b'] });
    expect(reply.headers.getSetCookie().map((cookie) => cookie.split(';')[0])).toEqual(['seen=1', 'model=v1']);
  });

  test('gets every byte and gives every byte', async () => {
    const reply = await ask('?kind=bytes', EVERY_BYTE, { 'content-type': 'application/octet-stream' });
    expect([reply.status, reply.headers.get('content-type'), EVERY_BYTE.equals(Buffer.from(await reply.arrayBuffer()))]).toEqual([200, 'image/png', true]);
  });

  test('refuses in its own words', async () => {
    const reply = await ask('?kind=refuse', '{}', { 'content-type': 'application/json' });
    expect([reply.status, await reply.json()]).toEqual([422, { detail: 'x must be a number' }]);
  });

  test('fails, and what it says of that is not lost', async () => {
    const reply = await ask('?kind=fail', '{}', { 'content-type': 'application/json' });
    expect([reply.status, await reply.json()]).toEqual([424, expect.objectContaining({ OriginalStatusCode: 500, OriginalMessage: expect.stringContaining('out of memory') })]);
  });

  if (name.startsWith('F') && !name.startsWith('Fastify')) {
    test('takes a file from a form', async () => {
      const form = new FormData();
      form.append('file', new Blob([EVERY_BYTE]), 'image.png');
      expect(EVERY_BYTE.equals(Buffer.from(await (await ask('?kind=upload', form)).arrayBuffer()))).toBe(true);
    });
  }
});

test('a function without a framework is asked as behind a function URL', async () => {
  const model = python('plain');
  const front = await Front.open({ route: http, lambda: (event) => model.ask(event) });
  try {
    const reply = await fetch(`${front.url}/live/invocations`, { method: 'POST', body: '{"x":7}', headers: { 'content-type': 'application/json' } });
    expect([reply.headers.get('content-type'), await reply.json()]).toEqual(['application/json', { x: 7, client: '203.0.113.7' }]);
  } finally {
    model.stop();
    await front.close();
  }
});
