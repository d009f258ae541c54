import * as fc from 'fast-check';
import { type DocumentFraming, Documents } from '../../../lib/core/generation/documents';
import type { Generation } from '../../../lib/core/generation/generation';
import { Patterns } from '../../../lib/core/generation/pattern';
import { GenerationReader } from '../../../lib/core/generation/read-generation';
import { saidIn } from '../../../lib/core/generation/said';

const chat = (content: string, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [{ index: 0, delta: { content }, finish_reason: null }], ...more })}\n\n`;
const message = (text: string): string =>
  `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })}\n\n`;
const token = (text: string): string => `${JSON.stringify({ token: { id: 7, text, special: false } })}\n`;

/** Patterns that have learned of a part. */
function learned(part: string, framing: DocumentFraming = 'events'): Patterns {
  const patterns = new Patterns(framing);
  const [document] = new Documents(framing).add(Buffer.from(part));
  patterns.learn(Buffer.from(part), saidIn(document.json)!);
  return patterns;
}

const wordsOf = (patterns: Patterns, part: string | Buffer): string | undefined => {
  const bytes = Buffer.from(part);
  const words = patterns.match(bytes);
  return words && bytes.toString('utf8', words.from, words.to);
};

describe('the words of a part that differs from the one before in nothing else', () => {
  test.each([[chat, 'events'], [message, 'events'], [token, 'lines']] as const)('are found without reading it: %p', (part, framing) => {
    const patterns = learned(part('one'), framing);
    expect(['two', '', ' größer', '三', '{}:,'].map((text) => wordsOf(patterns, part(text)))).toEqual(['two', '', ' größer', '三', '{}:,']);
  });

  test.each([
    ['has an escape', chat('a "b"')], ['has another member', chat('two', { usage: { completion_tokens: 2 } })],
    ['is two events', chat('two') + chat('three')], ['is half of one', chat('two').slice(0, -3)],
    ['is no UTF-8', Buffer.concat([Buffer.from(chat('two').split('two')[0]), Buffer.from([0xff]), Buffer.from(chat('two').split('two')[1])])],
  ])('are read where the part %s', (_, part) => {
    expect(wordsOf(learned(chat('one')), part)).toBeUndefined();
  });

  test.each([
    ['that are in the part twice', chat('stop', { model: 'stop' })], ['that are none', chat('')], ['beside a reason to end', chat('x').replace('null', '"stop"')],
  ])('are no pattern %s', (_, part) => {
    expect(wordsOf(learned(part), part)).toBeUndefined();
  });

  test('are not looked for in a stream whose parts differ in more', () => {
    const patterns = new Patterns('events');
    const padded = (index: number): string => chat(`word ${index}`, { obfuscation: 'x'.repeat(index) });
    for (let index = 0; index < 10; index++) {
      const part = Buffer.from(padded(index));
      patterns.learn(part, saidIn(new Documents('events').add(part)[0].json)!);
    }
    expect(wordsOf(patterns, padded(9))).toBeUndefined();
    expect(wordsOf(patterns, padded(3))).toBe('word 3');
  });
});

test('a stream of whole parts says what the same bytes say that come one by one', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('', ' word', '"', '\\n', 'stop'));
  const part = fc.oneof(
    text.map((each) => chat(each)), text.map((each) => chat(each)), text.map(message), fc.constant('\n'), fc.constant(': comment\n\n'),
    fc.constant(chat('end', { usage: { prompt_tokens: 3, completion_tokens: 9 } })),
  );
  const bytesOf = fc.tuple(part, fc.boolean(), fc.nat()).map(([each, breaks, at]) => {
    const bytes = Buffer.from(each);
    bytes[breaks ? at % bytes.length : -1] = 0xc3;
    return bytes;
  });
  const told = (parts: readonly Uint8Array[]): Omit<Generation, 'firstTokenMs' | 'perTokenMs'> => {
    const reader = new GenerationReader('events', 40, 10_000);
    parts.forEach((each) => reader.add(each, 1));
    const { firstTokenMs: _, perTokenMs: __, ...generation } = reader.end();
    return generation;
  };
  fc.assert(fc.property(fc.array(bytesOf, { maxLength: 30 }), (parts) => {
    expect(told(parts)).toEqual(told([...Buffer.concat(parts)].map((byte) => Buffer.from([byte]))));
  }), { numRuns: 500 });
});
