import * as s3 from 'aws-cdk-lib/aws-s3';
import { App, Aws, CfnParameter, Fn, Lazy, SecretValue, Stack, Token } from 'aws-cdk-lib/core';
import fc from 'fast-check';
import { digestOf } from '../../lib/model/digest';

const stack = (): Stack => new Stack(new App(), 'Stack');

test('does not depend on the order of members, nor on what is undefined', () => {
  const scope = stack();
  expect(digestOf(scope, { a: 1, b: { c: 'x', d: [1, 2] } })).toBe(digestOf(scope, { b: { d: [1, 2], c: 'x' }, a: 1, e: undefined }));
  expect(digestOf(scope, {})).toMatch(/^[0-9a-f]{64}$/);
});

test('differs for everything that differs', () => {
  const scope = stack();
  const values = [1, '1', true, 'true', null, [1], ['1'], { a: 1 }, [{ a: 1 }], '', 0, false, 'a,b', ['a', 'b']];
  expect(new Set(values.map((value) => digestOf(scope, { value }))).size).toBe(values.length);
});

test('any two descriptions have the same digest just when they are the same JSON', () => {
  const scope = stack();
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      fc.pre(!/Token\[/.test(JSON.stringify([a, b])));
      const sorted = (value: unknown): string => JSON.stringify(value, (_key, item: unknown) =>
        item !== null && typeof item === 'object' && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).sort(([x], [y]) => (x < y ? -1 : 1))) : item);
      expect(digestOf(scope, { a }) === digestOf(scope, { a: b })).toBe(sorted(a) === sorted(b));
    }),
  );
});

describe('tokens', () => {
  /** The digest in a fresh app, after some unrelated tokens have been made. */
  const fresh = (noise: number, describe: (scope: Stack) => unknown): string => {
    for (let i = 0; i < noise; i++) {
      Token.asString({ noise: i });
    }
    const scope = stack();
    return digestOf(scope, { value: describe(scope) });
  };

  test.each<[string, (scope: Stack) => unknown]>([
    ['an attribute', (scope) => new s3.Bucket(scope, 'Bucket').bucketArn],
    ['a text around an attribute', (scope) => `s3://${new s3.Bucket(scope, 'Bucket').bucketName}/key`],
    ['a pseudo parameter', () => `${Aws.REGION}-x`],
    ['a function', (scope) => Fn.join('-', [new s3.Bucket(scope, 'Bucket').bucketName, 'x'])],
    ['a parameter', (scope) => new CfnParameter(scope, 'P').valueAsString],
    ['a number', (scope) => new CfnParameter(scope, 'P', { type: 'Number' }).valueAsNumber],
    ['a list', (scope) => new CfnParameter(scope, 'P', { type: 'CommaDelimitedList' }).valueAsList],
    ['a secret', () => SecretValue.secretsManager('name').unsafeUnwrap()],
  ])('%s counts as what it refers to', (_, describe) => {
    expect(fresh(0, describe)).toBe(fresh(17, describe));
  });

  test('references to different things differ', () => {
    const of = (id: string): string => fresh(0, (scope) => new s3.Bucket(scope, id).bucketName);
    expect(of('A')).not.toBe(of('B'));
    expect(fresh(0, (scope) => new s3.Bucket(scope, 'A').bucketArn)).not.toBe(of('A'));
  });

  test('fails for a lazy value, with its place', () => {
    const scope = stack();
    expect(() => digestOf(scope, { environment: { TABLE: Lazy.string({ produce: () => 'later' }) } })).toThrow(
      /environment\.TABLE of a model is a lazy value, known only after synthesis/,
    );
  });
});
