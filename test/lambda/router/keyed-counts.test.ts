import { ThrottlingException } from '@aws-sdk/client-dynamodb';
import { DynamoDbCellCounts } from '../../../lambda/controller/cell-counts';
import { DynamoDbCounterTable } from '../../../lambda/router/counter-table';
import { ErrorCode } from '../../../lambda/shared/http/errors';
import { KeyedCounts } from '../../../lambda/router/keyed-counts';
import { failure, FailureClass, type Outcome } from '../../../lambda/shared/http/outcome';
import { readRequest } from '../../../lambda/shared/http/request';
import { Part, type ServedAttempt } from '../../../lambda/router/served';
import { cellOf, type CounterReading, countsOf, nameOf, requestsOf, versionTag } from '../../../lib/core/counters/cells';
import type { CounterPlan } from '../../../lib/core/counters/plan';
import { parseDeclaredRoute } from '../../../lib/core/routing/parse';
import type { Route } from '../../../lib/core/routing/route';
import { MemoryDynamoDb } from '../../../rehearsal/harness/memory-dynamodb';
import { apiEvent, route, variant } from '../../fixtures/serving';

const START = Date.UTC(2026, 10, 24, 12, 0, 20);
const MINUTE = Date.UTC(2026, 10, 24, 12, 0);
const byTenant: CounterPlan = { name: 'tenants', table: 'Counters', by: { source: 'header', name: 'x-tenant' }, cells: 4, values: ['a', 'b', 'c'], names: 'plain', keepSeconds: 3_600 };
const production = variant('production');
const candidate = variant('candidate', { role: 'candidate' });

/** A router's counting over tables in memory. */
function counting(options: { plan?: CounterPlan; route?: Partial<Route> } = {}): {
  readonly dynamoDb: MemoryDynamoDb;
  readonly failures: { readonly [name: string]: unknown }[];
  now: number;
  count(
    of: {
      tenant?: string;
      headers?: { [name: string]: string };
      body?: string;
      candidate?: boolean;
      fails?: boolean;
      part?: Part;
      latencyMs?: number;
      requestContext?: object;
      query?: { [name: string]: string[] };
    },
    times?: number,
  ): void;
  flush(): Promise<void>;
  read(plan?: CounterPlan): Promise<readonly CounterReading[]>;
} {
  const dynamoDb = new MemoryDynamoDb();
  const failures: { readonly [name: string]: unknown }[] = [];
  const plan = options.plan ?? byTenant;
  const current = route([production, candidate], { counters: [plan], ...options.route });
  const keyed = new KeyedCounts({
    endpoint: 'fraud',
    table: new DynamoDbCounterTable(() => dynamoDb),
    onFailure: (details) => failures.push(details),
    now: () => world.now,
  });
  const world = {
    dynamoDb,
    failures,
    now: START,
    count: (
      {
        tenant,
        headers = {},
        body,
        candidate: toCandidate = false,
        fails = false,
        part = Part.ASSIGNED,
        latencyMs = 5,
        requestContext,
        query,
      }: Counted,
      times = 1,
    ) => {
      const outcome: Outcome = fails
        ? failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'no')
        : { kind: 'answer', status: 200, headers: {}, body: Buffer.from('{}') };
      const attempt: ServedAttempt = {
        variant: toCandidate ? candidate : production,
        part,
        outcome,
        latencyMs,
        retries: 0,
        fellBack: fails,
        ...(fails ? { failed: FailureClass.MODEL } : {}),
      };
      const request = readRequest(
        apiEvent({
          headers: { ...headers, ...(tenant === undefined ? {} : { 'X-Tenant': tenant }) },
          ...(body === undefined ? {} : { body }),
          requestContext,
          query,
        }),
      );
      for (let i = 0; i < times; i++) {
        keyed.count(request, [attempt], current);
      }
    },
    flush: () => keyed.flush(),
    read: (asked = plan) => new DynamoDbCellCounts(dynamoDb).read(asked, 'fraud/live', { start: MINUTE, until: MINUTE + 600_000 }),
  };
  return world;
}

type Counted = Parameters<ReturnType<typeof counting>['count']>[0];

describe('counts by key', () => {
  test('are written for every version and listed value, all others together, and read as they were counted', async () => {
    const world = counting();
    world.count({ tenant: 'a' }, 5);
    world.count({ tenant: 'b', candidate: true, fails: true }, 2);
    world.count({ tenant: 'b', candidate: true });
    world.count({ tenant: 'somebody else', candidate: true });
    world.count({});
    world.now += 10_000;
    await world.flush();
    const [reading, ...others] = await world.read();
    expect(others).toEqual([]);
    expect(reading.at).toBe(MINUTE);
    expect(countsOf(reading, production.version, 4)).toEqual({ requests: [5, 0, 0, 1], bad: [[0, 0, 0, 0]] });
    expect(countsOf(reading, candidate.version, 4)).toEqual({ requests: [0, 3, 0, 1], bad: [[0, 2, 0, 0]] });
    expect([requestsOf(reading, production.version), requestsOf(reading, candidate.version), requestsOf(reading, 'unknown')]).toEqual([6, 4, 0]);
    expect([...reading.names]).toEqual([[1, 'b']]);
    expect(world.dynamoDb.items('Counters')[0].expires.N).toBe(String(MINUTE / 1_000 + 3_600));
  });

  test('are those of the metrics: what production answers in another\'s place, or a caller chose, is none', async () => {
    const world = counting();
    world.count({ tenant: 'a', part: Part.FALLBACK });
    world.count({ tenant: 'a', part: Part.CHOSEN, candidate: true });
    world.now += 60_000;
    await world.flush();
    expect(await world.read()).toEqual([]);
  });

  test('are written when the oldest is ten seconds old or its minute is over, and each once', async () => {
    const world = counting();
    const written = async (): Promise<number[]> => (await world.read()).map((reading) => requestsOf(reading, production.version));
    world.count({ tenant: 'a' });
    world.now += 9_999;
    await world.flush();
    expect(await written()).toEqual([]);
    world.now += 1;
    await world.flush();
    await world.flush();
    expect(await written()).toEqual([1]);
    world.now = MINUTE + 59_000;
    world.count({ tenant: 'a' });
    world.now = MINUTE + 61_000;
    world.count({ tenant: 'a' });
    await world.flush();
    expect(await written()).toEqual([2, 1]);
  });

  test('that the table refused are written with the next, those of which nobody knows are not written twice', async () => {
    const world = counting();
    const throttled = new ThrottlingException({ message: 'Rate exceeded', $metadata: {} });
    world.dynamoDb.fault = () => { throw throttled; };
    world.count({ tenant: 'a' }, 3);
    world.now += 10_000;
    await world.flush();
    world.dynamoDb.fault = () => {};
    world.now += 10_000;
    await world.flush();
    expect((await world.read()).map((reading) => requestsOf(reading, production.version))).toEqual([3]);
    // The answer was lost, and whether the counts are there.
    world.dynamoDb.fault = () => { throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }); };
    world.count({ tenant: 'a' }, 4);
    world.now += 10_000;
    await world.flush();
    world.dynamoDb.fault = () => {};
    world.count({ tenant: 'a' }, 5);
    world.now += 10_000;
    await world.flush();
    expect((await world.read()).map((reading) => requestsOf(reading, production.version))).toEqual([8]);
    expect(world.failures).toEqual([
      { counter: 'tenants', alias: 'fraud/live', error: 'ThrottlingException', kept: true }, { counter: 'tenants', alias: 'fraud/live', error: 'Error', kept: false },
    ]);
  });

  test('that the table refuses for a quarter of an hour are given up', async () => {
    const world = counting();
    world.dynamoDb.fault = () => { throw new ThrottlingException({ message: 'no', $metadata: {} }); };
    world.count({ tenant: 'a' });
    for (let minute = 0; minute < 17; minute++) {
      world.now += 60_000;
      await world.flush();
    }
    expect(world.failures.filter(({ kept }) => kept === false)).toHaveLength(1);
    expect(world.failures.at(-1)).toMatchObject({ kept: false });
  });

  test('of a hundred cells take several calls, a cell never more than one', async () => {
    const plan: CounterPlan = { name: 'callers', table: 'Counters', by: { source: 'assignment' }, cells: 100, keepSeconds: 3_600 };
    const world = counting({ plan, route: { assignment: { source: 'header', name: 'x-user' } } });
    const calls: string[] = [];
    world.dynamoDb.fault = (call) => calls.push(call);
    const expected = [0, 1].map(() => new Array<number>(100).fill(0));
    for (let user = 0; user < 2_000; user++) {
      const isCandidates = user % 2 === 1;
      world.count({ headers: { 'x-user': `user ${user}` }, candidate: isCandidates, fails: user % 4 > 1 });
      expected[Number(isCandidates)][cellOf('fraud/live', `user ${user}`, 100)]++;
    }
    world.now += 10_000;
    await world.flush();
    expect(calls).toEqual(['UpdateItemCommand', 'UpdateItemCommand']);
    const [reading] = await world.read();
    expect([production, candidate].map(({ version }) => countsOf(reading, version, 100).requests)).toEqual(expected);
    expect(countsOf(reading, candidate.version, 100).bad[0].reduce((sum, failures) => sum + failures)).toBe(500);
  });

  test('are kept for the time of a rollout only, where it says so', async () => {
    for (const [rollout, counted] of [[undefined, 0], [{ id: 'r' }, 1]] as const) {
      const world = counting({ plan: { ...byTenant, during: 'rollout' }, route: { rollout } });
      world.count({ tenant: 'a' });
      world.now += 10_000;
      await world.flush();
      expect(await world.read()).toHaveLength(counted);
    }
  });

  test('of slow requests follow the thresholds of each version', async () => {
    const world = counting({
      plan: { ...byTenant, slow: true },
      route: { measures: { slowerThanMs: [10, 20], candidateSlowerThanMs: [11, 22], bins: [] } },
    });
    world.count({ tenant: 'a', latencyMs: 10.5 });
    world.count({ tenant: 'a', latencyMs: 10.5, candidate: true });
    world.count({ tenant: 'a', latencyMs: 23, candidate: true });
    world.now += 10_000;
    await world.flush();
    const [reading] = await world.read();
    expect(countsOf(reading, production.version, 4, 3).bad.map(([a]) => a)).toEqual([0, 1, 0]);
    expect(countsOf(reading, candidate.version, 4, 3).bad.map(([a]) => a)).toEqual([0, 1, 1]);
  });

  test.each<[string, CounterPlan['by'], Counted]>([
    ['a header', { source: 'header', name: 'x-tenant' }, { headers: { 'X-Tenant': 'acme' } }],
    ['a parameter of the query', { source: 'query', name: 'tenant' }, { query: { tenant: ['acme'] } }],
    ['a claim', { source: 'claim', name: 'tenant' }, { requestContext: { authorizer: { claims: { tenant: 'acme' } } } }],
    ['a value in the body', { source: 'json-path', path: '$.account.tenant' }, { body: '{"account":{"tenant":"acme"}}' }],
    ['what decides the variant', { source: 'assignment' }, { headers: { 'x-user': 'acme' } }],
  ])('are by %s', async (_, by, request) => {
    const world = counting({ plan: { ...byTenant, by, values: ['x', 'acme', 'y'] }, route: { assignment: { source: 'header', name: 'x-user' } } });
    world.count(request);
    world.now += 10_000;
    await world.flush();
    expect(countsOf((await world.read())[0], production.version, 4).requests).toEqual([0, 1, 0, 0]);
  });
});

test('names of values are one line, short, and hashed where they are to be', () => {
  expect(nameOf('acme', 'plain')).toBe('acme');
  expect(nameOf('a\n\u0000\u202eb', 'plain')).toBe('a%0A%00%E2%80%AEb');
  expect(nameOf('x'.repeat(300), 'plain')).toHaveLength(64);
  expect(nameOf(undefined, 'plain')).toBe('(none)');
  expect(nameOf('acme', 'hashed')).toMatch(/^[0-9a-f]{12}$/);
});

test('versions have tags that differ', () => {
  expect(new Set(Array.from({ length: 10_000 }, (_, index) => versionTag(`version ${index}`))).size).toBe(10_000);
});

describe('a route with counters', () => {
  const declared = (counters: unknown): unknown =>
    parseDeclaredRoute(JSON.stringify({ ...route([production]), revision: undefined, counters })).counters;

  test('is read as it was written', () => {
    expect(declared([byTenant, { ...byTenant, name: 'other', by: { source: 'json-path', path: '$.a' }, slow: true, during: 'rollout' }])).toHaveLength(2);
    expect(declared([byTenant])).toEqual([byTenant]);
  });

  test.each([
    [{ ...byTenant, name: 'Tenants!' }, 'lower-case'], [{ ...byTenant, cells: 101 }, 'from 2 to 100'], [{ ...byTenant, values: ['a'] }, 'one text less'], [{ ...byTenant, table: '' }, 'table'],
    [{ ...byTenant, by: { source: 'json-path', path: '$..a' } }, 'not a part of a request'], [{ ...byTenant, by: { source: 'cookie', name: 'a' } }, 'not a part of a request'], [{ ...byTenant, names: 'all' }, 'names'],
    [{ ...byTenant, during: 'always' }, 'during'], [{ ...byTenant, keepSeconds: 0 }, 'keepSeconds'],
  ])('that no router could follow is refused', (counter, reason) => {
    expect(() => declared([counter])).toThrow(reason);
  });

  test('of one name twice, or of too many, is refused', () => {
    expect(() => declared([byTenant, byTenant])).toThrow('same name');
    expect(() => declared(Array.from({ length: 9 }, (_, index) => ({ ...byTenant, name: `t${index}` })))).toThrow('at most 8');
  });
});
