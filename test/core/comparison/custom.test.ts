import fc from 'fast-check';
import { comparisonEvent, readComparisonAnswer } from '../../../lib/core/comparison/custom';

test.each([
  ['{"agrees":true}', { kind: 'agree', difference: 0 }],
  ['{"agrees":false}', { kind: 'differ', difference: 1 }],
  ['{"agrees":true,"difference":0.25}', { kind: 'agree', difference: 0.25 }],
  ['{"agrees":false,"difference":7,"more":"x"}', { kind: 'differ', difference: 7 }],
])('the function answers %s', (text, outcome) => expect(readComparisonAnswer(text)).toEqual(outcome));

test.each(['', 'null', '[]', '"true"', '{}', '{"agrees":"true"}', '{"agrees":1}', '{"agrees":true,"difference":-1}', '{"agrees":true,"difference":"0"}', '{"agrees":true,"difference":null}',
  '{"agrees":true,"difference":1e999}', '{"agrees":true'])('fails to compare with %s', (text) => expect(readComparisonAnswer(text).kind).toBe('comparison error'));

test('nothing but a plain yes is agreement, whatever the function answers', () => {
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string(), fc.record({ agrees: fc.anything(), difference: fc.anything() }).map((answer) => {
    try {
      return JSON.stringify(answer);
    } catch {
      return '';
    }
  })), (text) => {
    const { kind } = readComparisonAnswer(text);
    const answer = kind === 'agree' ? (JSON.parse(text) as { agrees: unknown }) : undefined;
    expect(answer === undefined || answer.agrees === true).toBe(true);
  }));
});

test('both answers reach the function byte for byte, as text where they are text', () => {
  const bodies = fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }).map((text) => Buffer.from(text, 'utf8')), fc.constant(Buffer.from('\uFEFF{}')));
  fc.assert(fc.property(bodies, bodies, bodies, fc.boolean(), (production, shadow, body, withRequest) => {
    const told = comparisonEvent({ production, shadow, request: { body } }, withRequest);
    const event = JSON.parse(JSON.stringify(told)) as typeof told;
    const encoding = event.isBase64Encoded ? 'base64' : 'utf8';
    expect(Buffer.from(event.production, encoding).equals(production)).toBe(true);
    expect(Buffer.from(event.shadow, encoding).equals(shadow)).toBe(true);
    expect(event.request !== undefined).toBe(withRequest);
    expect(Buffer.from(event.request ?? '', encoding).equals(withRequest ? body : Buffer.alloc(0))).toBe(true);
  }));
  const request = { body: Buffer.from('{}'), contentType: 'application/json' };
  expect(comparisonEvent({ production: Buffer.from('{"y":1}'), shadow: Buffer.from('ä'), request })).toEqual({ production: '{"y":1}', shadow: 'ä', isBase64Encoded: false });
  expect(comparisonEvent({ production: Buffer.from('a'), shadow: Buffer.from([0xff]), request }).isBase64Encoded).toBe(true);
});
