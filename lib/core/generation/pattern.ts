import { isUtf8 } from 'node:buffer';
import { type DocumentFraming, Documents } from './documents';
import { type Said, saidIn } from './said';

/** Patterns that are looked for without one that fits: an answer whose parts differ in more than words has none. */
const MOST_LEARNED = 4;
const [QUOTE, BACKSLASH, SPACE] = Buffer.from('"\\ ');
const PROBE = 'probe';

/** What a part has besides its words. */
interface Pattern {
  readonly before: Buffer;
  readonly after: Buffer;
  readonly tokens?: number;
}

/** Words that were found in a part without reading the rest of it. */
export interface Words {
  readonly from: number;
  readonly to: number;
  readonly tokens?: number;
}

/**
 * Most parts of a streamed answer differ from the one before in their words alone: to compare bytes says the same as to parse each, for a
 * fraction of it. A pattern comes from a part that was read, and is one only if the same part with other words reads the same.
 */
export class Patterns {
  private pattern?: Pattern;
  private learned = 0;

  constructor(private readonly framing: DocumentFraming) {}

  /** The words of a part that follows the pattern; undefined for one that has to be read. */
  match(part: Buffer): Words | undefined {
    const { pattern } = this;
    if (pattern === undefined) {
      return undefined;
    }
    const { before, after, tokens } = pattern;
    const [from, to] = [before.length, part.length - after.length];
    const fits = to >= from && part.compare(after, 0, after.length, to) === 0 && part.compare(before, 0, from, 0, from) === 0
      && isPlain(part, from, to);
    if (!fits) {
      return undefined;
    }
    this.learned = 0;
    return { from, to, tokens };
  }

  /** @param said what was read of the part, and is all that is in it */
  learn(part: Buffer, said: Said): void {
    const quoted = JSON.stringify(said.text);
    const at = part.indexOf(quoted);
    if (this.learned >= MOST_LEARNED || !isNothingButWords(said) || at < 0 || part.lastIndexOf(quoted) !== at) {
      return;
    }
    this.learned++;
    const from = at + 1;
    const to = at + Buffer.byteLength(quoted) - 1;
    const [before, after] = [Buffer.from(part.subarray(0, from)), Buffer.from(part.subarray(to))];
    const documents = new Documents(this.framing).add(Buffer.concat([before, Buffer.from(PROBE), after]));
    const again = documents.length === 1 ? saidIn(documents[0].json) : undefined;
    if (isPlain(part, from, to) && again?.text === PROBE && again.tokens === said.tokens && isNothingButWords(again)) {
      this.pattern = { before, after, tokens: said.tokens };
    }
  }
}

function isNothingButWords({ text, beside, repeats, finish, tokensIn, tokensOut, reasoningTokens }: Said): boolean {
  return text !== '' && beside === '' && !repeats
    && [finish, tokensIn, tokensOut, reasoningTokens].every((told) => told === undefined);
}

/** Whether bytes within a string of JSON are its value, without an escape or an end. */
function isPlain(bytes: Buffer, from: number, to: number): boolean {
  let ascii = true;
  for (let at = from; at < to; at++) {
    const byte = bytes[at];
    if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) {
      return false;
    }
    ascii &&= byte < 0x80;
  }
  return ascii || isUtf8(bytes.subarray(from, to));
}
