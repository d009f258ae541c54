import { InvalidArgumentError } from 'commander';
import { numberIn, wholeNumber } from '../../../../bin/cli/verbs/numbers';

test.each([
  ['1', wholeNumber, 1],
  ['65535', numberIn({ whole: true, min: 1, max: 65_535 }), 65_535],
  ['0', numberIn({ min: 0 }), 0],
  ['2.5', numberIn({ above: 0 }), 2.5],
  ['-3', numberIn(), -3],
])('%s is in its range', (text, parse, expected) => {
  expect(parse(text)).toBe(expected);
});

test.each([
  ['0', wholeNumber, 'a whole number from 1'],
  ['1.5', wholeNumber, 'a whole number from 1'],
  ['1e3', wholeNumber, 'a whole number from 1'],
  ['9007199254740993', wholeNumber, 'a whole number from 1'],
  ['65536', numberIn({ whole: true, min: 1, max: 65_535 }), 'a whole number from 1 to 65535'],
  ['-1', numberIn({ min: 0 }), 'a number from 0'],
  ['0', numberIn({ above: 0 }), 'a number above 0'],
  ['', numberIn(), 'a number'],
  ['Infinity', numberIn(), 'a number'],
  ['ten', numberIn(), 'a number'],
])('%j is not, and the message says what is', (text, parse, allowed) => {
  expect(() => parse(text)).toThrow(new InvalidArgumentError(`it must be ${allowed}.`));
});
