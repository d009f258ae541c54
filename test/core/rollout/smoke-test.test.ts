import { smokeTestProblem } from '../../../lib/core/rollout/smoke-test';
import type { SmokeTestPlan } from '../../../lib/core/rollout/plan';

const expecting = (expect: SmokeTestPlan['expect'], status = 200): SmokeTestPlan => ({ name: 'one', body: '{}', contentType: 'application/json', status, expect });

test.each<[SmokeTestPlan['expect'], string]>([
  [[], 'anything'],
  [[{ path: '$.score', value: 0.5, tolerance: 0.01 }], '{"score":0.509}'],
  [[{ path: '$', value: [1, 2] }], '[1,2]'],
  [[{ path: '$.a', value: { b: [1, { c: null }] }, tolerance: 0.1 }], '{"a":{"b":[1.05,{"c":null}]}}'],
])('%j holds for %s', (expect_, body) => expect(smokeTestProblem(expecting(expect_), { status: 200, body })).toBeUndefined());

test.each<[SmokeTestPlan['expect'], string, RegExp]>([
  [[{ path: '$.score', value: 0.5, tolerance: 0.01 }], '{"score":0.52}', /\$\.score is 0\.52 instead of 0\.5/],
  [[{ path: '$.score', value: 0.5 }], '{}', /\$\.score is missing instead of 0\.5/],
  [[{ path: '$.label', value: 1 }], '{"label":"1"}', /is "1" instead of 1/],
  [[{ path: '$', value: [1, 2] }], '[1,2,3]', /instead of \[1,2\]/],
  [[{ path: '$', value: {} }], '[]', /instead of \{\}/],
  [[{ path: '$.constructor', value: 1 }], '{}', /missing/],
  [[{ path: '$.a', value: 1 }], '<html>', /is not JSON/],
])('fails for %j and %s', (expect_, body, problem) => expect(smokeTestProblem(expecting(expect_), { status: 200, body })).toMatch(problem));

test('a status can be what is expected', () => {
  expect(smokeTestProblem(expecting([], 400), { status: 400, body: '' })).toBeUndefined();
  expect(smokeTestProblem(expecting([]), { status: 503, body: '' })).toBe('smoke test "one": status 503 instead of 200');
});
