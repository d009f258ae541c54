import { isRawNumber, parseJson, stringifyJson } from '../json/json';
import { parseJsonPath, valueAt } from '../json/json-path';
import { predictionText } from './record';
import { redact } from './redact';
import { parseRedactionPath, type RedactionStep } from '../json/redaction-path';

/** Why a body that should be logged is not. What cannot be read cannot be redacted, and is not logged, whether or not paths are given. */
export enum Omitted {
  /** Not JSON in UTF-8, or compressed. */
  NOT_JSON = 'not JSON',
  /** Larger than bodies are read here, or than the record has room for. */
  TOO_LARGE = 'too large',
}

/** A body as it may be written. */
export interface LogBody {
  readonly text?: string;
  readonly omitted?: Omitted;
}

/** A larger body is not read: it would cost the caller more than the record is worth, bytes. */
export const READ_BYTES = 262_144;
/** A longer prediction is no label, score or class, characters. */
const PREDICTION_CHARACTERS = 1_000;

/** Paths are parsed once for each plan, not for each request. */
const parsed = new WeakMap<readonly string[], readonly (readonly RedactionStep[])[]>();

/** What a body says, without what is redacted. */
interface Content {
  readonly document: unknown;
  /** The body's own text, where nothing is redacted and it can hold nothing that the document does not. */
  readonly verbatim?: Verbatim;
}

interface Verbatim {
  readonly text: string;
  /** As a part of the record, which is JSON too. */
  readonly bytes: number;
}

/** A body with its redacted values replaced; read when it is first asked for. */
export class RedactedBody {
  private read?: Content | Omitted;

  constructor(private readonly body: Uint8Array, private readonly redactions: readonly string[]) {}

  /** The body as JSON text, unless it takes more than `maximumBytes` of the record that it becomes a part of. */
  text(maximumBytes: number): LogBody {
    const content = this.content();
    if (typeof content === 'string') {
      return { omitted: content };
    }
    const { document, verbatim } = content;
    // To write numbers anew takes longer than all the rest.
    if (verbatim !== undefined && verbatim.bytes <= maximumBytes) {
      return { text: verbatim.text };
    }
    const text = stringifyJson(document);
    // Never cut: half a document cannot be parsed.
    return Buffer.byteLength(JSON.stringify(text)) > maximumBytes ? { omitted: Omitted.TOO_LARGE } : { text };
  }

  /** The value at a path as a text: a string itself, else its JSON. */
  prediction(path: string): string | undefined {
    const content = this.content();
    if (typeof content === 'string') {
      return undefined;
    }
    const text = predictionText(valueAt(content.document, parseJsonPath(path) ?? []));
    return text !== undefined && text.length <= PREDICTION_CHARACTERS ? text : undefined;
  }

  private content(): Content | Omitted {
    return (this.read ??= this.parse());
  }

  private parse(): Content | Omitted {
    if (this.body.byteLength > READ_BYTES) {
      return Omitted.TOO_LARGE;
    }
    let text: string;
    let document: unknown;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(this.body);
      document = parseJson(text);
    } catch {
      return Omitted.NOT_JSON;
    }
    const redacted = redact(document, stepsOf(this.redactions));
    return redacted === document ? { document, verbatim: verbatimOf(text.trim(), document) } : { document: redacted };
  }
}

/** A path that cannot be read redacts everything: routers see plans that this version did not write. */
function stepsOf(redactions: readonly string[]): readonly (readonly RedactionStep[])[] {
  let steps = parsed.get(redactions);
  if (steps === undefined) {
    steps = redactions.map((path) => parseRedactionPath(path) ?? []);
    parsed.set(redactions, steps);
  }
  return steps;
}

/** Escapes, and what the record's text would have to escape or compact. */
const NOT_PLAIN = /[\\\n\r\t]/;

/**
 * A text, if it holds nothing that the document read from it does not. Of two members of one name the first is lost in reading, and may
 * hold what is to be redacted; its name is a string more in the text than in the document. Where nothing is escaped a string is two
 * quotation marks.
 */
function verbatimOf(text: string, document: unknown): Verbatim | undefined {
  if (NOT_PLAIN.test(text)) {
    return undefined;
  }
  let marks = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    marks++;
  }
  // The record escapes the marks, and has two of its own.
  return marks === 2 * stringsIn(document) ? { text, bytes: Buffer.byteLength(text) + marks + 2 } : undefined;
}

/** Names and texts of a document. */
function stringsIn(value: unknown): number {
  if (typeof value === 'string') {
    return 1;
  }
  if (value === null || typeof value !== 'object' || isRawNumber(value)) {
    return 0;
  }
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) {
      count += typeof element === 'number' ? 0 : stringsIn(element);
    }
    return count;
  }
  for (const member of Object.values(value)) {
    count += 1 + stringsIn(member);
  }
  return count;
}
