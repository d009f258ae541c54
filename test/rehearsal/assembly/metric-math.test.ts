import { compile } from '../../../rehearsal/assembly/metric-math';

const given = (values: { [id: string]: number }) => (id: string): number => values[id] ?? NaN;

test.each([
  ['IF(requests >= 10, 100 * failures / requests, 0)', { requests: 20, failures: 3 }, 15],
  ['IF(requests >= 10, 100 * failures / requests, 0)', { requests: 9, failures: 3 }, 0],
  ['IF(requests >= 10, latency, 0)', { requests: 3 }, 0],
  ['1 + 2 * 3 - 4 / 2', {}, 5],
  ['-(a - 2) * 2 ^ 3', { a: 5 }, -24],
  ['a > 1 AND b < 2 || c == 3', { a: 0, b: 0, c: 3 }, 1],
  ['FILL(a, 7) + ABS(-1)', {}, 8],
])('%s is computed', (expression, values, expected) => {
  expect(compile(expression)(given(values as { [id: string]: number }))).toBeCloseTo(expected, 12);
});

test('a missing data point and a division by zero make the result missing', () => {
  expect(compile('IF(a > 1, 1, 0)')(given({}))).toBeNaN();
  expect(compile('a + b')(given({ a: 1 }))).toBeNaN();
  expect(compile('a / b')(given({ a: 1, b: 0 }))).toBeNaN();
});

test.each([['IF(a > 1, 2', 'its end'], ['RATE(a)', 'RATE'], ['a b', '"b"'], ['a $ b', '" $ b"'], ['a +', 'ends too early']])('fails on %s with what is not understood', (expression, named) => {
  expect(() => compile(expression)).toThrow(named);
});
