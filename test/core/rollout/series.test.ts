import fc from 'fast-check';
import { Column } from '../../../lib/core/rollout/series';

const columnOf = (entries: readonly (readonly [number, number])[]): Column =>
  Column.of(entries.map(([at]) => at), entries.map(([, value]) => value));

test.each([
  ['oldest first', [[1, 10], [2, 20], [3, 30]]],
  ['newest first, as CloudWatch answers', [[3, 30], [2, 20], [1, 10]]],
  ['in no order, one twice', [[2, 20], [3, 30], [1, 10], [2, 20]]],
] as const)('a column is in the order of time, whatever was read %s', (_, entries) => {
  expect([...columnOf(entries)]).toEqual([[1, 10], [2, 20], [3, 30]]);
});

test('of two values of one time nobody knows which is true', () => {
  expect([...columnOf([[1, 10], [2, 20], [1, 11]])]).toEqual([[1, NaN], [2, 20]]);
});

test('columns that follow one another are one', () => {
  expect([...Column.joined([columnOf([[1, 10], [2, 20]]), columnOf([]), columnOf([[5, 50]])])]).toEqual([[1, 10], [2, 20], [5, 50]]);
});

test('a column tells what a map would, whoever asks for what and in which order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(40)), fc.array(fc.nat(45)), (times, asked) => {
      const [column, map] = [columnOf(times.map((at) => [at, 2 * at])), new Map(times.map((at) => [at, 2 * at]))];
      expect(asked.map((at) => [column.get(at), column.has(at)])).toEqual(asked.map((at) => [map.get(at), map.has(at)]));
      expect([column.size, new Map(column)]).toEqual([map.size, map]);
    }),
    { numRuns: 200, seed: 3 },
  );
});
