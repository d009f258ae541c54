import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { route, serveHttp, variant } from '../../fixtures/serving';
import { Front } from './front';

// Takes minutes to build, so `npm run test:rust` runs it and the ordinary suite does not.

jest.setTimeout(1_800_000);

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** Lambda's runtime API as far as a runtime asks it: the next event, and what became of it. */
async function startRuntime(binary: string): Promise<{ ask: (event: string) => Promise<string>; stop: () => Promise<void> }> {
  const events: string[] = [];
  const idle: (() => void)[] = [];
  let answered: (line: string) => void = () => undefined;
  const api = await serveHttp((request, body, response) => {
    if (request.url!.endsWith('/next')) {
      const give = (): void => void response.writeHead(200, {
        'content-type': 'application/json', 'lambda-runtime-aws-request-id': 'request-1', 'lambda-runtime-deadline-ms': Date.now() + 30_000,
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:123456789012:function:web', 'lambda-runtime-trace-id': 'Root=1-0-0',
      }).end(events.shift());
      if (events.length > 0) {
        give();
      } else {
        idle.push(give);
      }
      return;
    }
    response.writeHead(202).end();
    answered(JSON.stringify(request.url!.endsWith('/error') ? { error: JSON.parse(body.toString()) as unknown } : { result: JSON.parse(body.toString()) as unknown }));
  });
  const child: ChildProcess = spawn(binary, { env: {
    AWS_LAMBDA_RUNTIME_API: api.url.replace('http://', ''), AWS_LAMBDA_FUNCTION_NAME: 'web', AWS_LAMBDA_FUNCTION_VERSION: '1', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    AWS_LAMBDA_LOG_GROUP_NAME: 'log', AWS_LAMBDA_LOG_STREAM_NAME: 'log', AWS_REGION: 'us-east-1',
  }, stdio: ['ignore', 'ignore', 'inherit'] });
  return {
    ask: (event) => new Promise((resolve) => {
      answered = resolve;
      events.push(event);
      idle.shift()?.();
    }),
    stop: async () => {
      child.kill('SIGKILL');
      await api.close();
    },
  };
}

(process.env.TEST_RUST === undefined ? describe.skip : describe)('a web application in Rust, with lambda_http', () => {
  let runtime: Awaited<ReturnType<typeof startRuntime>>;
  let front: Front;

  beforeAll(async () => {
    const target = join(__dirname, '../../../.cache/rust');
    execFileSync('cargo', ['build', '--locked', '--manifest-path', join(__dirname, 'models/rust/Cargo.toml'), '--target-dir', target], { stdio: 'inherit' });
    runtime = await startRuntime(join(target, 'debug/web'));
    front = await Front.open({
      route: route([variant('production', { target: { kind: 'lambda', functionArn: 'arn:aws:lambda:us-east-1:1:function:web', contract: 'http', maxRequestBytes: 6_291_456 } })]),
      lambda: (event) => runtime.ask(event),
    });
  });

  afterAll(async () => {
    await runtime?.stop();
    await front?.close();
  });

  const ask = (query: string, body: string | Buffer<ArrayBuffer>, headers: { [name: string]: string }): Promise<Response> => fetch(`${front.url}/live/invocations${query}`, { method: 'POST', body, headers });

  test('sees the caller, the query and the cookies, and sets cookies', async () => {
    const reply = await ask('?q=a&q=b', '{"x":7}', { 'content-type': 'application/json', 'user-agent': 'caller/1', cookie: 'a=1; b=2' });
    expect([reply.status, await reply.json()]).toEqual([200, { x: 7, client: '203.0.113.7', agent: 'caller/1', cookies: expect.stringMatching(/^a=1; ?b=2$/), query: expect.anything() }]);
    expect(reply.headers.getSetCookie()).toEqual(['seen=1', 'model=v1']);
  });

  test('gets every byte and gives every byte', async () => {
    const reply = await ask('?kind=bytes', EVERY_BYTE, { 'content-type': 'application/octet-stream' });
    expect([reply.headers.get('content-type'), EVERY_BYTE.equals(Buffer.from(await reply.arrayBuffer()))]).toEqual(['image/png', true]);
  });

  test('refuses and fails in its own words', async () => {
    const refused = await ask('?kind=refuse', '{}', { 'content-type': 'application/json' });
    expect([refused.status, await refused.json()]).toEqual([422, { detail: 'x must be a number' }]);
    const failed = await ask('?kind=fail', '{}', { 'content-type': 'application/json' });
    expect([failed.status, await failed.json()]).toEqual([424, expect.objectContaining({ OriginalStatusCode: 500, OriginalMessage: expect.stringContaining('out of memory') })]);
  });
});
