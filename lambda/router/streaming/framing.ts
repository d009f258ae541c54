import type { DocumentFraming } from '../../../lib/core/generation/documents';
import { bufferOf } from '../../shared/http/media';

/** How a stream is divided into what its reader can use: events, lines. */
export interface Framing {
  /** How its JSON documents are told apart. */
  readonly documents: DocumentFraming;
  /** How many of the bytes are whole units. */
  readonly whole: (bytes: Buffer) => number;
  /** Whether a part that begins with a unit ends with one, as nearly all do. */
  readonly endsUnit: (part: Uint8Array) => boolean;
  /** Whether there is more than comments in the units. */
  readonly hasContent: (units: Buffer) => boolean;
  /** Whether the model itself reports an error among the units. */
  readonly hasError: (units: Uint8Array) => boolean;
  /** A unit that tells the reader what went wrong, by a document. */
  readonly error: (document: object) => Buffer;
}

const [LF, CR, SPACE, QUOTE, COLON, E, BRACE] = Buffer.from('\n\r ":e{');
/** What ends an event: an empty line, in any of the ways in which lines may end (WHATWG HTML, 9.2.6). */
const EVENT_ENDS = ['\n\n', '\r\n\r\n', '\r\r', '\n\r\n'];

/**
 * Whether a line may be one by which an event reports an error. Every token comes here, so bytes are looked at where they are: to search
 * for a word costs more.
 */
function mayReport(units: Uint8Array): boolean {
  for (let at = 0, begins = true; at < units.length; at++) {
    if (begins && mayBegin(units, at)) {
      return true;
    }
    begins = units[at] === LF || units[at] === CR;
  }
  return false;
}

/** Whether `event: e`, `data: {"e` or `data: {` and white space may be here. */
function mayBegin(units: Uint8Array, at: number): boolean {
  const colon = at + (units[at] === E ? 5 : 4);
  if (units[colon] !== COLON) {
    return false;
  }
  const begun = units[colon + 1] === SPACE ? colon + 2 : colon + 1;
  return units[begun] === E || (units[begun] === BRACE && (units[begun + 1] !== QUOTE || units[begun + 2] === E));
}

/** Server-sent events. */
const EVENTS: Framing = {
  documents: 'events',
  whole: (bytes) => Math.max(...EVENT_ENDS.map((end) => afterLast(bytes, end))),
  endsUnit: (part) => part[part.length - 1] === LF && part[part.length - 2] === LF,
  hasContent: (units) => /(?:^|[\r\n])data/.test(units.toString('latin1')),
  // The second is how servers of OpenAI's shape report one, in a stream whose events have no names.
  hasError: (units) =>
    mayReport(units) && /(?:^|[\r\n])(?:event: ?error[\r\n]|data: ?\{\s*"error"\s*:\s*[^\sn])/.test(bufferOf(units).toString('latin1')),
  error: (document) => Buffer.from(`event: error\ndata: ${JSON.stringify(document)}\n\n`),
};

/** A JSON document on each line. */
const LINES: Framing = {
  documents: 'lines',
  whole: (bytes) => afterLast(bytes, '\n'),
  endsUnit: (part) => part[part.length - 1] === LF,
  hasContent: (units) => /\S/.test(units.toString('latin1')),
  hasError: (units) => {
    const bytes = bufferOf(units);
    return bytes.includes('error') && /(?:^|\n)\s*\{\s*"error"\s*:\s*[^\sn]/.test(bytes.toString('latin1'));
  },
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
