import fc from 'fast-check';
import type { Attempt } from '../../../lambda/router/metrics';
import { RetryBudget } from '../../../lambda/router/retry-budget';
import { Part, type Served } from '../../../lambda/router/served';
import { type RouterPorts, serve } from '../../../lambda/router/serve';
import { ErrorCode } from '../../../lambda/shared/http/errors';
import { failure, FailureClass, type Outcome } from '../../../lambda/shared/http/outcome';
import { type InferenceRequest, readRequest } from '../../../lambda/shared/http/request';
import type { Route, Variant } from '../../../lib/core/routing/route';
import { signedToken } from '../../../lib/core/routing/session-token';
import { apiEvent, route, variant } from '../../fixtures/serving';

const SENT = 'x-amzn-sagemaker-session-id';
const NEW = 'x-amzn-sagemaker-new-session-id';
const CLOSED = 'x-amzn-sagemaker-closed-session-id';

const sessionKeys = [{ id: 'a1', key: Buffer.alloc(32, 7).toString('base64'), from: 0 }];
const production = variant('production', { version: 'v1', weight: 50 });
const candidate = variant('candidate', { version: 'v2', weight: 50, role: 'candidate' });
const alias = (variants: Variant[], overrides: Partial<Route> = {}): Route =>
  route(variants, { assignment: { source: 'session', lifetimeSeconds: 3_600 }, sessionKeys, ...overrides });
const rollout = (percent: number, sharesSince = 0): Route =>
  alias([{ ...production, weight: 100 - percent }, { ...candidate, weight: percent }], { lease: { until: Date.now() + 60_000 }, rollout: { id: 'r', sharesSince } });

/** A router whose alias does what `standing` says at the time. */
function routerOf(standing: () => Route, model: (name: string, request: InferenceRequest) => Outcome = () => answer()): {
  readonly ask: (token?: string, headers?: { [name: string]: string }, claims?: object) => Promise<Served>;
  readonly attempts: Attempt[];
  readonly seen: (string | undefined)[];
} {
  const attempts: Attempt[] = [];
  const seen: (string | undefined)[] = [];
  const backend = {
    invoke: async (target: Variant['target'], request: InferenceRequest) => {
      seen.push(request.session?.ofRouter === true ? `router's ${request.headers.get(SENT)}` : request.headers.get(SENT));
      return model((target as { functionArn: string }).functionArn.split(':').at(-1)!, request);
    },
  };
  const ports: RouterPorts = {
    endpoint: 'chat', timeoutMs: 1_000, routes: { get: async () => standing(), refresh: async () => standing() },
    backends: { lambda: backend as never, sagemaker: backend as never, 'sagemaker-component': backend as never, http: backend as never, bedrock: backend as never },
    recorder: { record: (attempt) => attempts.push(attempt), reserved: () => undefined },
    keyed: { count: () => undefined }, retries: new RetryBudget(), onFailure: () => undefined, clock: () => performance.now(),
  };
  return {
    attempts, seen,
    ask: (token, headers = {}, claims = {}) => serve(readRequest(apiEvent({
      headers: { ...(token === undefined ? {} : { [SENT]: token }), ...headers }, requestContext: { authorizer: claims },
    })), ports),
  };
}

function answer(headers: { [name: string]: string } = {}): Outcome {
  return { kind: 'answer', status: 200, headers, body: Buffer.from('{}') };
}

const tokenOf = ({ conversation }: Served): string => conversation![NEW].split(';')[0];

describe('a conversation', () => {
  test('stays with its version whatever happens to the shares, and only its first answer has the token, with the time until which it is good', async () => {
    let standing = rollout(50);
    const { ask } = routerOf(() => standing);
    const opened = await Promise.all(Array.from({ length: 40 }, () => ask()));
    expect(new Set(opened.map(({ variant: { name } }) => name))).toEqual(new Set(['production', 'candidate']));
    expect(opened[0].conversation![NEW]).toMatch(/; Expires=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    for (const percent of [0.001, 99, 100, 20]) {
      standing = rollout(percent);
      for (const first of opened) {
        const turn = await ask(tokenOf(first));
        expect([turn.variant.name, turn.conversation]).toEqual([first.variant.name, {}]);
      }
    }
    // With what SageMaker says behind an id, as some clients would send it.
    expect((await ask(opened[0].conversation![NEW])).variant.name).toBe(opened[0].variant.name);
  });

  test('of the candidate becomes one of production when that is promoted, and production\'s own stay until the version goes', async () => {
    let standing = rollout(50);
    const { ask } = routerOf(() => standing);
    const opened = await Promise.all(Array.from({ length: 20 }, () => ask()));
    standing = alias([{ ...candidate, name: 'production', role: 'production', weight: 1 }]);
    for (const first of opened) {
      const turn = await ask(tokenOf(first));
      expect(turn.variant.version).toBe('v2');
      if (first.variant.version === 'v2') {
        expect(turn.conversation).toEqual({});
      } else {
        expect([turn.conversation![CLOSED], tokenOf(turn)]).toEqual([tokenOf(first), expect.not.stringMatching(tokenOf(first))]);
        expect((await ask(tokenOf(turn))).conversation).toEqual({});
      }
    }
  });

  test.each<[string, Route]>([
    ['rolled back', alias([{ ...production, weight: 1 }])],
    ['no more leased', { ...rollout(50), lease: { until: 1 } }],
  ])('of a candidate that is %s moves to production, and the answer says so with both tokens', async (_, after) => {
    let standing = rollout(99.99);
    const { ask } = routerOf(() => standing);
    const first = await ask();
    expect(first.variant.name).toBe('candidate');
    standing = after;
    const moved = await ask(tokenOf(first));
    expect([moved.variant.name, moved.conversation![CLOSED]]).toEqual(['production', tokenOf(first)]);
    expect((await ask(tokenOf(moved))).conversation).toEqual({});
  });

  test('of a candidate that fails is answered by production, and stays with the candidate, which it counts against', async () => {
    const { ask, attempts } = routerOf(() => rollout(99.99), (name) =>
      name === 'candidate' ? failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'broken') : answer());
    const first = await ask();
    expect(first.variant.name).toBe('production');
    const turn = await ask(tokenOf(first));
    expect([turn.variant.name, turn.conversation]).toEqual(['production', {}]);
    expect(attempts.filter(({ part }) => part === Part.ASSIGNED).map(({ variant: { name }, failed }) => [name, failed])).toEqual([['candidate', 'model'], ['candidate', 'model']]);
  });

  test.each<[string, string | undefined]>([
    ['is forged', 's-1-mr-v2-r-0-zzzzzz-a1-00000000000000000000000000000000'],
    ['is an id of somebody else\'s', 'session-1'],
    ['is another alias\'s', signedToken('chat/beta', { id: 'x', byModel: false, version: 'v2', openedAt: 1, expiresAt: 4e9 }, sessionKeys, 1)],
    ['is another endpoint\'s', signedToken('talk/live', { id: 'x', byModel: false, version: 'v2', openedAt: 1, expiresAt: 4e9 }, sessionKeys, 1)],
  ])('begins anew where the token %s, and no model sees it', async (_, token) => {
    const { ask, seen } = routerOf(() => rollout(0.001));
    const turn = await ask(token);
    expect([turn.variant.name, Object.keys(turn.conversation!), seen]).toEqual(['production', [NEW], [undefined]]);
  });

  test('that has lasted as long as it may is over', async () => {
    const expired = signedToken('chat/live', { id: 'x', byModel: false, version: 'v2', openedAt: 1, expiresAt: 1_000 }, sessionKeys, 1)!;
    const turn = await routerOf(() => rollout(0.001)).ask(expired);
    expect([turn.variant.name, turn.conversation![CLOSED]]).toEqual(['production', expired]);
  });

  test('gets a token on an alias with one version too, and none where no key is there', async () => {
    expect(tokenOf(await routerOf(() => alias([production])).ask())).toContain('-mr-v1-');
    expect((await routerOf(() => ({ ...alias([production]), sessionKeys: undefined })).ask()).conversation).toEqual({});
  });

  test('is asked of models with its own id, and a session that the model keeps is opened again where it is lost', async () => {
    let standing = rollout(99.99);
    const { ask, seen } = routerOf(() => standing, (name, { headers }) =>
      answer(headers.get(SENT) === 'NEW_SESSION' ? { [NEW]: `${name}-7; Expires=2030-01-01T00:00:00Z` } : {}));
    const plain = await ask();
    await ask(tokenOf(plain));
    const kept = await ask('NEW_SESSION');
    expect(kept.conversation![NEW]).toMatch(/^candidate-7-mr-v2-m-.*; Expires=2030-01-01T00:00:00Z$/);
    await ask(tokenOf(kept));
    standing = alias([{ ...production, weight: 1 }]);
    const moved = await ask(tokenOf(kept));
    expect(moved.conversation).toEqual({ [CLOSED]: tokenOf(kept), [NEW]: expect.stringMatching(/^production-7-mr-v1-m-/) });
    const id = tokenOf(plain).split('-')[0];
    expect(seen).toEqual([undefined, `router's ${id}`, 'NEW_SESSION', 'candidate-7', 'NEW_SESSION']);
  });

  test('that the model closes is closed for the caller by the name that the caller knows', async () => {
    const { ask } = routerOf(() => alias([production]), (_, { headers }) =>
      answer(headers.get(SENT) === 'NEW_SESSION' ? { [NEW]: 's-7' } : { [CLOSED]: 's-7' }));
    const token = tokenOf(await ask('NEW_SESSION'));
    expect((await ask(token)).conversation).toEqual({ [CLOSED]: token });
  });

  test('stays whoever asks, however shares move, as long as its version is in the route', async () => {
    const moves = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 });
    await fc.assert(fc.asyncProperty(moves, async (shares) => {
      let standing = rollout(50);
      const { ask } = routerOf(() => standing);
      const first = await ask();
      for (const share of shares) {
        standing = rollout(share);
        expect((await ask(tokenOf(first))).variant.version).toBe(first.variant.version);
      }
    }), { numRuns: 50 });
  });
});

describe('shares', () => {
  test('are those of new conversations, however long the others go on', async () => {
    let standing = alias([production]);
    const { ask, attempts } = routerOf(() => standing);
    const old = await Promise.all(Array.from({ length: 50 }, () => ask()));
    standing = rollout(30);
    attempts.length = 0;
    for (const each of old) {
      await ask(tokenOf(each));
    }
    await Promise.all(Array.from({ length: 2_000 }, () => ask()));
    const opens = attempts.filter((attempt) => attempt.opens);
    expect(opens).toHaveLength(2_000);
    const share = opens.filter(({ variant: { name } }) => name === 'candidate').length / opens.length;
    // Five standard deviations.
    expect(Math.abs(share - 0.3)).toBeLessThan(0.052);
  });

  test('compare conversations that began with them: those that are older count apart, at both versions', async () => {
    let standing = rollout(50, Date.now() - 1_000);
    const { ask, attempts } = routerOf(() => standing);
    const opened = await Promise.all(Array.from({ length: 20 }, () => ask()));
    standing = rollout(60, Date.now() + 1_000);
    attempts.length = 0;
    await Promise.all(opened.map((each) => ask(tokenOf(each))));
    expect(new Set(attempts.map(({ part, variant: { name } }) => `${name} ${part}`))).toEqual(new Set(['production earlier', 'candidate earlier']));
  });
});

describe('the cohort', () => {
  const members: NonNullable<Route['cohort']> = { members: [
    { by: 'header', name: 'x-tenant', values: ['acme', 'own'] }, { by: 'claim', name: 'groups', values: ['ml'] },
    { by: 'principal', arns: ['arn:aws:iam::123400000000:role/tester'] },
  ] };
  const first = (percent: number): Route => ({ ...rollout(percent), assignment: { source: 'inference-id' }, cohort: members });

  test.each<[string, { [name: string]: string }, object]>([
    ['with the header', { 'X-Tenant': 'acme' }, {}], ['with the claim', {}, { claims: { groups: 'ops,ml' } }], ['with an authorizer\'s word', {}, { groups: 'ml' }],
  ])('%s gets the candidate before anybody has a share, and counts apart', async (_, headers, claims) => {
    const { ask, attempts } = routerOf(() => first(0));
    const served = await ask(undefined, headers, claims);
    expect([served.variant.name, attempts.map(({ part }) => part)]).toEqual(['candidate', [Part.COHORT]]);
  });

  test('is nobody else', async () => {
    const { ask, attempts } = routerOf(() => first(0));
    for (const headers of [{}, { 'X-Tenant': 'other' }, { 'X-Tenant': '' }, { 'X-Other': 'acme' }] as { [name: string]: string }[]) {
      expect((await ask(undefined, headers, { claims: { groups: 'mlops' } })).variant.name).toBe('production');
    }
    expect(new Set(attempts.map(({ part }) => part))).toEqual(new Set([Part.ASSIGNED]));
  });

  test('keeps the candidate while others get shares, and has production where there is none, or no lease', async () => {
    let standing = first(5);
    const { ask } = routerOf(() => standing);
    const asked = async (): Promise<string> => (await ask(undefined, { 'X-Tenant': 'own' })).variant.name;
    expect(await asked()).toBe('candidate');
    standing = { ...first(5), lease: { until: 1 } };
    expect(await asked()).toBe('production');
    standing = { ...first(5), variants: [production], rollout: undefined, lease: undefined };
    expect(await asked()).toBe('production');
  });

  test('does not leave a conversation that it has begun with production', async () => {
    let standing: Route = { ...alias([production]), cohort: members };
    const { ask } = routerOf(() => standing);
    const token = tokenOf(await ask(undefined, { 'X-Tenant': 'own' }));
    standing = { ...rollout(0), cohort: members };
    expect((await ask(token, { 'X-Tenant': 'own' })).variant.name).toBe('production');
    expect((await ask(undefined, { 'X-Tenant': 'own' })).variant.name).toBe('candidate');
  });
});
