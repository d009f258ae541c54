import type { DocumentFraming } from '../../../lib/core/generation/documents';

/** How a stream is divided into what its reader can use: events, lines. */
export interface Framing {
  /** How its JSON documents are told apart. */
  readonly documents: DocumentFraming;
  /** How many of the bytes are whole units. */
  readonly whole: (bytes: Buffer) => number;
  /** Whether there is more than comments in the units. */
  readonly hasContent: (units: Buffer) => boolean;
  /** Whether the model itself reports an error among the units. */
  readonly hasError: (units: Buffer) => boolean;
  /** A unit that tells the reader what went wrong, by a document. */
  readonly error: (document: object) => Buffer;
}

const LF = 10;
/** What ends an event: an empty line, in any of the ways in which lines may end (WHATWG HTML, 9.2.6). */
const EVENT_ENDS = ['\n\n', '\r\n\r\n', '\r\r', '\n\r\n'];

/** Server-sent events. */
const EVENTS: Framing = {
  documents: 'events',
  whole: (bytes) => {
    const { length } = bytes;
    // As nearly all parts end.
    return bytes[length - 1] === LF && bytes[length - 2] === LF ? length : Math.max(...EVENT_ENDS.map((end) => afterLast(bytes, end)));
  },
  hasContent: (units) => /(?:^|[\r\n])data/.test(units.toString('latin1')),
  // The second is how servers of OpenAI's shape report one, in a stream whose events have no names.
  hasError: (units) => units.includes('error') && /(?:^|[\r\n])(?:event: ?error[\r\n]|data: ?\{\s*"error"\s*:\s*[^\sn])/.test(units.toString('latin1')),
  error: (document) => Buffer.from(`event: error\ndata: ${JSON.stringify(document)}\n\n`),
};

/** A JSON document on each line. */
const LINES: Framing = {
  documents: 'lines',
  whole: (bytes) => afterLast(bytes, '\n'),
  hasContent: (units) => /\S/.test(units.toString('latin1')),
  hasError: (units) => units.includes('error') && /(?:^|\n)\s*\{\s*"error"\s*:\s*[^\sn]/.test(units.toString('latin1')),
  error: (document) => Buffer.from(`${JSON.stringify(document)}\n`),
};

const FRAMINGS: ReadonlyMap<string, Framing> = new Map([
  ['text/event-stream', EVENTS],
  ['application/x-ndjson', LINES],
  ['application/ndjson', LINES],
  ['application/jsonlines', LINES],
  ['application/jsonl', LINES],
  ['application/x-jsonlines', LINES],
]);

/** How an answer is divided; undefined where it is one whole, or its units are hidden by a content encoding. */
export function framingOf(headers: { readonly [name: string]: string }): Framing | undefined {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = headers;
  return encoding === 'identity' ? FRAMINGS.get(type.split(';')[0].trim().toLowerCase()) : undefined;
}

function afterLast(bytes: Buffer, end: string): number {
  const at = bytes.lastIndexOf(end);
  return at < 0 ? 0 : at + end.length;
}
