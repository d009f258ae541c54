import fc from 'fast-check';
import type { RouterError } from '../../../lambda/shared/http/errors';
import { ErrorCode } from '../../../lambda/shared/http/errors';
import type { Attempt } from '../../../lambda/router/metrics';
import { failure, FailureClass, isRefusal, type Outcome } from '../../../lambda/shared/http/outcome';
import { fits } from '../../../lambda/shared/http/reply';
import { readRequest } from '../../../lambda/shared/http/request';
import { RetryBudget } from '../../../lambda/router/retry-budget';
import { RouteCache } from '../../../lambda/shared/routes/route-cache';
import { type RouterPorts, serve } from '../../../lambda/router/serve';
import { routeKey } from '../../../lib/core/names';
import { assignByCell } from '../../../lib/core/routing/assign-by-cell';
import { thresholdsFor } from '../../../lib/core/routing/measures';
import type { Route, Variant } from '../../../lib/core/routing/route';
import { randomOf } from '../../../rehearsal/engine/random';
import { apiEvent, route, variant } from '../../fixtures/serving';
import { Part, type Served } from '../../../lambda/router/served';

const ok = (text = '{"y":1}'): Outcome => ({
  kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text),
});
const failed = (failureClass: FailureClass): Outcome => failure(failureClass, ErrorCode.MODEL_ERROR, failureClass);

const production = variant('production');
const candidate = variant('candidate', { role: 'candidate', timeBudgetMs: 50 });

/** A router over variants that behave as given; by default all callers meet the candidate. */
function router(options: {
  behave?: { [variant: string]: (attempt: number, signal: AbortSignal) => Outcome | Promise<Outcome> };
  routes?: (Route | undefined | Error)[];
  timeoutMs?: number;
}): {
  call: (event?: Parameters<typeof apiEvent>[0]) => Promise<Served>;
  attempts: Attempt[];
  called: string[];
  notices: unknown[];
  reserved: string[];
} {
  const attempts: Attempt[] = [];
  const called: string[] = [];
  const notices: unknown[] = [];
  const reserved: string[] = [];
  const routes = options.routes ?? [route([{ ...production, weight: 0 }, candidate])];
  let reads = 0;
  const store = {
    read: async () => {
      const next = routes[Math.min(reads++, routes.length - 1)];
      if (next instanceof Error) {
        throw next;
      }
      return next;
    },
  };
  const backend = {
    invoke: async (target: Variant['target'], _: unknown, signal: AbortSignal) => {
      const name = (target as { functionArn: string }).functionArn.split(':').at(-1)!;
      called.push(name);
      return (options.behave?.[name] ?? (() => ok()))(called.filter((other) => other === name).length, signal);
    },
  };
  const ports: RouterPorts = {
    endpoint: 'fraud',
    timeoutMs: options.timeoutMs ?? 1_000,
    routes: new RouteCache(store, (alias, error) => notices.push({ alias, error })),
    backends: { lambda: backend as never, sagemaker: backend as never, 'sagemaker-component': backend as never, http: backend as never, bedrock: backend as never },
    recorder: { record: (attempt) => attempts.push(attempt), reserved: ({ variant: { name } }) => reserved.push(name) },
    keyed: { count: () => undefined },
    retries: new RetryBudget(),
    onFailure: (details) => notices.push(details),
    clock: () => performance.now(),
  };
  return { call: (event) => serve(readRequest(apiEvent(event)), ports), attempts, called, notices, reserved };
}

/** A model that answers only when it is told to stop. */
const hang = (_: number, signal: AbortSignal): Promise<Outcome> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(failed(FailureClass.TIMEOUT))));

describe('a candidate that cannot serve', () => {
  test.each([FailureClass.MODEL, FailureClass.THROTTLE, FailureClass.BACKEND, FailureClass.GONE, FailureClass.CALLER])(
    'with the failure %s is replaced by production, and the failure stays the candidate\'s',
    async (failureClass) => {
      const { call, attempts, called } = router({ behave: { candidate: () => failed(failureClass) } });
      const { variant: served, outcome } = await call();
      expect([served.name, outcome.kind]).toEqual(['production', 'answer']);
      expect([...new Set(called)]).toEqual(['candidate', 'production']);
      expect(attempts.map((a) => [a.variant.name, a.part, a.fellBack, a.failed, a.overheadMs !== undefined])).toEqual([
        ['candidate', Part.ASSIGNED, true, failureClass === FailureClass.CALLER ? FailureClass.REFUSED : failureClass, false], ['production', Part.FALLBACK, false, undefined, true],
      ]);
    },
  );

  test('within its time budget is stopped, and production has the rest', async () => {
    const { call, attempts } = router({ behave: { candidate: hang } });
    expect((await call()).variant.name).toBe('production');
    expect(attempts[0].outcome).toMatchObject({ class: FailureClass.TIMEOUT });
  });

  test('because of the size of the body is not called', async () => {
    const small = { ...candidate, target: { ...candidate.target, maxRequestBytes: 4 } };
    const { call, called, attempts } = router({ routes: [route([{ ...production, weight: 0 }, small])] });
    expect((await call()).variant.name).toBe('production');
    expect(called).toEqual(['production']);
    expect(attempts[0].failed).toBe(FailureClass.REFUSED);
  });

  const refusal: Outcome = { kind: 'answer', status: 422, headers: {}, body: new Uint8Array() };
  test.each<[string, Outcome, Outcome, FailureClass | undefined, FailureClass | undefined]>([
    ['with a 4xx of its own while production answers', refusal, ok(), FailureClass.REFUSED, undefined],
    ['with a refusal of the router\'s while production answers', failed(FailureClass.CALLER), ok(), FailureClass.REFUSED, undefined],
    ['with a 4xx, and production refuses in its own way', refusal, failed(FailureClass.CALLER), undefined, undefined],
    ['with a refusal, and production answers with a 4xx', failed(FailureClass.CALLER), refusal, undefined, undefined],
    ['with a 4xx, and production fails: nobody knows, and that is no excuse', refusal, failed(FailureClass.MODEL), FailureClass.REFUSED, FailureClass.MODEL],
    ['with a failure, and production refuses', failed(FailureClass.MODEL), refusal, FailureClass.MODEL, undefined],
  ])('%s is judged by what production says of the same request', async (_, own, instead, ofCandidate, ofProduction) => {
    const { call, attempts } = router({ behave: { candidate: () => own, production: () => instead } });
    expect((await call()).outcome).toEqual(instead);
    expect(attempts.map((attempt) => attempt.failed)).toEqual([ofCandidate, ofProduction]);
  });

  test('by an exception in the router itself is replaced', async () => {
    const { call, notices } = router({ behave: { candidate: () => { throw new TypeError('ours'); } } });
    expect((await call()).variant.name).toBe('production');
    expect(notices[0]).toMatchObject({ notice: 'backend threw', error: 'TypeError' });
  });

  test('with an answer that Lambda could not return is replaced', async () => {
    const huge: Outcome = { kind: 'answer', status: 200, headers: {}, body: new Uint8Array(5_000_000) };
    const { call, attempts } = router({ behave: { candidate: () => huge } });
    expect((await call()).variant.name).toBe('production');
    expect(attempts[0].outcome).toMatchObject({ class: FailureClass.MODEL });
  });
});

describe('a control', () => {
  const control = variant('control', { role: 'control', version: `${production.version}control`, timeBudgetMs: 50 });
  const routes = [route([{ ...production, weight: 20 }, { ...candidate, weight: 40 }, { ...control, weight: 40 }])];

  test('gets its share, is treated as the candidate is, and what it does not answer production does', async () => {
    const { call, attempts } = router({
      routes,
      behave: { candidate: () => failed(FailureClass.MODEL), control: () => failed(FailureClass.MODEL) },
    });
    for (let request = 0; request < 400; request++) {
      const { variant: answered, outcome } = await call({ headers: { 'x-amzn-sagemaker-inference-id': `r${request}` } });
      expect([answered.name, outcome.kind]).toEqual(['production', 'answer']);
    }
    const of = (name: string, part: Part): number => attempts.filter((attempt) => attempt.variant.name === name && attempt.part === part && (attempt.failed === undefined) === (name === 'production')).length;
    expect(of('control', Part.ASSIGNED)).toBeGreaterThan(120);
    expect(of('candidate', Part.ASSIGNED)).toBeGreaterThan(120);
    expect(of('production', Part.ASSIGNED)).toBeGreaterThan(50);
    expect(of('production', Part.FALLBACK)).toBe(of('control', Part.ASSIGNED) + of('candidate', Part.ASSIGNED));
  });

  test('is measured by production\'s thresholds', () => {
    const measures = { slowerThanMs: [100], candidateSlowerThanMs: [110], bins: [] };
    expect((['production', 'control', 'candidate'] as const).map((role) => thresholdsFor(measures, role))).toEqual([[100], [100], [110]]);
  });

  test('has nothing once the lease has run out', async () => {
    const { call } = router({ routes: [{ ...routes[0], lease: { until: Date.now() - 1 } }] });
    expect((await call()).variant.name).toBe('production');
  });
});

describe('a candidate that is slow', () => {
  beforeEach(() => { jest.useFakeTimers(); });
  afterEach(() => { jest.useRealTimers(); });

  const T = 1_000;
  const slow = [route([{ ...production, weight: 0 }, { ...candidate, timeBudgetMs: 990 }])];
  /** A model that takes as long as it is told, unless it is stopped. */
  const taking = (ms: number, outcome = ok()) => (_: number, signal: AbortSignal): Promise<Outcome> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(outcome), ms);
      signal.addEventListener('abort', () => { clearTimeout(timer); resolve(failed(FailureClass.TIMEOUT)); });
    });
  const serving = async (behave: Parameters<typeof router>[0]['behave']): Promise<ReturnType<typeof router> & { served: Served; afterMs: number }> => {
    const world = router({ routes: slow, timeoutMs: T, behave });
    const started = performance.now();
    const running = world.call().then((served) => ({ served, afterMs: performance.now() - started }));
    await jest.advanceTimersByTimeAsync(T);
    return { ...world, ...(await running) };
  };

  test('answers in its own time; production is asked at half-time, its answer is not needed, and is no failure of anybody', async () => {
    const { served, attempts, called, reserved, afterMs } = await serving({ candidate: taking(800), production: taking(100) });
    expect([served.variant.name, afterMs, called, reserved]).toEqual(['candidate', 800, ['candidate', 'production'], ['production']]);
    expect(attempts).toMatchObject([{ variant: { name: 'candidate' }, latencyMs: 800, fellBack: false }]);
    expect(attempts[0].failed).toBeUndefined();
  });

  test('answers while production is at work, which is stopped', async () => {
    const { served, attempts, reserved } = await serving({ candidate: taking(600), production: taking(400) });
    expect([served.variant.name, attempts.length, reserved]).toEqual(['candidate', 1, ['production']]);
  });

  test('and fails in the end costs no time beyond: production\'s answer is there', async () => {
    const { served, attempts, called, afterMs } = await serving({
      candidate: taking(700, failed(FailureClass.MODEL)),
      production: taking(100),
    });
    expect([served.variant.name, afterMs, called]).toEqual(['production', 700, ['candidate', 'production']]);
    expect(attempts.map(({ part, failed: how }) => [part, how])).toEqual([[Part.ASSIGNED, FailureClass.MODEL], [Part.FALLBACK, undefined]]);
  });

  test('and hangs is a time-out when its budget ends, not before', async () => {
    const { served, attempts, afterMs, reserved } = await serving({ candidate: hang, production: taking(400) });
    expect([served.variant.name, served.outcome.kind, afterMs, reserved]).toEqual(['production', 'answer', 990, []]);
    expect(attempts.map(({ failed: how }) => how)).toEqual([FailureClass.TIMEOUT, undefined]);
  });

  test('waits for production to the end where both are', async () => {
    const { served, afterMs } = await serving({ candidate: hang, production: taking(498) });
    expect([served.variant.name, served.outcome.kind, afterMs]).toEqual(['production', 'answer', 998]);
  });

  test('and answers before half-time costs production nothing', async () => {
    const { called } = await serving({ candidate: taking(499), production: taking(100) });
    expect(called).toEqual(['candidate']);
  });

  test('as production is costs no caller an answer, and is as good in the counts', async () => {
    // Production's median is 2 s, its 99th percentile 16 s, and 28.5 s are the limit: 0.15 % of its own answers come too late.
    const random = randomOf(7);
    const latency = (): number => 2_000 * Math.exp(0.894 * random.normal());
    const [requests, unanswered] = [6_000, { production: 0, candidate: 0 }];
    const world = router({
      timeoutMs: 28_500, routes: [route([{ ...production, weight: 1 }, { ...candidate, weight: 1, timeBudgetMs: 28_250 }])],
      behave: { production: (_, signal) => taking(latency())(_, signal), candidate: (_, signal) => taking(latency())(_, signal) },
    });
    const running = Promise.all(Array.from({ length: requests }, async (_, i) => {
      const { attempts: [{ variant: { name } }], outcome } = await world.call({ headers: { 'x-amzn-sagemaker-inference-id': `r${i}` } });
      unanswered[name as 'production' | 'candidate'] += Number(outcome.kind === 'failure');
    }));
    await jest.advanceTimersByTimeAsync(28_500);
    await running;
    const rate = (name: string): number => {
      const own = world.attempts.filter((attempt) => attempt.variant.name === name && attempt.part === Part.ASSIGNED);
      return own.filter(({ failed: how }) => how !== undefined).length / own.length;
    };
    expect(rate('production')).toBeGreaterThan(0);
    // Half of the requests each; a binomial deviation of 0.15 % of 3,000 is 0.07 %.
    expect(Math.abs(rate('candidate') - rate('production'))).toBeLessThan(0.003);
    expect(unanswered.candidate).toBeLessThanOrEqual(unanswered.production);
    // Production is asked besides for the slow tail only, 1.4 % of the candidate's requests.
    expect(world.reserved.length).toBeLessThan(0.03 * requests / 2);
  });
});

describe('an answer fits', () => {
  const answer = (body: Uint8Array, type: string, takesBytes = false): boolean => fits({ headers: { 'content-type': type }, body }, takesBytes);
  const limit = 6_291_456 - 16_384;

  test.each<[string, number, string, string]>([
    ['plain text', 1, 'a', 'text/plain'],
    ['text that is escaped', 2, '"', 'application/json'],
    ['control characters', 6, '\u0001', 'text/plain'],
    ['letters of two bytes', 2, 'ü', 'text/plain'],
  ])('of %s while JSON has room for it', (_, grown, unit, type) => {
    const most = Math.floor(limit / grown);
    const body = (units: number): Buffer => Buffer.from(unit.repeat(units));
    expect([answer(body(most - 2), type), answer(body(most + 2), type)]).toEqual([true, false]);
  });

  test.each([['image/png'], ['text/csv']])('of bytes while base64 has room for it, whatever they say that they are: %s', (type) => {
    const most = (limit / 4) * 3;
    expect([answer(Buffer.alloc(most, 0xff), type), answer(Buffer.alloc(most + 1, 0xff), type)]).toEqual([true, false]);
  });

  test('of text that escaping makes too long, as base64 to those who can be given that', () => {
    const quotes = Buffer.from('"'.repeat((limit / 4) * 3));
    expect([answer(quotes, 'text/plain'), answer(quotes, 'text/plain', true)]).toEqual([false, true]);
  });
});

describe('production that cannot serve', () => {
  const alone = [route([production])];

  test('fails as it is when the model is at fault', async () => {
    const { call, called } = router({ routes: alone, behave: { production: () => failed(FailureClass.MODEL) } });
    expect((await call()).outcome).toMatchObject({ kind: 'failure', class: FailureClass.MODEL });
    expect(called).toEqual(['production']);
  });

  test('is asked once more after a failure of its service', async () => {
    const { call, called, attempts } = router({
      routes: alone, behave: { production: (attempt) => (attempt === 1 ? failed(FailureClass.BACKEND) : ok()) },
    });
    expect((await call()).outcome.kind).toBe('answer');
    expect(called).toHaveLength(2);
    expect(attempts).toMatchObject([{ part: Part.ASSIGNED, retries: 1 }]);
    expect(attempts[0].failed).toBeUndefined();
  });

  test('because it was deleted is replaced by what the route says now', async () => {
    const next = variant('next');
    const { call, called, attempts } = router({
      routes: [alone[0], route([next], { revision: 2 })], behave: { production: () => failed(FailureClass.GONE) },
    });
    expect((await call()).variant.name).toBe('next');
    expect(called).toEqual(['production', 'next']);
    // The request never was the deleted one's.
    expect(attempts).toMatchObject([{ variant: { name: 'next' }, part: Part.ASSIGNED, retries: 1 }]);
  });

  test('because it was deleted fails when the route has not changed', async () => {
    const { call, called } = router({ routes: alone, behave: { production: () => failed(FailureClass.GONE) } });
    expect((await call()).outcome).toMatchObject({ class: FailureClass.GONE });
    expect(called).toEqual(['production']);
  });

  test('in time fails with a time-out, and is not asked again', async () => {
    const { call, called } = router({ routes: alone, timeoutMs: 50, behave: { production: hang } });
    expect((await call()).outcome).toMatchObject({ class: FailureClass.TIMEOUT });
    expect(called).toEqual(['production']);
  });
});

describe('routes', () => {
  test('an expired lease sends everybody to production', async () => {
    const leased = route([{ ...production, weight: 0 }, candidate], { lease: { until: Date.now() - 1 } });
    expect((await router({ routes: [leased] }).call()).variant.name).toBe('production');
    const running = route([{ ...production, weight: 0 }, candidate], { lease: { until: Date.now() + 60_000 } });
    expect((await router({ routes: [running] }).call()).variant.name).toBe('candidate');
  });

  test('fails for an alias that is not there', async () => {
    await expect(router({ routes: [undefined] }).call({ alias: 'nope' })).rejects.toMatchObject({ code: ErrorCode.ALIAS_NOT_FOUND });
  });

  test('fails without a route when the table was never read', async () => {
    const { call, notices } = router({ routes: [new Error('unreachable')] });
    await expect(call()).rejects.toMatchObject({ code: ErrorCode.NO_ROUTE });
    expect(notices).toHaveLength(1);
  });
});

describe('a stateful session', () => {
  const split = [route([{ ...production, weight: 50 }, { ...candidate, weight: 50 }])];
  const session = (id: string): Parameters<typeof apiEvent>[0] => ({ headers: { 'X-Amzn-SageMaker-Session-Id': id } });

  test.each([production, candidate])('stays with the version that opened it, whatever the others have: $name', async ({ name, version }) => {
    const { call } = router({ routes: split });
    const served = await Promise.all(Array.from({ length: 20 }, (_, index) => call(session(`s-${index}-mr-${version}`))));
    expect(new Set(served.map(({ variant: answered }) => answered.name))).toEqual(new Set([name]));
  });

  test('does not keep a candidate in traffic that has lost its lease', async () => {
    const { call } = router({ routes: [{ ...split[0], lease: { until: Date.now() - 1 } }] });
    expect((await call(session(`s-1-mr-${candidate.version}`))).variant.name).toBe('production');
  });
});

describe('another try of a caller\'s request', () => {
  const sent = (request: string): { headers: { [name: string]: string } } => ({ headers: { 'amz-sdk-request': request } });

  test.each([
    ['attempt=1; max=3', Part.ASSIGNED], ['attempt=2; max=3', Part.REPEATED], ['ttl=20260301T120000Z; attempt=3; max=3', Part.REPEATED],
    ['attempt=x', Part.ASSIGNED], ['', Part.ASSIGNED],
  ])('is no request of its own where the SDK says so: %s', async (header, part) => {
    const { call, attempts } = router({ routes: [route([production])] });
    await call(sent(header));
    expect(attempts).toMatchObject([{ part }]);
  });

  test.each([['0', Part.ASSIGNED], ['1', Part.REPEATED], ['', Part.ASSIGNED]])('nor where OpenAI\'s client says so: %s', async (retries, part) => {
    const { call, attempts } = router({ routes: [route([production])] });
    await call({ headers: { 'x-stainless-retry-count': retries } });
    expect(attempts).toMatchObject([{ part }]);
  });

  test('is answered by production in the candidate\'s place as the first one is', async () => {
    const toCandidate = route([{ ...production, weight: 0 }, { ...candidate, weight: 100 }]);
    const { call, attempts } = router({ routes: [toCandidate], behave: { candidate: () => failed(FailureClass.MODEL) } });
    expect((await call(sent('attempt=2; max=3'))).outcome).toMatchObject({ kind: 'answer' });
    expect(attempts).toMatchObject([{ part: Part.REPEATED, fellBack: true }, { part: Part.FALLBACK }]);
  });
});

describe('a chosen variant', () => {
  const open = [route([production, { ...candidate, weight: 0 }], { targetVariantAccess: { kind: 'everyone' } })];
  const header = (name: string): { headers: { [name: string]: string } } => ({ headers: { 'X-Amzn-SageMaker-Target-Variant': name } });

  test('serves whatever its weight', async () => {
    expect((await router({ routes: open }).call(header('candidate'))).variant.name).toBe('candidate');
  });

  test('is not replaced when it fails: its answer is what was asked for', async () => {
    const { call, called, attempts } = router({ routes: open, behave: { candidate: () => failed(FailureClass.MODEL) } });
    expect((await call(header('candidate'))).outcome).toMatchObject({ class: FailureClass.MODEL });
    expect(called).toEqual(['candidate']);
    expect(attempts).toMatchObject([{ part: Part.CHOSEN, failed: FailureClass.MODEL }]);
  });

  test('that refuses is not found guilty: nobody else was asked', async () => {
    const { call, attempts } = router({ routes: open, behave: { candidate: () => failed(FailureClass.CALLER) } });
    await call(header('candidate'));
    expect(attempts).toMatchObject([{ part: Part.CHOSEN }]);
    expect(attempts[0].failed).toBeUndefined();
  });

  test('fails when it does not exist', async () => {
    await expect(router({ routes: open }).call(header('v9'))).rejects.toMatchObject({ code: ErrorCode.VARIANT_NOT_FOUND });
  });

  test.each<[string, Route['targetVariantAccess'], object, boolean]>([
    ['nobody may', { kind: 'nobody' }, {}, false],
    ['a session of the role', { kind: 'principals', arns: ['arn:aws:iam::1234:role/tester'] }, { userArn: 'arn:aws:sts::123400000000:assumed-role/tester/me' }, false],
    ['a session of the role of this account', { kind: 'principals', arns: ['arn:aws:iam::123400000000:role/tester'] }, { userArn: 'arn:aws:sts::123400000000:assumed-role/tester/me' }, true],
    ['a session of another role', { kind: 'principals', arns: ['arn:aws:iam::123400000000:role/tester'] }, { userArn: 'arn:aws:sts::123400000000:assumed-role/tester2/me' }, false],
    ['a user', { kind: 'principals', arns: ['arn:aws:iam::1:user/me'] }, { userArn: 'arn:aws:iam::1:user/me' }, true],
    ['nobody known', { kind: 'principals', arns: ['arn:aws:iam::1:user/me'] }, {}, false],
  ])('%s', async (_, access, identity, allowed) => {
    const { call } = router({ routes: [route([production, candidate], { targetVariantAccess: access })] });
    const served = call({ ...header('candidate'), requestContext: { identity } });
    if (allowed) {
      expect((await served).variant.name).toBe('candidate');
    } else {
      await expect(served).rejects.toMatchObject({ code: ErrorCode.TARGET_VARIANT_NOT_ALLOWED });
    }
  });

  test.each([
    [{ claims: { scope: 'read tester' } }, true],
    [{ scope: 'tester' }, true],
    [{ claims: { scope: 'testers' } }, false],
    [null, false],
  ])('a claim %j', async (authorizer, allowed) => {
    const access = { kind: 'claim', name: 'scope', value: 'tester' } as const;
    const { call } = router({ routes: [route([production, candidate], { targetVariantAccess: access })] });
    const name = await call({ ...header('candidate'), requestContext: { authorizer } }).then((s) => s.variant.name, (e: RouterError) => e.code);
    expect(name).toBe(allowed ? 'candidate' : ErrorCode.TARGET_VARIANT_NOT_ALLOWED);
  });
});

describe('the key', () => {
  const split = (assignment: Route['assignment']): Route[] => [route([production, { ...candidate, weight: 1, timeBudgetMs: 900 }], { assignment })];
  const served = async (assignment: Route['assignment'], event: Parameters<typeof apiEvent>[0]): Promise<string> =>
    (await router({ routes: split(assignment) }).call(event)).variant.name;

  test('goes by cells where a rollout compares callers with what they did before', async () => {
    const event = (user: string): Parameters<typeof apiEvent>[0] => ({ headers: { 'x-user': user } });
    const byCells = route([{ ...production, weight: 75 }, { ...candidate, weight: 25, timeBudgetMs: 900 }], {
      assignment: { source: 'header', name: 'x-user' }, lease: { until: Date.now() + 60_000 }, rollout: { id: 'r1', startedAt: 1, byCells: true },
    });
    const { call } = router({ routes: [byCells] });
    for (let user = 0; user < 60; user++) {
      const expected = assignByCell(routeKey('fraud', 'live'), `user-${user}`, { production: byCells.variants[0], candidate: byCells.variants[1] });
      expect((await call(event(`user-${user}`))).variant.name).toBe(expected.name);
    }
  });

  test('of a header decides, whatever the inference id is', async () => {
    for (let caller = 0; caller < 20; caller++) {
      const names = new Set<string>();
      for (let request = 0; request < 5; request++) {
        names.add(await served({ source: 'header', name: 'x-user' }, {
          headers: { 'X-User': `u${caller}`, 'x-amzn-sagemaker-inference-id': `r${request}` },
        }));
      }
      expect(names.size).toBe(1);
    }
  });

  test('of the body decides, and a body without it is decided by the inference id', async () => {
    const key = { source: 'json-path', path: '$.user.id' } as const;
    const byUser = await Promise.all([1, 2, 3].map((request) =>
      served(key, { body: JSON.stringify({ user: { id: 7 }, request }), headers: { 'x-amzn-sagemaker-inference-id': `r${request}` } })));
    expect(new Set(byUser).size).toBe(1);
    const byId = await Promise.all(Array.from({ length: 20 }, (_, request) =>
      served(key, { body: 'no json', headers: { 'x-amzn-sagemaker-inference-id': `r${request}` } })));
    expect(new Set(byId).size).toBe(2);
  });

  test.each(['has space', 'a'.repeat(65), 'ü'])('fails for the inference id %j', async (id) => {
    await expect(router({}).call({ headers: { 'x-amzn-sagemaker-inference-id': id } })).rejects.toMatchObject({ code: ErrorCode.MALFORMED_REQUEST });
  });
});

test('whatever the variants do, every request is counted once for whom it was assigned to, and the caller has production\'s answer or a candidate\'s success', async () => {
  const outcome = fc.constantFrom('ok', ...Object.values(FailureClass));
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { minLength: 2, maxLength: 2 }),
      fc.array(outcome, { minLength: 2, maxLength: 2 }),
      async (first, rest) => {
        const made = (kind: string): Outcome => (kind === 'ok' ? ok() : failed(kind as FailureClass));
        const { call, attempts, called } = router({
          behave: { candidate: (attempt) => made(first[attempt - 1]), production: (attempt) => made(rest[attempt - 1]) },
        });
        const { variant: served, outcome: result } = await call();
        expect(attempts.map((a) => [a.variant.name, a.part])).toEqual(
          [
            ['candidate', Part.ASSIGNED],
            ['production', Part.FALLBACK],
          ].slice(0, attempts.length),
        );
        expect(attempts.flatMap((a) => Array.from({ length: 1 + a.retries }, () => a.variant.name))).toEqual(called);
        expect(attempts.filter((a) => a.overheadMs !== undefined)).toHaveLength(1);
        expect(attempts.map((a) => a.fellBack)).toEqual([attempts.length > 1, false].slice(0, attempts.length));
        expect(served.name === 'production' || result.kind === 'answer').toBe(true);
        expect(attempts[0].failed === undefined).toBe(attempts.length === 1 || attempts.every((attempt) => isRefusal(attempt.outcome)));
      },
    ),
  );
});

test.each<[string, (attempt: Attempt) => boolean, Outcome]>([
  ['refuse', (attempt) => attempt.outcome.kind === 'answer' && attempt.outcome.status === 422, { kind: 'answer', status: 422, headers: {}, body: new Uint8Array() }],
  ['fail', (attempt) => attempt.failed !== undefined, failed(FailureClass.MODEL)],
])('versions that %s the same requests have the same rates, however large the candidate\'s share is', async (_, isBad, bad) => {
  const versions = [{ ...production, weight: 5 }, { ...candidate, weight: 95 }];
  const requests = 2_000;
  let number = 0;
  const { call, attempts } = router({
    routes: [route(versions)],
    behave: { production: () => (number % 20 === 0 ? bad : ok()), candidate: () => (number % 20 === 0 ? bad : ok()) },
  });
  for (; number < requests; number++) {
    await call({ headers: { 'x-amzn-sagemaker-inference-id': `request-${number}` } });
  }
  const own = (name: string): Attempt[] => attempts.filter((attempt) => attempt.variant.name === name && attempt.part === Part.ASSIGNED);
  expect(own('production').length + own('candidate').length).toBe(requests);
  for (const name of ['production', 'candidate']) {
    // One in twenty, give or take four standard deviations.
    const { length } = own(name);
    expect(Math.abs(own(name).filter(isBad).length - length / 20)).toBeLessThan(4 * Math.sqrt(length * 0.05 * 0.95));
  }
  expect(attempts.filter(({ part }) => part === Part.FALLBACK)).toHaveLength(own('candidate').filter(isBad).length);
});
