import { Readable } from 'node:stream';
import { EventStreamCodec, eventStreamSerdeProvider } from '@smithy/core/event-streams';
import { fromUtf8, toUtf8 } from '@smithy/core/serde';
import * as fc from 'fast-check';
import { eventStreams } from '../../../../lambda/shared/backends/event-stream';

const codec = new EventStreamCodec(toUtf8, fromUtf8);
const options = { utf8Encoder: toUtf8, utf8Decoder: fromUtf8 };

/** Headers in the order that a service chooses. */
function frame(headers: { readonly [name: string]: string }, body: Uint8Array | string = ''): Buffer {
  return Buffer.from(codec.encode({ headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }])), body: Buffer.from(body) }));
}

const part = (body: Uint8Array | string): Buffer => frame({ ':event-type': 'PayloadPart', ':message-type': 'event', ':content-type': 'application/octet-stream' }, body);
const chunk = (body: Uint8Array | string): Buffer => frame({ ':message-type': 'event', ':event-type': 'PayloadChunk' }, body);
const complete = frame({ ':message-type': 'event', ':event-type': 'InvokeComplete', ':content-type': 'application/json' }, '{"ErrorCode":"Unhandled"}');
const unknown = frame({ ':message-type': 'event', ':event-type': 'Surprise' }, 'x');
const exception = frame({ ':message-type': 'exception', ':exception-type': 'ModelStreamError' }, '{"Message":"broke"}');
const error = frame({ ':message-type': 'error', ':error-code': 'Throttled', ':error-message': 'slow down' });

type Event = { readonly [type: string]: { readonly body: Uint8Array } };
/** As the SDK's deserializers: bytes of what is a payload, an error of what is an exception, and a mark on what it does not know. */
async function deserializer(event: Event): Promise<object> {
  const [[type, { body }]] = Object.entries(event);
  switch (type) {
    case 'PayloadPart':
      return { [type]: { Bytes: body } };
    case 'PayloadChunk':
      return { [type]: { Payload: body } };
    case 'ModelStreamError':
      return { [type]: Object.assign(new Error(Buffer.from(body).toString()), { name: type }) };
    default:
      return type === 'InvokeComplete' ? { [type]: JSON.parse(Buffer.from(body).toString()) as object } : { $unknown: event };
  }
}

/** A buffer is another kind of object by the time that it would be seen as a value. */
function inHex(this: { readonly [name: string]: unknown }, name: string, value: unknown): unknown {
  return this[name] instanceof Uint8Array ? Buffer.from(this[name]).toString('hex') : value;
}

/** All that is read of bytes that come in these pieces, and how it ends. */
async function read(provider: typeof eventStreams, pieces: readonly Uint8Array[]): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    const events = provider(options).deserialize(Readable.from(pieces, { objectMode: false }), deserializer as never);
    for await (const event of events as AsyncIterable<object>) {
      found.push(JSON.stringify(event, inHex));
    }
    return [...found, 'end'];
  } catch (thrown) {
    return [...found, (thrown as Error).name];
  }
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map((at) => at % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces = [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
  return pieces.filter(({ length }) => length > 0);
}

/** Bytes after the last whole message. */
function leftOver(messages: readonly Buffer[], bytes: number): number {
  const [message, ...others] = messages;
  return message === undefined || bytes < message.length ? bytes : leftOver(others, bytes - message.length);
}

test('a stream of events says what the SDK reads of it, wherever its bytes are divided, and as far as it comes', async () => {
  const body = fc.uint8Array({ maxLength: 200 });
  const message = fc.oneof(
    { weight: 6, arbitrary: body.map(part) }, { weight: 3, arbitrary: body.map(chunk) },
    fc.constantFrom(complete, unknown, exception, error),
  );
  const stream = [fc.array(message, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 12 }), fc.option(fc.nat())] as const;
  await fc.assert(fc.asyncProperty(...stream, async (messages, cuts, ends) => {
    const all = Buffer.concat(messages);
    const come = ends === null ? all.length : ends % (all.length + 1);
    const pieces = cut(all.subarray(0, come), cuts);
    const bySdk = await read(eventStreamSerdeProvider as typeof eventStreams, pieces);
    // Of a message whose length itself is cut off the SDK says that the stream has ended well.
    const isLost = bySdk.at(-1) === 'end' && leftOver(messages, come) > 0;
    expect(await read(eventStreams, pieces)).toEqual(isLost ? [...bySdk.slice(0, -1), 'Error'] : bySdk);
  }), { numRuns: 300 });
});

test('nothing is believed that does not match its checksum', async () => {
  const [first, broken] = [part('first'), part('second')];
  broken[broken.length - 6] ^= 1;
  expect(await read(eventStreams, [first, part('first'), broken])).toHaveLength(3);
  expect((await read(eventStreams, [first, broken])).at(-1)).toBe('Error');
  expect((await read(eventStreams, [broken])).at(-1)).toBe('Error');
});

test('a message of no possible length ends the stream before anything is kept of it', async () => {
  expect(await read(eventStreams, [part('first'), Buffer.from('ffffffff0000000000000000', 'hex')])).toEqual([expect.stringContaining('PayloadPart'), 'Error']);
});

test('a connection that breaks is an error, not an end', async () => {
  const body = new Readable({ read: () => {} });
  const events = (eventStreams(options).deserialize(body, deserializer as never) as AsyncIterable<object>)[Symbol.asyncIterator]();
  body.push(part('first'));
  expect((await events.next()).done).toBe(false);
  const next = events.next();
  body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
  await expect(next).rejects.toMatchObject({ code: 'ECONNRESET' });
});
