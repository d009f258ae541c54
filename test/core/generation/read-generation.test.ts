import * as fc from 'fast-check';
import { parseJson } from '../../../lib/core/json/json';
import { Documents } from '../../../lib/core/generation/documents';
import { FinishReason, finishReasonOf } from '../../../lib/core/generation/finish-reason';
import { GenerationReader } from '../../../lib/core/generation/read-generation';
import type { Generation } from '../../../lib/core/generation/generation';
import { GENERATED, type GeneratedAnswer } from '../../fixtures/generated-answers';

const REQUEST_BYTES = 120;
const framingOf = { 'text/event-stream': 'events', 'application/jsonlines': 'lines', 'application/json': undefined } as const;

/** What is read of an answer that comes in these parts, one a millisecond. */
function read({ type, body }: Pick<GeneratedAnswer, 'type' | 'body'>, cuts: readonly number[] = []): Generation {
  const bytes = Buffer.from(body);
  const reader = new GenerationReader(framingOf[type], REQUEST_BYTES, 1_000);
  const ends = [...cuts, bytes.length];
  ends.forEach((end, index) => reader.add(bytes.subarray(index === 0 ? 0 : ends[index - 1], end), 100 + index));
  if (type === 'application/json') {
    reader.whole(parseJson(body), bytes);
  }
  return reader.end();
}

const told = ({ firstTokenMs: _, perTokenMs: __, ...generation }: Generation): object => generation;

describe.each(GENERATED.map((answer) => ({ ...answer, toString: () => answer.name })))('$name', (answer) => {
  const known = { tokensIn: REQUEST_BYTES / 4, ...answer.known };

  test('says how many tokens it has, whether they are estimated, why it ended, and what it says', () => {
    expect(told(read(answer))).toEqual(known);
  });

  test('says the same wherever its bytes are divided', () => {
    const { length } = Buffer.from(answer.body);
    for (let cut = 0; cut <= length; cut++) {
      expect(told(read(answer, [cut]))).toEqual(known);
    }
    expect(told(read(answer, Array.from({ length }, (_, at) => at)))).toEqual(known);
    fc.assert(fc.property(fc.array(fc.nat({ max: length })), (cuts) => {
      expect(told(read(answer, cuts.sort((a, b) => a - b)))).toEqual(known);
    }), { numRuns: 30 });
  });
});

describe('the time of a stream', () => {
  const chunk = (delta: object, usage?: object): Buffer => Buffer.from(`data: ${JSON.stringify({ choices: [{ delta, finish_reason: null }], usage })}\n\n`);
  const timed = (...parts: readonly (readonly [atMs: number, part: Buffer])[]): Generation => {
    const reader = new GenerationReader('events', 4, 0);
    parts.forEach(([atMs, part]) => reader.add(part, atMs));
    return reader.end();
  };

  test('to the first token ends with its first text, not with the role', () => {
    expect(timed([10, chunk({ role: 'assistant', content: '' })], [70, chunk({ content: 'a' })], [90, chunk({ content: 'b' })])).toMatchObject({ firstTokenMs: 70 });
    expect(timed([10, chunk({ role: 'assistant' })], [40, chunk({ reasoning: 'hm' })], [90, chunk({ content: 'b' })])).toMatchObject({ firstTokenMs: 40 });
    expect(timed([10, chunk({ role: 'assistant' })])).not.toHaveProperty('firstTokenMs');
  });

  test('from a token to the next is that of the tokens after the first part', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 5 };
    expect(timed([100, chunk({ content: 'a' })], ...[120, 140, 160].map((at): [number, Buffer] => [at, chunk({ content: 'b' })]), [180, chunk({ content: 'c' }, usage)]))
      .toMatchObject({ firstTokenMs: 100, perTokenMs: 20 });
  });

  test('does not grow with the answer: ten times the tokens are as fast each', () => {
    const stream = (tokens: number): Generation => timed(...Array.from({ length: tokens }, (_, index): [number, Buffer] => [
      300 + 25 * index, chunk({ content: 'word' }, index === tokens - 1 ? { prompt_tokens: 1, completion_tokens: tokens } : undefined),
    ]));
    expect([stream(20), stream(200)].map(({ firstTokenMs, perTokenMs }) => [firstTokenMs, perTokenMs!.toFixed(6)])).toEqual([[300, '25.000000'], [300, '25.000000']]);
  });

  test('is not known of what came at once, nor of an answer that is one document', () => {
    expect(timed([50, Buffer.concat([chunk({ content: 'a' }), chunk({ content: 'b' })])])).not.toHaveProperty('perTokenMs');
    const reader = new GenerationReader(undefined, 4, 0);
    reader.add(Buffer.from('{"y":'), 10);
    reader.add(Buffer.from('1}'), 90);
    expect(reader.end()).not.toHaveProperty('firstTokenMs');
  });

  test('leaves out reasoning that nobody sees: it was there before the first token', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 105, completion_tokens_details: { reasoning_tokens: 100 } };
    const later = [920, 940, 960].map((at): [number, Buffer] => [at, chunk({ content: 'b' })]);
    expect(timed([900, chunk({ content: 'a' })], ...later, [980, chunk({ content: 'c' }, usage)])).toMatchObject({ tokensOut: 105, perTokenMs: 20 });
  });
});

describe('memory is bounded', () => {
  test('an event that does not end is let go, and the next is read', () => {
    const documents = new Documents('events');
    expect(documents.add(Buffer.from('data: {"long":"'))).toEqual([]);
    for (let sent = 0; sent < 40; sent++) {
      expect(documents.add(Buffer.alloc(65_536, 'x'))).toEqual([]);
    }
    expect(documents.add(Buffer.from('"}\n\ndata: {"y":1}\n\n'))).toEqual([{ json: undefined, bytes: 0 }, { json: { y: 1 }, bytes: 7 }]);
  });

  test('so is an event of many lines', () => {
    const documents = new Documents('events');
    for (let sent = 0; sent < 40; sent++) {
      documents.add(Buffer.from(`data: ${'x'.repeat(65_536)}\n`));
    }
    expect(documents.add(Buffer.from('\ndata: {"y":1}\n\n'))).toEqual([{ json: undefined, bytes: 0 }, { json: { y: 1 }, bytes: 7 }]);
  });

  test('words beyond what is to be kept are not there at all', () => {
    const reader = new GenerationReader('lines', 4, 10);
    const token = (text: string): Buffer => Buffer.from(`${JSON.stringify({ token: { text } })}\n`);
    reader.add(token('12345'), 1);
    reader.add(token('67890'), 2);
    reader.add(token('1'), 3);
    expect(reader.end()).not.toHaveProperty('text');
  });
});

test('anything at all may come, and is read without a fault', () => {
  const json = fc.json({ maxDepth: 4 });
  const known = fc.constantFrom(
    'choices', 'delta', 'usage', 'type', 'token', 'details', 'output', 'message', 'content', 'stopReason', 'metadata', 'response.completed',
  );
  const member = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.array(fc.dictionary(known, fc.jsonValue({ maxDepth: 1 }))));
  const shaped = fc.dictionary(known, member, { maxKeys: 6 }).map((value) => JSON.stringify(value));
  fc.assert(fc.property(fc.array(fc.oneof(json, shaped, fc.string())), fc.constantFrom('events' as const, 'lines' as const), (texts, framing) => {
    const reader = new GenerationReader(framing, 10, 100);
    texts.forEach((text, index) => reader.add(Buffer.from(`${framing === 'events' ? 'data: ' : ''}${text}\n\n`), index));
    const { tokensIn, tokensOut, firstTokenMs = 0, perTokenMs = 0 } = reader.end();
    expect([tokensIn, tokensOut, firstTokenMs, perTokenMs].every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
  }), { numRuns: 300 });
});

test.each([['MAX_TOKENS', FinishReason.LENGTH], ['refusal', FinishReason.FILTER], ['pause_turn', FinishReason.OTHER], ['', FinishReason.OTHER]])('%j is a reason of the kind %s', (word, reason) => {
  expect(finishReasonOf(word)).toBe(reason);
});
