/** A longer event or line is not looked into: memory is bounded however long it is. Bytes. */
const MOST_KEPT = 262_144;
const [LF, CR] = [10, 13];

/** How the documents of a stream are told apart: events of `text/event-stream` (WHATWG HTML, 9.2.6), or lines of JSON. */
export type DocumentFraming = 'events' | 'lines';

/** A document of a stream. */
export interface StreamDocument {
  /** Undefined where it is not valid JSON, or where nobody looked into it. */
  readonly json: unknown;
  /** How long it is; 0 where it was too long to be looked into. */
  readonly bytes: number;
}

const NOTHING = Buffer.alloc(0);
const OVERLONG: StreamDocument = { json: undefined, bytes: 0 };

/** The JSON documents of a stream, wherever its bytes are divided. */
export class Documents {
  /** The line that has begun. */
  private line: Buffer[] = [];
  private kept = 0;
  private overlong = false;
  private afterCr = false;
  /** The data of the event that has begun. */
  private data: string[] = [];
  private dataBytes = 0;

  constructor(private readonly framing: DocumentFraming) {}

  /** No document has begun that is not complete: what comes begins one. */
  get isBetween(): boolean {
    return this.kept === 0 && !this.overlong && !this.afterCr && this.data.length === 0;
  }

  /** Documents that are complete with these bytes. */
  add(bytes: Uint8Array): StreamDocument[] {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found: StreamDocument[] = [];
    let from = 0;
    if (!this.afterCr && !buffer.includes(CR)) {
      // As nearly all streams are: lines end with LF alone.
      for (let at = buffer.indexOf(LF); at >= 0; at = buffer.indexOf(LF, from)) {
        found.push(...this.endLine(buffer.subarray(from, at)));
        from = at + 1;
      }
      this.keep(buffer.subarray(from));
      return found;
    }
    for (let at = 0; at < buffer.length; at++) {
      const byte = buffer[at];
      if (byte !== LF && byte !== CR) {
        this.afterCr = false;
        continue;
      }
      // A line that ends with CR LF ends once.
      if (byte === LF && this.afterCr && at === from) {
        this.afterCr = false;
        from = at + 1;
        continue;
      }
      found.push(...this.endLine(buffer.subarray(from, at)));
      this.afterCr = byte === CR;
      from = at + 1;
    }
    this.keep(buffer.subarray(from));
    return found;
  }

  /** Documents that are complete because nothing comes any more. */
  end(): StreamDocument[] {
    const found = this.kept > 0 || this.overlong ? this.endLine(NOTHING) : [];
    return [...found, ...(this.framing === 'events' ? this.endEvent() : [])];
  }

  private keep(part: Buffer): void {
    if (part.length === 0) {
      return;
    }
    this.overlong ||= this.kept + part.length > MOST_KEPT;
    if (this.overlong) {
      this.line = [];
      this.kept = 0;
      return;
    }
    // The bytes may be another's as soon as this returns.
    this.line.push(Buffer.from(part));
    this.kept += part.length;
  }

  /** @param last what the line ends with */
  private endLine(last: Buffer): StreamDocument[] {
    const [line, overlong] = this.wholeLine(last);
    if (this.framing === 'lines') {
      return overlong ? [OVERLONG] : documentOf(line);
    }
    if (line === '' && !overlong) {
      return this.endEvent();
    }
    const data = dataOf(line);
    if (data !== undefined) {
      this.dataBytes += data.length;
      this.data.push(this.dataBytes > MOST_KEPT ? '' : data);
    } else if (overlong) {
      this.dataBytes = Infinity;
      this.data = [''];
    }
    return [];
  }

  private wholeLine(last: Buffer): readonly [line: string, overlong: boolean] {
    if (this.kept === 0 && !this.overlong && last.length <= MOST_KEPT) {
      return [last.toString('utf8'), false];
    }
    this.keep(last);
    const { overlong } = this;
    const line = Buffer.concat(this.line).toString('utf8');
    this.line = [];
    this.kept = 0;
    this.overlong = false;
    return [line, overlong];
  }

  private endEvent(): StreamDocument[] {
    const { data, dataBytes } = this;
    this.data = [];
    this.dataBytes = 0;
    if (dataBytes > MOST_KEPT) {
      return [OVERLONG];
    }
    return data.length === 0 ? [] : documentOf(data.join('\n'));
  }
}

/** The data of a line of an event; undefined where it has none. */
function dataOf(line: string): string | undefined {
  if (!line.startsWith('data:')) {
    return undefined;
  }
  return line.slice(line[5] === ' ' ? 6 : 5);
}

/** The end of a stream in OpenAI's shape, which is no document. */
const DONE = '[DONE]';

function documentOf(text: string): StreamDocument[] {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === DONE) {
    return [];
  }
  const bytes = Buffer.byteLength(trimmed);
  try {
    // Words and counts of tokens are read of it, of which no number is too long to be exact.
    return [{ json: JSON.parse(trimmed) as unknown, bytes }];
  } catch {
    return [{ json: undefined, bytes }];
  }
}
