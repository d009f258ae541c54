import * as fc from 'fast-check';
import { parseJson, stringifyJson } from '../../../lib/core/json/json';
import { compare } from '../../../lib/core/comparison/compare';
import type { ComparisonPlan } from '../../../lib/core/comparison/plan';
import { isWrong, labelOf } from '../../../lib/core/feedback/plan';
import { FeedbackCode, readFeedback } from '../../../lib/core/feedback/read-feedback';
import { RedactedBody } from '../../../lib/core/inference-log/body';
import { binOf } from '../../../lib/core/routing/measures';

const bytes = (text: string): Buffer => Buffer.from(text);
/** Two neighbours that are one as numbers of JavaScript. */
const [ID, NEIGHBOUR] = ['9007199254740993', '9007199254740992'];
const LONG = '123456789012345678901234567890';

describe('JSON', () => {
  test.each([ID, NEIGHBOUR, `-${ID}`, LONG, '1e400', '-1e999', '1'.repeat(1000), `{"a":[${ID},{"b":1e400}]}`, '0.10643540478814555', '1e+300', '"9007199254740993"', '{"__proto__":9007199254740993}'])(
    'keeps %s', (text) => {
      expect(stringifyJson(parseJson(text))).toBe(text);
    },
  );

  test('is what the language reads wherever that loses nothing', () => {
    fc.assert(fc.property(fc.json(), (text) => {
      const value = JSON.parse(text) as unknown;
      expect(parseJson(text)).toEqual(value);
      expect(stringifyJson(value)).toBe(JSON.stringify(value));
    }));
    expect(parseJson('9007199254740992')).toBe(9007199254740992);
    expect(() => parseJson('{"a":9007199254740993')).toThrow(SyntaxError);
  });

  test('keeps every integer', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (value) => {
      expect(stringifyJson(parseJson(`{"id":${value}}`))).toBe(`{"id":${value}}`);
    }));
  });
});

describe('numbers of more than 53 bits', () => {
  test('are in the log as they were, beside what is redacted, and as predictions', () => {
    const body = new RedactedBody(bytes(`{"id":${ID},"big":1e400,"card":${LONG},"name":"x"}`), ['$.card', '$.name']);
    expect(body.text(10_000)).toEqual({ text: `{"id":${ID},"big":1e400,"card":"[redacted]","name":"[redacted]"}` });
    expect(body.prediction('$.id')).toBe(ID);
    expect(body.prediction('$.big')).toBe('1e400');
  });

  test('that go on in a path are redacted themselves', () => {
    expect(new RedactedBody(bytes('{"a":1e400}'), ['$.a.b']).text(1_000)).toEqual({ text: '{"a":"[redacted]"}' });
  });

  const plan = (kind: string, more: object = {}): ComparisonPlan => ({ kind, path: '$.x', ignoredPaths: [], absolute: 0, relative: 0, top: 2, minimumOverlap: 1, minimumSimilarity: 0.9, ...more } as unknown as ComparisonPlan);
  const kindOf = (comparison: ComparisonPlan, a: string, b: string): string => compare(comparison, bytes(`{"x":${a}}`), bytes(`{"x":${b}}`)).kind;

  test.each([
    ['json', ID, NEIGHBOUR], ['label', ID, NEIGHBOUR], ['number', ID, NEIGHBOUR], ['ranking', `[1,${ID}]`, `[1,${NEIGHBOUR}]`], ['json', '1e400', '1e401'],
  ])('are compared as what they are: %s', (kind, a, b) => {
    expect(kindOf(plan(kind), a, b)).toBe('differ');
    expect(kindOf(plan(kind), a, a)).toBe('agree');
  });

  test('are numbers beside smaller ones', () => {
    expect(kindOf(plan('json'), ID, '1')).toBe('differ');
    expect(kindOf(plan('label'), ID, '1')).toBe('differ');
    expect(kindOf(plan('number', { relative: 0.1 }), ID, '9007199254740991')).toBe('agree');
    expect(compare(plan('number', { absolute: 1 }), bytes(`{"x":${ID}}`), bytes(`{"x":${NEIGHBOUR}}`))).toEqual({ kind: 'agree', difference: 1 });
    expect(kindOf(plan('embedding'), `[${ID},1]`, `[${NEIGHBOUR},1]`)).toBe('agree');
  });

  test('as labels are right when told as a number or as a text, and their neighbours are wrong', () => {
    const rule = { kind: 'label', prediction: '$.id' } as const;
    const prediction = labelOf(parseJson(ID));
    const told = (label: string): boolean => {
      const read = readFeedback(`{"inferenceId":"i","label":${label}}`, rule);
      return 'items' in read && 'value' in read.items[0] && !isWrong(rule, read.items[0].value, prediction);
    };
    expect([ID, `"${ID}"`, NEIGHBOUR, `"${NEIGHBOUR}"`].map(told)).toEqual([true, true, false, false]);
  });

  test('as scores and in bins are numbers', () => {
    expect(readFeedback(`{"inferenceId":"i","score":${ID}}`, { kind: 'score', atLeast: 1 })).toMatchObject({ items: [{ value: 9007199254740992 }] });
    expect(readFeedback('{"inferenceId":"i","score":1e400}', { kind: 'score', atLeast: 1 })).toMatchObject({ code: FeedbackCode.MALFORMED_FEEDBACK });
    expect(binOf({ path: '$.x', edges: [10, 1e17] } as never, parseJson(`{"x":${ID}}`))).toBe(1);
    expect(binOf({ path: '$.x', labels: ['a', ID] } as never, parseJson(`{"x":${ID}}`))).toBe(1);
  });
});
