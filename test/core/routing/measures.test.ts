import fc from 'fast-check';
import { binCount, binOf, type BinsMeasure } from '../../../lib/core/routing/measures';
import { InvalidRouteError, parseDeclaredRoute } from '../../../lib/core/routing/parse';
import { route, variant } from '../../fixtures/serving';

const score: BinsMeasure = { path: '$.score', edges: [0, 0.5, 1] };
const label: BinsMeasure = { path: '$.labels[0]', labels: ['cat', 'dog', '7'] };

test.each<[BinsMeasure, unknown, number]>([
  [score, { score: -1 }, 0],
  [score, { score: 0 }, 1],
  [score, { score: 0.49 }, 1],
  [score, { score: 0.5 }, 2],
  [score, { score: 1 }, 3],
  [score, { score: 9 }, 3],
  [score, { score: '0.5' }, 4],
  [score, { score: null }, 4],
  [score, {}, 4],
  [score, undefined, 4],
  [score, [], 4],
  [label, { labels: ['cat'] }, 0],
  [label, { labels: [7] }, 2],
  [label, { labels: ['cow'] }, 3],
  [label, { labels: [] }, 4],
  [label, { labels: [{}] }, 4],
  [label, 'cat', 4],
])('%j of %j is bin %d', (measure, document, bin) => expect(binOf(measure, document)).toBe(bin));

test('every document has one of the bins', () => {
  fc.assert(fc.property(fc.constantFrom(score, label), fc.jsonValue(), (measure, document) => {
    const bin = binOf(measure, document);
    expect(Number.isInteger(bin) && bin >= 0 && bin < binCount(measure)).toBe(true);
  }));
});

const parsed = (measures: unknown): ReturnType<typeof parseDeclaredRoute> => parseDeclaredRoute(JSON.stringify({ ...route([variant('production')]), measures }));

test('a route carries them', () => {
  const measures = { slowerThanMs: [12.5, 300], bins: [score, label] };
  expect(parsed(measures).measures).toEqual(measures);
  expect(parsed(undefined).measures).toBeUndefined();
});

test.each<[string, unknown]>([
  ['no thresholds', { bins: [] }],
  ['a negative threshold', { slowerThanMs: [-1], bins: [] }],
  ['too many thresholds', { slowerThanMs: Array.from({ length: 13 }, (_, i) => i), bins: [] }],
  ['a time that there is not', { slowerThanMs: [1], slowerIn: ['last-token'], bins: [] }],
  ['thresholds without a time', { slowerThanMs: [1, 2], slowerIn: ['token'], bins: [] }],
  ['too many sums', { slowerThanMs: [], bins: [], sums: Array.from({ length: 5 }, () => ({ production: { in: 0, out: 1 }, candidate: { in: 0, out: 1 }, atMost: 9 })) }],
  ['a sum without a price', { slowerThanMs: [], bins: [], sums: [{ production: { in: 0, out: 1 }, candidate: { in: 0 }, atMost: 9 }] }],
  ['a schema that is none', { slowerThanMs: [], bins: [], schemas: ['string'] }],
  ['too many bins', { slowerThanMs: [], bins: [{ path: '$.a', edges: Array.from({ length: 70 }, (_, i) => i) }] }],
  ['edges that do not increase', { slowerThanMs: [], bins: [{ path: '$.a', edges: [1, 1] }] }],
  ['edges and labels', { slowerThanMs: [], bins: [{ path: '$.a', edges: [1], labels: ['a'] }] }],
  ['neither', { slowerThanMs: [], bins: [{ path: '$.a' }] }],
  ['a path that may mean several values', { slowerThanMs: [], bins: [{ path: '$..a', edges: [1] }] }],
])('fails for %s', (_, measures) => expect(() => parsed(measures)).toThrow(InvalidRouteError));
