import { request, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import type { OrderResult } from '../../../../lib/core/rollout/orders';
import { cleanEnv, fakeAws, runCli, type World } from '../../../fixtures/fake-aws';
import { judgedShop } from '../../../fixtures/judged-shop';
import { shop } from '../../../fixtures/records';
import { watchWeb, type WatchProcess } from '../../../fixtures/watch-page';
import type { WatchDocument } from '../../../../bin/cli/web/watch-document';

/** Who may use the page's server, and what it asks of AWS; with the command as it ships. */

let aws: Awaited<ReturnType<typeof fakeAws>>;
let watch: WatchProcess;
let fail: World['fail'];
const told: { [name: string]: unknown }[] = [];
let answer: OrderResult = { ok: true, code: 'DONE', message: 'it is so' };

beforeAll(async () => {
  const take = (event: { [name: string]: unknown }): { body: string } => {
    told.push(event);
    return { body: JSON.stringify(answer) };
  };
  aws = await fakeAws(judgedShop({ functions: { 'abort-fn': take, 'operate-fn': take }, fail: (...call) => fail?.(...call) }));
  watch = await watchWeb(['--stack', 'Shop'], cleanEnv(aws.url));
});

afterAll(async () => {
  await watch?.end();
  await aws?.close();
});

beforeEach(() => {
  told.length = 0;
  fail = undefined;
  answer = { ok: true, code: 'DONE', message: 'it is so' };
});

interface Asked {
  readonly method?: string;
  /** Undefined leaves out what a browser or the page would send. */
  readonly headers?: { readonly [name: string]: string | undefined };
  readonly body?: string;
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** As the page asks, but for what the case changes. Not by fetch, which chooses the host by itself. */
function ask(path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answered> {
  const posted = { 'origin': watch.origin, 'content-type': 'application/json' };
  const usual = { authorization: `Bearer ${watch.token}`, ...(method === 'POST' ? posted : {}) };
  const sent: { [name: string]: string } = {};
  for (const [name, value] of Object.entries({ ...usual, ...headers })) {
    if (value !== undefined) {
      sent[name] = value;
    }
  }
  return new Promise((resolve, reject) => {
    request(`${watch.origin}${path}`, { method, headers: sent }, (response) => {
      let text = '';
      response.on('data', (data: Buffer) => (text += data));
      response.once('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    }).once('error', reject).end(body);
  });
}

const pause = (overrides: object = {}): string => JSON.stringify({ verb: 'pause', alias: 'fraud/live', rollout: 'r-1', reason: ' lunch ', ...overrides });

test('the page runs nothing but its own script, is in no frame, is not kept, and neither it nor its files need the token', async () => {
  for (const path of ['/', '/watch.js', '/watch.css']) {
    const { status, headers, text } = await ask(path, { headers: { authorization: undefined } });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self';.* frame-ancestors 'none'/);
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(text).not.toContain(watch.token);
  }
});

test.each<[string, Asked['headers'], string]>([
  ['by the name of another host, bound to this address', { host: 'evil.example:80' }, 'OTHER_HOST'],
  ['by this address with another port', { host: '127.0.0.1:1' }, 'OTHER_HOST'],
  ['of another site', { origin: 'https://evil.example' }, 'OTHER_ORIGIN'],
  ['of another server of this machine', { origin: 'http://127.0.0.1:1' }, 'OTHER_ORIGIN'],
  ['of a page without an origin', { origin: 'null' }, 'OTHER_ORIGIN'],
  ['that the browser says another site made', { 'sec-fetch-site': 'cross-site' }, 'OTHER_ORIGIN'],
  ['that the browser says a neighbour made', { 'sec-fetch-site': 'same-site' }, 'OTHER_ORIGIN'],
])('a request %s is refused, for whatever', async (_, headers, code) => {
  for (const [path, method] of [['/', 'GET'], ['/rollouts', 'GET'], ['/orders', 'POST']]) {
    const { status, text } = await ask(path, { method, headers, ...(method === 'POST' ? { body: pause() } : {}) });
    expect([status, JSON.parse(text)]).toEqual([403, { ok: false, code, message: expect.any(String) }]);
  }
  expect(told).toEqual([]);
});

test.each([undefined, 'Bearer ', 'Bearer wrong', 'Basic eDp4'])('nothing is known and nothing done without the token: %s', async (authorization) => {
  for (const [path, method] of [['/rollouts', 'GET'], ['/orders', 'POST']]) {
    const { status, text } = await ask(path, { method, headers: { authorization }, ...(method === 'POST' ? { body: pause() } : {}) });
    expect([status, (JSON.parse(text) as { code: string }).code]).toEqual([401, 'NO_TOKEN']);
  }
  expect(told).toEqual([]);
});

test.each<[string, string, number]>([
  ['GET', '/orders', 405], ['POST', '/rollouts', 405], ['PUT', '/orders', 405], ['DELETE', '/', 405], ['OPTIONS', '/orders', 405],
  ['GET', '/../package.json', 404], ['GET', '/favicon.ico', 404], ['GET', '/rollouts?x=1', 404],
])('%s %s: %i', async (method, path, status) => {
  expect((await ask(path, { method })).status).toBe(status);
});

test.each<[string, Asked, number]>([
  ['without an origin', { headers: { origin: undefined }, body: pause() }, 415],
  ['as a form sends it', { headers: { 'content-type': 'text/plain' }, body: pause() }, 415],
  ['that is not valid JSON', { body: 'pause' }, 400],
  ['that is nothing', { body: 'null' }, 400],
  ['of an unknown verb', { body: pause({ verb: 'delete' }) }, 400],
  ['for an alias of elsewhere', { body: pause({ alias: 'other/live' }) }, 400],
  ['as long as a book', { body: pause({ reason: 'x'.repeat(20_000) }) }, 413],
])('an order %s is refused', async (_, asked, status) => {
  expect((await ask('/orders', { method: 'POST', ...asked })).status).toBe(status);
  expect(told).toEqual([]);
});

test('an order is one of the command; what its function refuses is said', async () => {
  expect(await ask('/orders', { method: 'POST', body: pause() })).toMatchObject({ status: 200, text: JSON.stringify(answer) });
  expect(told).toMatchObject([{ verb: 'pause', alias: 'fraud/live', rollout: 'r-1', reason: 'lunch' }]);
  answer = { ok: false, code: 'NO_ROLLOUT', message: 'no such rollout is running' };
  const { status, text } = await ask('/orders', { method: 'POST', body: pause() });
  expect([status, JSON.parse(text)]).toEqual([409, { ok: false, code: 'NO_ROLLOUT', message: 'no such rollout is running' }]);
  fail = (action) => (action === 'lambda:InvokeFunction' ? { status: 403, type: 'AccessDeniedException', message: 'no' } : undefined);
  const denied = await ask('/orders', { method: 'POST', body: pause() });
  expect([denied.status, JSON.parse(denied.text)]).toMatchObject([403, { code: 'NO_PERMISSION', message: expect.stringContaining('lambda:InvokeFunction') }]);
});

test('ten pages that look at once cost as much as one, and a look with no new decision two reads', async () => {
  await ask('/orders', { method: 'POST', body: pause() });
  aws.calls.length = 0;
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask('/rollouts')));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  // Decisions and metrics are known from the look at the start.
  expect(aws.calls.map(({ action }) => action)).toEqual(['dynamodb:GetItem', 'dynamodb:GetItem']);
});

test('who may read no metrics sees the rest, and what is missing', async () => {
  const world = judgedShop({ fail: (action) => (action === 'cloudwatch:GetMetricData' ? { status: 403, type: 'AccessDenied', message: 'no' } : undefined) });
  const poor = await fakeAws(world);
  const own = await watchWeb(['--stack', 'Shop'], cleanEnv(poor.url));
  const reply = await fetch(`${own.origin}/rollouts`, { headers: { authorization: `Bearer ${own.token}` } });
  const { aliases: [{ trace, notes }] } = await reply.json() as WatchDocument;
  expect(trace).toMatchObject({ evidence: expect.any(Object) });
  expect(trace).not.toHaveProperty('failures');
  expect(notes).toEqual([expect.stringMatching(/^Failures and latency are not shown: cloudwatch:GetMetricData is not allowed/)]);
  await own.end();
  await poor.close();
});

describe('is told before any page is open:', () => {
  test('a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    expect(await runCli(['watch', '--web', '--stack', 'Shop', '--port', String(port)], shop()))
      .toMatchObject({ code: 2, stderr: expect.stringContaining(`port ${port} is in use; name another one with --port, or leave it out`) });
    taken.close();
  });

  test.each<[string, string[], World, number, RegExp]>([
    ['a port that is none', ['--web', '--port', '70000'], {}, 2, /it must be a whole number from 1 to 65535/],
    ['that a page must be asked for', [], {}, 2, /say --web for a page in a browser; in the terminal, `model-rollout status --watch`/],
    ['that credentials have expired', ['--web'], { fail: () => ({ status: 400, type: 'ExpiredToken', message: 'x' }) }, 4, /expired: sign in again/],
    ['that records may not be read', ['--web'], { fail: (action) => (action.startsWith('dynamodb') ? { status: 400, type: 'AccessDeniedException', message: 'x' } : undefined) }, 4, /dynamodb:GetItem is not allowed/],
    ['that there is no such alias', ['--web', 'none'], {}, 3, /none/],
  ])('%s', async (_, args, world, code, stderr) => {
    expect(await runCli(['watch', ...args, '--stack', 'Shop'], { ...shop(), ...world })).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(stderr) });
  });
});
