import { parseJson, stringifyJson } from '../json/json';
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

/** A body with its redacted values replaced; read when it is first asked for. */
export class RedactedBody {
  private read?: { readonly document: unknown } | Omitted;

  constructor(private readonly body: Uint8Array, private readonly redactions: readonly string[]) {}

  /** The body as JSON text, unless it takes more than `maximumBytes` of the record that it becomes a part of. */
  text(maximumBytes: number): LogBody {
    const content = this.content();
    if (typeof content === 'string') {
      return { omitted: content };
    }
    const text = stringifyJson(content.document);
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

  private content(): { readonly document: unknown } | Omitted {
    return (this.read ??= this.parse());
  }

  private parse(): { readonly document: unknown } | Omitted {
    if (this.body.byteLength > READ_BYTES) {
      return Omitted.TOO_LARGE;
    }
    let document: unknown;
    try {
      document = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(this.body));
    } catch {
      return Omitted.NOT_JSON;
    }
    return { document: redact(document, stepsOf(this.redactions)) };
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
