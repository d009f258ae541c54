import fc from 'fast-check';
import { Omitted, READ_BYTES, RedactedBody } from '../../../lib/core/inference-log/body';
import { answerFields, isLogged, requestFields } from '../../../lib/core/inference-log/logged';
import { parseLogPlan } from '../../../lib/core/inference-log/parse-plan';
import { BODY_BYTES, type LogPlan } from '../../../lib/core/inference-log/record';
import { REDACTED, redact } from '../../../lib/core/inference-log/redact';
import { parseRedactionPath } from '../../../lib/core/json/redaction-path';

const by = (document: unknown, ...paths: string[]): unknown =>
  JSON.parse(
    JSON.stringify(
      redact(
        document,
        paths.map((path) => parseRedactionPath(path)!),
      ),
    ),
  );
const text = (body: string | Uint8Array, ...paths: string[]): { text?: string; omitted?: string } =>
  new RedactedBody(Buffer.from(body), paths).text(BODY_BYTES);

test.each<[string, unknown, unknown]>([
  ['$.a', { a: 1, b: 2 }, { a: REDACTED, b: 2 }],
  ['$.a.b', { a: { b: { c: 1 }, d: 2 } }, { a: { b: REDACTED, d: 2 } }],
  ['$[\'odd name\']', { 'odd name': [1] }, { 'odd name': REDACTED }],
  ['$.a[1]', { a: ['x', 'y', 'z'] }, { a: ['x', REDACTED, 'z'] }],
  ['$.a[*].b', { a: [{ b: 1, c: 2 }, { b: 3 }] }, { a: [{ b: REDACTED, c: 2 }, { b: REDACTED }] }],
  ['$.a.*', { a: { b: 1, c: [2] } }, { a: { b: REDACTED, c: REDACTED } }],
  ['$..b', { b: 1, a: [{ b: 2 }, { c: { b: 3 }, d: 4 }] }, { b: REDACTED, a: [{ b: REDACTED }, { c: { b: REDACTED }, d: 4 }] }],
  ['$..a.b', { a: { a: { b: 1 } }, b: 2 }, { a: { a: { b: REDACTED } }, b: 2 }],
  // More than the path says, never less.
  ['$.email', { Email: 'x' }, { Email: REDACTED }],
  ['$.email', [{ email: 'x' }, { email: 'y' }], [{ email: REDACTED }, { email: REDACTED }]],
  ['$.user.email', { user: '{"email":"x"}' }, { user: REDACTED }],
  ['$..email', { raw: '{"email":"x"}', note: 'plain' }, { raw: REDACTED, note: 'plain' }],
  ['$.__proto__', JSON.parse('{"__proto__":{"x":1},"y":2}'), JSON.parse('{"__proto__":"[redacted]","y":2}')],
  // Nothing there, nothing changed.
  ['$.a.b', { a: null, c: { b: 1 } }, { a: null, c: { b: 1 } }],
  ['$.a[3]', { a: [1] }, { a: [1] }],
])('%s', (path, document, expected) => expect(by(document, path)).toEqual(expected));

test('several paths at once, one below another', () => {
  expect(by({ a: { b: 1, c: 2 }, d: 3 }, '$.a.b', '$.a', '$.d')).toEqual({ a: REDACTED, d: REDACTED });
});

test.each(['', '$', 'a', '$.', '$..', '$.a[', '$.a[?(@.b)]', '$.a[1:2]', '$..*', '$..[0]', '$.a b', `$.${'a'.repeat(1_100)}`])('fails to be a path: %j', (path) => {
  expect(parseRedactionPath(path)).toBeUndefined();
});

test('what cannot be parsed is not logged at all', () => {
  expect(text('{"a":"secret"', '$.a')).toEqual({ omitted: Omitted.NOT_JSON });
  expect(text('{"a":"secret"}\n{"a":"secret"}', '$.a')).toEqual({ omitted: Omitted.NOT_JSON });
  expect(text(Buffer.from('{"a":"secret"}', 'utf16le'), '$.a')).toEqual({ omitted: Omitted.NOT_JSON });
  expect(text(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toEqual({ omitted: Omitted.NOT_JSON });
  expect(text(JSON.stringify({ a: 'x'.repeat(READ_BYTES) }))).toEqual({ omitted: Omitted.TOO_LARGE });
  expect(text(JSON.stringify('"'.repeat(BODY_BYTES / 2)))).toEqual({ omitted: Omitted.TOO_LARGE });
  expect(text(`${'['.repeat(100_000)}1${']'.repeat(100_000)}`).text).toContain(REDACTED);
});

test('names are what they are after decoding, and of doubled ones none is left', () => {
  expect(text('{"\\u0065mail":"secret"}', '$.email')).toEqual({ text: '{"email":"[redacted]"}' });
  expect(text('{"email":"secret-1","email":"secret-2"}', '$.email')).toEqual({ text: '{"email":"[redacted]"}' });
  expect(text('\ufeff{"email":"secret"}', '$.email')).toEqual({ text: '{"email":"[redacted]"}' });
});

test('a body in which nothing is redacted is logged in its own words, unless these hold more than the document', () => {
  expect(text(' {"a": 1.50, "b": [1e2, 12345678901234567890]} ', '$..email')).toEqual({ text: '{"a": 1.50, "b": [1e2, 12345678901234567890]}' });
  // Of doubled members the first is not in the document, wherever they are and whatever they hold.
  expect(text('{"a":{"email":"secret"},"a":1}', '$..email')).toEqual({ text: '{"a":1}' });
  expect(text('[{"a":{"pin":1},"a":2}]', '$..pin')).toEqual({ text: '[{"a":2}]' });
  expect(text('{"a":1,"a":2}', '$.b')).toEqual({ text: '{"a":2}' });
  expect(text('{\n"a":1}', '$.b')).toEqual({ text: '{"a":1}' });
});

test('a path that is none redacts everything', () => {
  expect(text('{"a":"secret"}', 'no path')).toEqual({ text: JSON.stringify(REDACTED) });
});

test('a prediction is read from what is left', () => {
  const plan: LogPlan = { sampleRate: 1, redact: ['$.user'], predictionPath: '$.user.name' };
  expect(answerFields(Buffer.from('{"user":{"name":"ada"}}'), plan)).toEqual({ answerBytes: 23 });
  expect(answerFields(Buffer.from('{"user":"ada"}'), { ...plan, predictionPath: '$.user' }).prediction).toBe(REDACTED);
  expect(answerFields(Buffer.from('{"label":7}'), { ...plan, predictionPath: '$.label' }).prediction).toBe('7');
  expect(answerFields(Buffer.from('{"label":"7"}'), { ...plan, predictionPath: '$.label' }).prediction).toBe('7');
  expect(answerFields(Buffer.from(JSON.stringify({ label: 'x'.repeat(2_000) })), { ...plan, predictionPath: '$.label' }).prediction).toBeUndefined();
});

test('without payload logging there are sizes alone', () => {
  const plan: LogPlan = { sampleRate: 1, redact: [] };
  expect(requestFields(Buffer.from('{"a":1}'), plan)).toEqual({ requestBytes: 7 });
  expect(answerFields(Buffer.from('{"a":1}'), plan)).toEqual({ answerBytes: 7 });
});

// A secret is put where a path says, into a document of any form, written in any way; the log must not have it.
const SECRET = 'sEcReT-4711';
const name = fc.constantFrom('a', 'B', 'user', '__proto__', 'toJSON', 'odd name', 'constructor', '0');
const leaf = fc.oneof(fc.integer(), fc.constant('text'), fc.boolean(), fc.constant(null));
const document = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(name, tie('value'), { maxKeys: 4 })),
})).value;
interface Step { readonly write: string; readonly put: (inner: unknown, others: unknown) => unknown }
const step: fc.Arbitrary<Step> = fc.oneof(
  name.map((member): Step => ({
    write: `['${member}']`,
    put: (inner, others) => Object.fromEntries([...Object.entries(isObject(others) ? others : {}), [member, inner]]),
  })),
  name.map((member): Step => ({
    write: `..['${member}']`,
    put: (inner, others) => [others, { deeper: [Object.fromEntries([[member, inner]])] }],
  })),
  fc.constant<Step>({ write: '[*]', put: (inner, others) => (Array.isArray(others) ? [...others as unknown[], inner] : [inner]) }),
  fc.nat({ max: 3 }).map((index): Step => ({ write: `[${index}]`, put: (inner, others) => Array.from({ length: index + 2 }, (_, at) => (at === index ? inner : others)) })),
);
const isObject = (value: unknown): value is object => value !== null && typeof value === 'object' && !Array.isArray(value);

/** JSON in which every character of names and texts may be escaped, and members are doubled. */
function scrambled(value: unknown, escape: boolean): string {
  const quoted = (part: string): string => (escape ? `"${[...part].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"` : JSON.stringify(part));
  if (Array.isArray(value)) {
    return `[ ${value.map((each) => scrambled(each, escape)).join(' ,')}]`;
  }
  if (isObject(value)) {
    const members = Object.entries(value).map(([key, each]) => `${quoted(key)}:\t${scrambled(each, escape)}`);
    return `{${[...members, ...members].join(',\n')}}`;
  }
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

test('a redacted value never leaks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(step, document), { minLength: 1, maxLength: 5 }),
      fc.constantFrom<unknown>(SECRET, [SECRET], { x: SECRET }, { toJSON: SECRET }),
      fc.boolean(),
      fc.nat(),
      fc.boolean(),
      (steps, secret, escape, cut, shorten) => {
        const body = scrambled(
          steps.reduceRight<unknown>((inner, [{ put }, others]) => put(inner, others), secret),
          escape,
        );
        const path = `$${steps.map(([{ write }]) => write).join('')}`;
        expect(parseRedactionPath(path)).toBeDefined();
        const plan: LogPlan = {
          sampleRate: 1,
          redact: [path],
          predictionPath: '$.a',
          payload: { request: true, answer: true, maximumBytes: BODY_BYTES },
        };
        const bytes = Buffer.from(shorten ? body.slice(0, cut % (body.length + 1)) : body);
        const logged = JSON.stringify([requestFields(bytes, plan), answerFields(bytes, plan)]);
        expect(logged.toLowerCase()).not.toContain(SECRET.toLowerCase());
      },
    ),
    { numRuns: 3_000 },
  );
});

test('without paths a document is logged as it is', () => {
  fc.assert(fc.property(document, (value) => {
    expect(JSON.parse(new RedactedBody(Buffer.from(JSON.stringify(value)), []).text(BODY_BYTES).text!)).toEqual(
      JSON.parse(JSON.stringify(value)),
    );
  }));
});

test('no body takes more than its part of the record', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.string({ maxLength: 2_000 }),
      fc.integer({ min: 1, max: 1_500 }),
      (bytes, string, maximumBytes) => {
        for (const body of [bytes, Buffer.from(JSON.stringify(string))]) {
          const { text: logged, omitted } = new RedactedBody(body, []).text(maximumBytes);
          expect(logged === undefined).toBe(omitted !== undefined);
          expect(Buffer.byteLength(JSON.stringify(logged ?? ''))).toBeLessThanOrEqual(Math.max(2, maximumBytes));
        }
      },
    ),
  );
});

test('a sample is decided by id, and a smaller one is a part of a larger', () => {
  const ids = Array.from({ length: 4_000 }, (_, index) => `id-${index}`);
  const sample = (sampleRate: number): string[] => ids.filter((id) => isLogged('fraud/live', id, { sampleRate }));
  expect(sample(1)).toHaveLength(4_000);
  expect(sample(0.25).length / 4_000).toBeCloseTo(0.25, 1);
  expect(sample(0.5)).toEqual(expect.arrayContaining(sample(0.25)));
});

test.each<[string, unknown]>([
  ['no object', 1], ['no rate', {}], ['a rate of 0', { sampleRate: 0, redact: [] }], ['a rate above 1', { sampleRate: 2, redact: [] }], ['no list of paths', { sampleRate: 1 }],
  ['a path of another version', { sampleRate: 1, redact: ['$.a[?(@.b)]'] }], ['no prediction path', { sampleRate: 1, redact: [], predictionPath: '$..a' }],
  ['a payload that says nothing', { sampleRate: 1, redact: [], payload: {} }], ['a body without bound', { sampleRate: 1, redact: [], payload: { request: true, answer: true, maximumBytes: 1e9 } }],
])('fails to be a plan: %s', (_, value) => expect(typeof parseLogPlan(value)).toBe('string'));

test('a plan comes back as it was, without what is not known', () => {
  const plan: LogPlan = { sampleRate: 0.1, predictionPath: '$.y', redact: ['$.a[*].b'], payload: { request: true, answer: false, maximumBytes: 10 } };
  expect(parseLogPlan({ ...plan, later: 1 })).toEqual(plan);
});
