import { finished, type Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { SageMakerRuntimeClientConfig } from '@aws-sdk/client-sagemaker-runtime';
import { EventStreamCodec, eventStreamSerdeProvider, getMessageUnmarshaller } from '@smithy/core/event-streams';
import { fromUtf8, toUtf8 } from '@smithy/core/serde';

type Provider = NonNullable<SageMakerRuntimeClientConfig['eventStreamSerdeProvider']>;
type Deserializer<T> = Parameters<typeof getMessageUnmarshaller<{ [name: string]: T }>>[0];

/**
 * How clients of AWS's SDK read what models stream. The SDK's own way through five generators, copies and schemas is most of what a token
 * costs; this is for services most of whose events are nothing but bytes. All other events, errors among them, are read by the SDK.
 */
export const eventStreams: Provider = (options) => {
  const whole = eventStreamSerdeProvider(options as Parameters<typeof eventStreamSerdeProvider>[0]);
  return {
    serialize: whole.serialize.bind(whole),
    deserialize: <T>(body: Readable, deserializer: (input: never) => Promise<T>) =>
      new Events<T>(new Chunks(body), deserializer as unknown as Deserializer<T>),
  };
};

/** Events whose one member is their payload, byte for byte. */
const PAYLOADS = new Map<unknown, (payload: Uint8Array) => unknown>([
  ['PayloadPart', (Bytes: Uint8Array) => ({ PayloadPart: { Bytes } })],
  ['PayloadChunk', (Payload: Uint8Array) => ({ PayloadChunk: { Payload } })],
]);

// A message: its length, that of its headers, a checksum of these; headers, payload, and a checksum of all before.
const [PRELUDE, CHECKSUM] = [12, 4];
/** No service sends more in a message. */
const MOST_BYTES = 25_165_824;
const NOTHING = Buffer.alloc(0);
const codec = new EventStreamCodec(toUtf8, fromUtf8);

class Events<T> implements AsyncIterableIterator<T> {
  private readonly read: (message: ReturnType<EventStreamCodec['decode']>) => Promise<T>;
  /** What was read, and where in it the next message begins. */
  private bytes: Buffer = NOTHING;
  private at = 0;
  /** Headers of the last message that was a payload: those of the next are the same, nearly always. */
  private headers: Buffer = NOTHING;
  private event: (payload: Uint8Array) => unknown = () => undefined;

  constructor(private readonly chunks: Chunks, deserializer: Deserializer<T>) {
    this.read = getMessageUnmarshaller(deserializer, toUtf8) as unknown as typeof this.read;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T>> {
    for (;;) {
      const length = this.lengthOfMessage();
      if (length > 0 && this.at + length <= this.bytes.length) {
        const event = this.isAsBefore(length) ? this.payload(length) : await this.read(this.decoded(length));
        if (event !== undefined) {
          return { done: false, value: event as T };
        }
      } else if (!await this.more(length || PRELUDE)) {
        return { done: true, value: undefined };
      }
    }
  }

  /** Zero where not even the length is there. */
  private lengthOfMessage(): number {
    if (this.at + PRELUDE > this.bytes.length) {
      return 0;
    }
    const length = this.bytes.readUInt32BE(this.at);
    if (length < PRELUDE + CHECKSUM || length > MOST_BYTES) {
      throw new Error(`a message of an event stream has ${length} bytes`);
    }
    return length;
  }

  /** Whether a message has the headers of one that was nothing but a payload. */
  private isAsBefore(length: number): boolean {
    const { bytes, at, headers } = this;
    const from = at + PRELUDE;
    return headers.length > 0 && bytes.readUInt32BE(at + 4) === headers.length && PRELUDE + headers.length + CHECKSUM <= length
      && bytes.compare(headers, 0, headers.length, from, from + headers.length) === 0;
  }

  private payload(length: number): unknown {
    const { bytes, at, headers } = this;
    const end = at + length - CHECKSUM;
    if (crc32(bytes.subarray(at, end)) !== bytes.readUInt32BE(end)) {
      throw new Error('a message of an event stream does not match its checksum');
    }
    this.at = at + length;
    return this.event(bytes.subarray(at + PRELUDE + headers.length, end));
  }

  private decoded(length: number): ReturnType<EventStreamCodec['decode']> {
    const { bytes, at } = this;
    const message = codec.decode(bytes.subarray(at, at + length));
    const { ':message-type': kind, ':event-type': type } = message.headers;
    const event = kind?.value === 'event' ? PAYLOADS.get(type?.value) : undefined;
    if (event !== undefined) {
      this.event = event;
      this.headers = Buffer.from(bytes.subarray(at + PRELUDE, at + PRELUDE + bytes.readUInt32BE(at + 4)));
    }
    this.at = at + length;
    return message;
  }

  /** Read until so many bytes are there of a message; false at the end of the stream. */
  private async more(length: number): Promise<boolean> {
    const rest = this.bytes.subarray(this.at);
    const parts = rest.length === 0 ? [] : [rest];
    for (let bytes = rest.length; bytes < length;) {
      const chunk = await this.chunks.next();
      if (chunk === undefined && bytes > 0) {
        throw new Error('an event stream ends within a message');
      }
      if (chunk === undefined) {
        return false;
      }
      parts.push(chunk);
      bytes += chunk.length;
    }
    this.bytes = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    this.at = 0;
    return true;
  }
}

/** The bytes of a stream as they come; nothing is read ahead but what the stream itself keeps. */
class Chunks {
  private ended = false;
  private error?: Error;
  private wake = (): void => {};

  constructor(private readonly stream: Readable) {
    stream.on('readable', () => this.wake());
    finished(stream, { writable: false }, (error) => {
      this.ended = true;
      this.error = error ?? undefined;
      this.wake();
    });
  }

  /** Undefined after the last. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.stream.read() as Buffer | null;
      if (chunk !== null) {
        return chunk;
      }
      if (this.error !== undefined) {
        throw this.error;
      }
      if (this.ended) {
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
