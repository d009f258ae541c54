import fc from 'fast-check';
import { effectiveVariants, productionOf } from '../../../lib/core/routing/effective';
import { parseJsonPath, valueAt } from '../../../lib/core/json/json-path';
import { InvalidRouteError, parseDeclaredRoute, parseRoute } from '../../../lib/core/routing/parse';
import type { DeclaredRoute } from '../../../lib/core/routing/route';

const declared: DeclaredRoute = {
  schema: 1,
  variants: [
    {
      name: 'production',
      role: 'production',
      version: 'a'.repeat(64),
      weight: 80,
      timeBudgetMs: 28_500,
      target: { kind: 'lambda', functionArn: 'arn:aws:lambda:us-east-1:1:function:v1', contract: 'json', maxRequestBytes: 6_000_000 },
    },
    {
      name: 'v2',
      role: 'candidate',
      version: 'b'.repeat(64),
      weight: 20,
      timeBudgetMs: 14_000,
      target: { kind: 'sagemaker', endpointName: 'digits-1', targetVariant: 'blue', maxRequestBytes: 6_000_000 },
    },
  ],
  lease: { until: 1000 },
  assignment: { source: 'header', name: 'x-caller-id' },
  targetVariantAccess: { kind: 'principals', arns: ['arn:aws:iam::1:role/tester'] },
};

describe('parseRoute', () => {
  test('reads back what was written', () => {
    expect(parseRoute(JSON.stringify(declared), 7)).toEqual({ ...declared, revision: 7 });
  });

  test.each([
    ['no JSON', 'nope', /not JSON/],
    ['a future schema', JSON.stringify({ ...declared, schema: 2 }), /schema is 2/],
    ['no variants', JSON.stringify({ ...declared, variants: [] }), /at least one variant/],
    ['a candidate first', JSON.stringify({ ...declared, variants: [...declared.variants].reverse() }), /first variant/],
    ['the same name twice', JSON.stringify({ ...declared, variants: [declared.variants[0], { ...declared.variants[1], name: 'production' }] }), /same name/],
    ['no weight at all', JSON.stringify({ ...declared, variants: declared.variants.map((v) => ({ ...v, weight: 0 })) }), /weight/],
    ['a negative weight', JSON.stringify({ ...declared, variants: [{ ...declared.variants[0], weight: -1 }] }), /variants\[0\]\.weight is -1/],
    ['a weight as a text', JSON.stringify({ ...declared, variants: [{ ...declared.variants[0], weight: '1' }] }), /weight is "1"/],
    ['an unknown target', JSON.stringify({ ...declared, variants: [{ ...declared.variants[0], target: { kind: 'ecs', maxRequestBytes: 1 } }] }), /target\.kind is "ecs"/],
    ['a wildcard path', JSON.stringify({ ...declared, assignment: { source: 'json-path', path: '$..id' } }), /definite JSON path/],
    ['no access rule', JSON.stringify({ ...declared, targetVariantAccess: undefined }), /targetVariantAccess/],
  ])('fails for %s', (_, json, reason) => {
    expect(() => parseDeclaredRoute(json)).toThrow(InvalidRouteError);
    expect(() => parseDeclaredRoute(json)).toThrow(reason);
  });

  test('fails for a revision that is no positive integer', () => {
    expect(() => parseRoute(JSON.stringify(declared), 0)).toThrow(/revision/);
  });

  test('nothing but InvalidRouteError comes out of arbitrary JSON', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        try {
          parseDeclaredRoute(json);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRouteError);
        }
      }),
    );
  });
});

describe('effectiveVariants', () => {
  test('a running lease, or none, leaves the weights as they are', () => {
    expect(effectiveVariants(declared, 999)).toEqual(declared.variants);
    expect(effectiveVariants({ variants: declared.variants }, Number.MAX_SAFE_INTEGER)).toEqual(declared.variants);
  });

  test('an expired lease leaves production alone, even where production had no weight', () => {
    expect(effectiveVariants(declared, 1000)).toEqual([declared.variants[0]]);
    const drained = { ...declared, variants: [{ ...declared.variants[0], weight: 0 }, declared.variants[1]] };
    expect(effectiveVariants(drained, 1000)).toEqual([{ ...productionOf(declared), weight: 1 }]);
  });
});

describe('JSON paths', () => {
  test.each([
    ['$.user.id', ['user', 'id']],
    ['$.items[0].id', ['items', 0, 'id']],
    ["$['odd name'][2]", ['odd name', 2]],
  ])('%s is read', (path, segments) => expect(parseJsonPath(path)).toEqual(segments));

  test.each(['', '$', 'user', '$..id', '$.*', '$.items[*]', '$.a[-1]', '$.a[?(@.b)]', '$.a.', `$.${'a'.repeat(2000)}`])(
    'fails for %s',
    (path) => expect(parseJsonPath(path)).toBeUndefined(),
  );

  test('only own members are found', () => {
    const at = (document: unknown, path: string): unknown => valueAt(document, parseJsonPath(path)!);
    expect(at({ items: [{ id: 7 }] }, '$.items[0].id')).toBe(7);
    expect(at({ items: [] }, '$.items[0].id')).toBeUndefined();
    expect(at({}, '$.constructor')).toBeUndefined();
    expect(at({ items: { 0: 'x' } }, '$.items[0]')).toBeUndefined();
    expect(at(null, '$.a')).toBeUndefined();
    expect(at('text', '$.length')).toBeUndefined();
  });
});
