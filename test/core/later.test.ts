import { withLater } from '../../lib/core/later';

test('what is computed later is computed once, where somebody reads it, and is data to everybody else', () => {
  let computed = 0;
  const sum = withLater({ of: [1, 2] }, { total: () => (computed++, 3) });
  const said = withLater(sum, { sentence: () => `${sum.of.join(' and ')} make ${sum.total}` });
  expect(computed).toBe(0);
  expect(JSON.stringify(said)).toBe('{"of":[1,2],"total":3,"sentence":"1 and 2 make 3"}');
  expect([said.total, { ...said }.total, sum.total]).toEqual([3, 3, 3]);
  expect(computed).toBe(1);
});
