import fc from 'fast-check';
import type { OutcomeRule } from '../../../lib/core/feedback/plan';
import { readFeedback } from '../../../lib/core/feedback/read-feedback';

const byLabel: OutcomeRule = { kind: 'label', prediction: '$.label' };
const byScore: OutcomeRule = { kind: 'score', atLeast: 0.5 };
const byStars: OutcomeRule = { kind: 'rating', lowest: 1, highest: 5 };

test('one outcome, and several', () => {
  expect(readFeedback('{"inferenceId":"a","label":"cat"}', byLabel)).toEqual({ batch: false, items: [{ inferenceId: 'a', value: 'cat', correction: false }] });
  expect(readFeedback('{"outcomes":[{"inferenceId":"a","score":1},{"inferenceId":"b","score":0,"correction":true}]}', byScore)).toEqual({
    batch: true, items: [{ inferenceId: 'a', value: 1, correction: false }, { inferenceId: 'b', value: 0, correction: true }],
  });
});

test.each<[string, OutcomeRule, RegExp]>([
  ['', byLabel, /not valid JSON/], ['{', byLabel, /not valid JSON/], ['{"inferenceId":"a","score":NaN}', byScore, /not valid JSON/], ['[]', byLabel, /not an object/], ['null', byLabel, /not an object/],
  ['{}', byLabel, /inferenceId/], ['{"inferenceId":7,"label":1}', byLabel, /inferenceId/], ['{"inferenceId":"a b","label":1}', byLabel, /inferenceId/],
  [`{"inferenceId":"${'a'.repeat(65)}","label":1}`, byLabel, /inferenceId/], ['{"inferenceId":"a"}', byLabel, /takes a label/], ['{"inferenceId":"a","score":1}', byLabel, /takes a label/],
  ['{"inferenceId":"a","score":1,"label":1}', byLabel, /takes a label, and nothing else/], ['{"inferenceId":"a","label":null}', byLabel, /label is not/],
  [`{"inferenceId":"a","label":"${'x'.repeat(1_025)}"}`, byLabel, /label is not/], ['{"inferenceId":"a","label":[1]}', byLabel, /label is not/], ['{"inferenceId":"a","label":1e999}', byLabel, /label is not/],
  ['{"inferenceId":"a","score":"1"}', byScore, /finite number/], ['{"inferenceId":"a","score":1e999}', byScore, /finite number/], ['{"inferenceId":"a","label":1,"lable":2}', byLabel, /"lable"/],
  ['{"inferenceId":"a","label":1,"correction":"yes"}', byLabel, /correction/], ['{"outcomes":[]}', byLabel, /1 to 100/], ['{"outcomes":{}}', byLabel, /1 to 100/],
  [JSON.stringify({ outcomes: Array.from({ length: 101 }, () => ({ inferenceId: 'a', label: 1 })) }), byLabel, /1 to 100/], ['{"outcomes":[{}],"label":1}', byLabel, /beside outcomes/],
])('fails to read %.60s', (text, rule, message) => {
  expect(readFeedback(text, rule)).toMatchObject({ code: 'MALFORMED_FEEDBACK', message: expect.stringMatching(message) as string });
});

test.each<[string, string, string]>([
  ['6', 'RATING_OUT_OF_RANGE', 'rating is 6, but this alias takes ratings from 1 to 5'],
  ['0.999', 'RATING_OUT_OF_RANGE', 'rating is 0.999, but this alias takes ratings from 1 to 5'],
  ['99999999999999999999', 'RATING_OUT_OF_RANGE', 'rating is 100000000000000000000, but this alias takes ratings from 1 to 5'],
  ['"5"', 'MALFORMED_FEEDBACK', 'rating is "5", but must be a number from 1 to 5'],
  ['true', 'MALFORMED_FEEDBACK', 'rating is true, but must be a number from 1 to 5'],
  ['null', 'MALFORMED_FEEDBACK', 'rating is null, but must be a number from 1 to 5'],
  ['1e999', 'MALFORMED_FEEDBACK', 'rating is 1e999, but must be a number from 1 to 5'],
  ['[5]', 'MALFORMED_FEEDBACK', 'rating is [5], but must be a number from 1 to 5'],
])('fails to rate with %s, and the caller learns value and limit', (rating, code, message) => {
  expect(readFeedback(`{"inferenceId":"a","rating":${rating}}`, byStars)).toEqual({ inferenceId: 'a', code, message });
});

test('a rating within the bounds is read, at either of them and between two stars', () => {
  expect([1, 5, 4.5].map((rating) => readFeedback(JSON.stringify({ inferenceId: 'a', rating }), byStars)))
    .toEqual([1, 5, 4.5].map((value) => ({ batch: false, items: [{ inferenceId: 'a', value, correction: false }] })));
  expect(readFeedback('{"inferenceId":"a","score":5}', byStars)).toMatchObject({ message: 'this alias takes a rating, and nothing else' });
});

test('fails for one outcome of a batch: the others are read', () => {
  expect(readFeedback('{"outcomes":[1,{"inferenceId":"a","label":1},{"inferenceId":"b"}]}', byLabel)).toMatchObject({
    items: [{ code: 'MALFORMED_FEEDBACK' }, { inferenceId: 'a', value: 1 }, { inferenceId: 'b', code: 'MALFORMED_FEEDBACK' }],
  });
});

test('fails on a document as deep as the body may be, without falling over', () => {
  expect(readFeedback(`{"inferenceId":"a","label":${'['.repeat(130_000)}${']'.repeat(130_000)}}`, byLabel)).toMatchObject({ code: 'MALFORMED_FEEDBACK' });
});

test('whatever is sent is read or refused, and what is read is what was sent', () => {
  fc.assert(fc.property(fc.json(), (text) => {
    expect(() => readFeedback(text, byLabel)).not.toThrow();
  }));
  fc.assert(fc.property(fc.stringMatching(/^[\x21-\x7e]{1,64}$/), fc.oneof(fc.string({ maxLength: 1_024 }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()), (inferenceId, label) => {
    expect(readFeedback(JSON.stringify({ inferenceId, label }), byLabel)).toMatchObject({
      items: [{ inferenceId, value: JSON.parse(JSON.stringify(label)) as unknown }],
    });
  }));
});
