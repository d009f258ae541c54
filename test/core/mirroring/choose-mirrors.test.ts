import { chooseMirrors, type MirrorCandidate } from '../../../lib/core/mirroring/choose-mirrors';
import { assign } from '../../../lib/core/routing/assign';
import type { Mirror } from '../../../lib/core/routing/route';

const mirror = (overrides: Partial<Mirror> = {}): Mirror => ({ name: 'v3', version: 'v3', functionArn: 'arn', sampleRate: 1, filters: [], ...overrides });

function request(inferenceId = 'id', overrides: { headers?: { [name: string]: string }; body?: unknown } = {}): MirrorCandidate {
  return { inferenceId, headers: new Map(Object.entries(overrides.headers ?? {})), document: () => overrides.body };
}

const chosen = (mirrors: readonly Mirror[], candidate = request(), now = 0): string[] => chooseMirrors(mirrors, 'fraud/live', 'v1', candidate, now).map(({ name }) => name);

const ids = Array.from({ length: 20_000 }, (_, i) => `request-${i}`);

test('a sample has its share of the requests, always the same, and a smaller one is part of a larger one', () => {
  const inSample = (rate: number): Set<string> =>
    new Set(ids.filter((id) => chosen([mirror({ sampleRate: rate })], request(id)).length > 0));
  const [tenth, quarter] = [inSample(0.1), inSample(0.25)];
  // Five standard deviations of a binomial share.
  expect(Math.abs(tenth.size - 2_000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.09));
  expect(Math.abs(quarter.size - 5_000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.1875));
  expect([...tenth].every((id) => quarter.has(id))).toBe(true);
  expect(inSample(0.1)).toEqual(tenth);
});

test('a sample is independent of who serves the request, and of the alias', () => {
  const split = [{ version: 'v1', weight: 50 }, { version: 'v2', weight: 50 }];
  const inSample = ids.filter((id) => chosen([mirror({ sampleRate: 0.5 })], request(id)).length > 0);
  const onV2 = inSample.filter((id) => assign('fraud/live', id, split)!.version === 'v2').length;
  expect(Math.abs(onV2 / inSample.length - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / inSample.length));
  const both = inSample.filter((id) => chooseMirrors([mirror({ sampleRate: 0.5 })], 'fraud/beta', 'v1', request(id), 0).length > 0).length;
  expect(Math.abs(both / inSample.length - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / inSample.length));
});

test('a mirror gets requests from its start until its end, and none once its shadow is production', () => {
  const scheduled = [mirror({ startsAt: 100, endsAt: 200 })];
  expect([99, 100, 199, 200].map((now) => chosen(scheduled, request(), now).length)).toEqual([0, 1, 1, 0]);
  expect(chosen([mirror({ version: 'v1' })])).toEqual([]);
});

test.each<[string, Mirror['filters'][number], MirrorCandidate, boolean]>([
  ['a header that is there', { on: 'header', name: 'x-tenant', values: [] }, request('id', { headers: { 'x-tenant': 'a' } }), true],
  ['a header that is not there', { on: 'header', name: 'x-tenant', values: [] }, request(), false],
  ['a header with the value', { on: 'header', name: 'x-tenant', values: ['a', 'b'] }, request('id', { headers: { 'x-tenant': 'b' } }), true],
  ['a header with another value', { on: 'header', name: 'x-tenant', values: ['a'] }, request('id', { headers: { 'x-tenant': 'c' } }), false],
  ['a media type with parameters', { on: 'content-type', values: ['application/json'] }, request('id', { headers: { 'content-type': 'Application/JSON; charset=utf-8' } }), true],
  ['no media type', { on: 'content-type', values: ['application/json'] }, request(), false],
  ['a number in the body', { on: 'json-path', path: '$.user.age', values: ['42'] }, request('id', { body: { user: { age: 42 } } }), true],
  ['an object where a value is wanted', { on: 'json-path', path: '$.user', values: ['[object Object]'] }, request('id', { body: { user: {} } }), false],
  ['anything at a path', { on: 'json-path', path: '$.user', values: [] }, request('id', { body: { user: {} } }), true],
  ['a body that is not valid JSON', { on: 'json-path', path: '$.user', values: [] }, request(), false],
])('a filter on %s', (_, filter, candidate, expected) => {
  expect(chosen([mirror({ filters: [filter] })], candidate)).toEqual(expected ? ['v3'] : []);
  expect(chosen([mirror({ filters: [filter, { on: 'header', name: 'x-never', values: [] }] })], candidate)).toEqual([]);
});
