import { setTimeout as sleep } from 'node:timers/promises';
import { type MirroredRequest } from '../../../lib/core/mirroring/mirrored-request';
import { parseRoute } from '../../../lib/core/routing/parse';
import type { Mirror } from '../../../lib/core/routing/route';
import { ErrorCode } from '../../../lambda/shared/http/errors';
import { Mirroring } from '../../../lambda/router/mirroring';
import type { HandOver } from '../../../lambda/router/mirroring-metrics';
import { failure, FailureClass, type Outcome } from '../../../lambda/shared/http/outcome';
import { readRequest } from '../../../lambda/shared/http/request';
import { Part, type Served } from '../../../lambda/router/served';
import { apiEvent, route, variant } from '../../fixtures/serving';

const mirror = (name: string, overrides: Partial<Mirror> = {}): Mirror =>
  ({ name, version: `${name}-version`, functionArn: `arn:${name}`, sampleRate: 1, filters: [], ...overrides });

const answer = (body: string | Uint8Array = '{"y":1}', status = 200): Outcome => ({ kind: 'answer', status, headers: {}, body: Buffer.from(body) });

/** A router's mirroring whose clock is turned by hand, over queues that behave as given. */
function world(
  send: (functionArn: string, signal: AbortSignal) => Promise<void> = async () => {},
  store: (bucket: string) => Promise<void> = async () => {},
): {
  handOver: (mirrors: Mirror[], served?: Partial<Served>, event?: Parameters<typeof apiEvent>[0]) => Promise<void>;
  sent: { to: string; event: MirroredRequest }[];
  stored: { bucket: string; key: string; bytes: Uint8Array }[];
  counted: HandOver[];
  notices: unknown[];
  turn: (ms: number) => void;
} {
  const sent: { to: string; event: MirroredRequest }[] = [];
  const stored: { bucket: string; key: string; bytes: Uint8Array }[] = [];
  const counted: HandOver[] = [];
  const notices: unknown[] = [];
  let now = 1_000;
  const mirroring = new Mirroring(
    {
      endpoint: 'fraud',
      send: async (functionArn, event, signal) => {
        await send(functionArn, signal);
        sent.push({ to: functionArn, event: JSON.parse(Buffer.from(event).toString()) as MirroredRequest });
      },
      store: async (bucket, key, bytes) => {
        await store(bucket);
        stored.push({ bucket, key, bytes });
      },
      recorder: { record: (handOver) => counted.push(handOver) },
      onFailure: (details) => notices.push(details),
      clock: () => now,
      now: () => 1_700_000_000_000,
    },
    20,
  );
  return {
    handOver: (mirrors, served = {}, event = {}) => {
      const production = variant('production');
      return mirroring.handOver(readRequest(apiEvent(event)), {
        variant: production,
        part: Part.ASSIGNED,
        outcome: answer(),
        latencyMs: 12,
        overheadMs: 1,
        startedAt: 0,
        route: route([production], { mirrors }),
        attempts: [],
        targeted: false,
        eligible: [production],
        ...served,
      });
    },
    sent,
    stored,
    counted,
    notices,
    turn: (ms) => {
      now += ms;
    },
  };
}

test.each([
  ['headers that prove who calls', { 'x-auth-token': 'secret', 'x-amzn-oidc-accesstoken': 'secret', 'x-amz-security-token': 'secret', 'proxy-authorization': 'secret', 'x-api-key': 'secret', 'x-anything': 'secret' }, {}],
  ['parameters of a presigned address, and keys', {}, { 'X-Amz-Security-Token': ['secret'], 'X-Amz-Signature': ['secret'], 'access_token': ['secret'], 'api_key': ['secret'], 'anything': ['secret'] }],
])('no mirror gets %s: what it gets is named', async (_, headers, query) => {
  const { handOver, sent } = world();
  await handOver([mirror('a')], {}, { headers: { 'accept': 'application/json', 'X-Amzn-SageMaker-Custom-Attributes': 'kept', ...headers }, query });
  expect(JSON.stringify(sent)).not.toContain('secret');
  expect(sent[0].event).toMatchObject({ query: '', headers: { 'content-type': 'application/json', 'accept': 'application/json', 'x-amzn-sagemaker-custom-attributes': 'kept' } });
});

test('a mirror gets the headers and parameters that it names', async () => {
  const { handOver, sent } = world();
  await handOver([mirror('a', { headers: ['x-tenant'], parameters: ['explain'] })], {}, { headers: { 'X-Tenant': 'shop', 'X-Other': 'secret' }, query: { explain: ['yes', 'no'], key: ['secret'] } });
  expect(sent[0].event).toMatchObject({ query: 'explain=yes&explain=no', headers: { 'x-tenant': 'shop' } });
  expect(JSON.stringify(sent)).not.toContain('secret');
});

test('every mirror gets the request and production\'s answer, without credentials', async () => {
  const { handOver, sent, counted } = world();
  await handOver([mirror('a'), mirror('b')], {}, {
    body: '{"x":1}', headers: { Authorization: 'AWS4-HMAC-SHA256 …', 'X-Api-Key': 'secret', Cookie: 'session', 'x-amzn-sagemaker-inference-id': 'mine' },
  });
  expect(sent.map(({ to }) => to)).toEqual(['arn:a', 'arn:b']);
  expect(sent[0].event).toEqual({
    inferenceId: 'mine',
    at: 1_700_000_000_000,
    headers: { 'content-type': 'application/json', 'x-amzn-sagemaker-inference-id': 'mine' },
    query: '',
    body: Buffer.from('{"x":1}').toString('base64'),
    production: { version: variant('production').version, target: variant('production').target, latencyMs: 12, body: Buffer.from('{"y":1}').toString('base64') },
  });
  expect(counted).toEqual(['a', 'b'].map((shadow) => ({ alias: 'live', shadow, sent: true, waitedMs: 0 })));
});

test.each<[string, Partial<Served>]>([
  ['a candidate has answered', { variant: variant('candidate', { role: 'candidate' }) }],
  ['production has failed', { outcome: failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'no') }],
  ['production has refused', { outcome: answer('{}', 422) }],
])('nothing is handed over, or counted, when %s', async (_, served) => {
  const { handOver, sent, counted } = world();
  await handOver([mirror('a')], served);
  expect([sent, counted]).toEqual([[], []]);
});

test('a filter on the body reads it, whatever it is', async () => {
  const { handOver, sent } = world();
  const filtered = mirror('a', { filters: [{ on: 'json-path', path: '$.x', values: ['1'] }] });
  await handOver([filtered], {}, { body: '{"x":1}' });
  await handOver([filtered], {}, { body: '{"x":2}' });
  await handOver([filtered], {}, { body: '{"x":' });
  expect(sent).toHaveLength(1);
});

test('fails to take an event that is too large: dropped and counted', async () => {
  const { handOver, sent, counted, notices } = world();
  await handOver([mirror('a')], { outcome: answer(new Uint8Array(800_000)) });
  expect(sent).toEqual([]);
  expect(notices).toMatchObject([{ shadow: 'a', problem: 'too large' }]);
  expect(counted).toMatchObject([{ sent: false }]);
  await handOver([mirror('a')], { outcome: answer(new Uint8Array(700_000)) });
  expect(sent).toHaveLength(1);
});

test('fails to take events at all: the caller gets the answer, drops are counted, and the next tries wait', async () => {
  const tried: string[] = [];
  const { handOver, counted, notices, turn } = world(async (to) => {
    tried.push(to);
    throw Object.assign(new Error('too many'), { name: 'TooManyRequestsException' });
  });
  await handOver([mirror('a')]);
  await handOver([mirror('a')]);
  expect(tried).toHaveLength(1);
  expect(counted).toMatchObject([{ sent: false }, { sent: false }]);
  expect(notices).toMatchObject([{ shadow: 'a', problem: 'TooManyRequestsException' }, { shadow: 'a', problem: 'paused' }]);
  turn(1_001);
  await handOver([mirror('a')]);
  expect(tried).toHaveLength(2);
});

test('fails to answer: the caller waits no longer than the bound, and a late hand-over is counted when it is known', async () => {
  let release = (): void => {};
  const { handOver, sent, counted, turn } = world((to) => (to === 'arn:slow' ? new Promise((resolve) => { release = resolve; }) : Promise.resolve()));
  // Would never resolve if it waited for the slow one.
  await handOver([mirror('slow'), mirror('quick')]);
  expect(counted).toMatchObject([{ shadow: 'quick', sent: true }]);
  turn(400);
  release();
  await sleep(0);
  expect(sent.map(({ to }) => to)).toEqual(['arn:quick', 'arn:slow']);
  expect(counted).toMatchObject([{ shadow: 'quick' }, { shadow: 'slow', sent: true, waitedMs: 20 }]);
});

test('fails to answer at once: until it has, the next callers do not wait, and the mirror gets their requests', async () => {
  const releases: (() => void)[] = [];
  const { handOver, sent, counted } = world(() => new Promise((resolve) => releases.push(resolve)));
  await handOver([mirror('slow')]);
  await handOver([mirror('slow')]);
  await handOver([mirror('slow')]);
  expect(sent).toEqual([]);
  releases.forEach((release) => release());
  await sleep(0);
  expect(sent).toHaveLength(3);
  expect(counted).toMatchObject([{ sent: true }, { sent: true, waitedMs: 0 }, { sent: true, waitedMs: 0 }]);
});

test('fails to answer large events: what is under way is bounded, and what is more is dropped and counted', async () => {
  const { handOver, counted, notices } = world(() => new Promise(() => undefined));
  for (let i = 0; i < 12; i++) {
    await handOver([mirror('slow')], { outcome: answer(new Uint8Array(700_000)) });
  }
  expect(counted).toMatchObject([{ sent: false }, { sent: false }]);
  expect(notices).toMatchObject([{ problem: 'too many under way' }, { problem: 'too many under way' }]);
});

test('fails after a long time: the mirror gets nothing for ten times as long', async () => {
  let fail = (): void => undefined;
  const { handOver, counted, turn } = world(() => new Promise((_, reject) => { fail = () => reject(new Error('no')); }));
  await handOver([mirror('slow')]);
  turn(500);
  fail();
  await sleep(0);
  turn(4_900);
  await handOver([mirror('slow')]);
  expect(counted).toMatchObject([{ sent: false }, { sent: false }]);
  turn(200);
  void handOver([mirror('slow')]);
  expect(counted).toHaveLength(2);
});

describe('bodies that an event has no room for, with a bucket', () => {
  const large = (overrides: Partial<Mirror> = {}): Mirror => mirror('a', { bodiesBucket: 'bodies-of-a', ...overrides });
  const answered = { outcome: answer(new Uint8Array(800_000).fill(7)) };

  test('are stored as they are, and the event says where', async () => {
    const { handOver, sent, stored, counted } = world();
    await handOver([large()], answered, { body: '{"x":1}', headers: { Cookie: 'session', 'x-amzn-sagemaker-inference-id': '../../mine' } });
    expect(stored).toMatchObject([{ bucket: 'bodies-of-a' }]);
    // Nothing that a caller could choose, to meet or replace the object of another.
    expect(stored[0].key).toMatch(/^bodies\/[0-9a-f-]{36}$/);
    expect(Buffer.from(stored[0].bytes).equals(Buffer.concat([Buffer.from('{"x":1}'), new Uint8Array(800_000).fill(7)]))).toBe(true);
    expect(sent[0].event).toMatchObject({ inferenceId: '../../mine', body: '', production: { body: '' }, stored: { key: stored[0].key, requestBytes: 7 } });
    expect(sent[0].event.headers).not.toHaveProperty('cookie');
    expect(counted).toEqual([{ alias: 'live', shadow: 'a', sent: true, waitedMs: 0 }]);
  });

  test('are not stored where the event has room', async () => {
    const { handOver, sent, stored } = world();
    await handOver([large()], { outcome: answer(new Uint8Array(700_000)) });
    expect([sent.length, stored.length]).toEqual([1, 0]);
  });

  test('fails to store them: dropped and counted, nothing is sent, and the next wait, while small ones go on', async () => {
    const { handOver, sent, counted, notices } = world(undefined, async () => {
      throw Object.assign(new Error('no'), { name: 'AccessDenied' });
    });
    await handOver([large()], answered);
    await handOver([large()], answered);
    await handOver([large()]);
    expect(counted).toMatchObject([{ sent: false }, { sent: false }, { sent: true }]);
    expect(notices).toMatchObject([{ problem: 'AccessDenied' }, { problem: 'paused' }]);
    expect(sent).toHaveLength(1);
  });

  test('fails to store them in time: the caller waits no longer than the bound, and the mirror gets them late', async () => {
    let release = (): void => {};
    const { handOver, sent, counted, turn } = world(undefined, () => new Promise((resolve) => { release = resolve; }));
    // Would never resolve if it waited for the bucket.
    await handOver([large()], answered);
    expect([sent, counted]).toEqual([[], []]);
    turn(400);
    release();
    await sleep(0);
    expect(sent).toHaveLength(1);
    expect(counted).toMatchObject([{ sent: true, waitedMs: 20 }]);
  });
});

test('fails in the router\'s own code: the caller gets the answer', async () => {
  const { handOver, notices } = world();
  await handOver([{ ...mirror('a'), filters: undefined as never }]);
  expect(notices).toMatchObject([{ problem: 'TypeError' }]);
});

describe('mirrors of a route record', () => {
  const parsed = (mirrors: unknown): unknown => parseRoute(JSON.stringify({ ...route([variant('production')]), mirrors }), 1).mirrors;

  test('are read as they were written', () => {
    const full = mirror('a', {
      startsAt: 1, endsAt: 2, bodiesBucket: 'bodies-of-a',
      filters: [{ on: 'header', name: 'x-tenant', values: ['a'] }, { on: 'json-path', path: '$.x', values: [] }, { on: 'content-type', values: ['application/json'] }],
    });
    expect(parsed([full, mirror('b', { sampleRate: 0.001 })])).toEqual([full, mirror('b', { sampleRate: 0.001 })]);
    expect(parsed(undefined)).toBeUndefined();
  });

  test.each<[string, unknown, RegExp]>([
    ['are no list', {}, /mirrors is not a list/],
    ['have the same name', [mirror('a'), mirror('a')], /same name/],
    ['sample nothing', [mirror('a', { sampleRate: 0 })], /mirrors\[0\]\.sampleRate is 0/],
    ['sample too much', [mirror('a', { sampleRate: 1.5 })], /sampleRate is 1\.5/],
    ['have a bucket without a name', [{ ...mirror('a'), bodiesBucket: 7 }], /mirrors\[0\]\.bodiesBucket/],
    ['have a filter of an unknown kind', [{ ...mirror('a'), filters: [{ on: 'moon', values: [] }] }], /filters\[0\]\.on is "moon"/],
    ['have a filter on many places', [mirror('a', { filters: [{ on: 'json-path', path: '$..x', values: [] }] })], /not a definite JSON path/],
  ])('fails when they %s', (_, mirrors, message) => expect(() => parsed(mirrors)).toThrow(message));
});
