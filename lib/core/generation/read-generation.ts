import { type DocumentFraming, Documents, type StreamDocument } from './documents';
import { FinishReason } from './finish-reason';
import { estimatedTokens, type Generation } from './generation';
import { Patterns } from './pattern';
import { type Said, saidIn } from './said';

/**
 * Reads what a model generates from its answer as it goes by, in memory that does not grow with it. Tokens that the model does not tell are
 * counted by documents that are a token each, else by bytes: of what was generated on the way out, of the request's body on the way in.
 */
export class GenerationReader {
  private readonly documents: Documents | undefined;
  private readonly patterns: Patterns | undefined;
  private first?: number;
  private last = 0;
  /** Bytes that were generated, and those of them that came with the first. */
  private bytes = 0;
  private firstBytes = 0;
  private tokens = 0;
  private counted = true;
  private reasons = false;
  private readonly told: { tokensIn?: number; tokensOut?: number; reasoningTokens?: number; finish?: FinishReason } = {};
  private readonly text: string[] = [];
  private room: number;

  /**
   * @param framing how the answer's documents are told apart; undefined where it is one
   * @param requestBytes length of the request's body
   * @param keepText most bytes of words to keep
   */
  constructor(framing: DocumentFraming | undefined, private readonly requestBytes: number, private readonly keepText: number) {
    this.documents = framing && new Documents(framing);
    this.patterns = framing && new Patterns(framing);
    this.room = keepText;
  }

  /** Bytes of a stream, as they come; `atMs` is when, after the model was asked. */
  add(bytes: Uint8Array, atMs: number): void {
    if (this.documents === undefined) {
      this.generated(bytes.byteLength, undefined, atMs);
      this.counted = false;
      return;
    }
    const part = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { documents, patterns } = this;
    const begins = documents.isBetween;
    const words = begins ? patterns?.match(part) : undefined;
    if (words !== undefined) {
      this.generated(words.to - words.from, words.tokens, atMs);
      if (this.keepText > 0) {
        this.keep(part.toString('utf8', words.from, words.to));
      }
      return;
    }
    const said = documents.add(part).map((document) => this.read(document, atMs));
    if (begins && documents.isBetween && said.length === 1 && said[0] !== undefined) {
      patterns?.learn(part, said[0]);
    }
  }

  /** The whole of an answer that is one document, undefined where it is none, and its bytes, which may have been added before. */
  whole(document: unknown, bytes: Uint8Array): void {
    const said = saidIn(document);
    if (said === undefined) {
      // What nobody knows the shape of is what the model says.
      this.keep(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
      return;
    }
    [this.bytes, this.firstBytes, this.first] = [0, 0, undefined];
    this.take({ ...said, repeats: false }, 0);
    this.first = undefined;
  }

  /** What was generated; nothing comes any more. */
  end(): Generation {
    this.documents?.end().forEach((document) => this.read(document, this.last));
    const { told: { tokensIn, tokensOut, reasoningTokens = 0, finish = FinishReason.OTHER }, first, bytes, firstBytes } = this;
    const all = tokensOut ?? (this.counted && this.tokens > 0 ? this.tokens : undefined);
    const generated = all ?? estimatedTokens(bytes);
    // Reasoning that was not sent was there before the first token.
    const seen = Math.max(0, generated - (this.reasons ? 0 : reasoningTokens));
    const after = bytes > 0 ? seen * (1 - firstBytes / bytes) : 0;
    const streamed = this.documents !== undefined && first !== undefined;
    return {
      tokensIn: tokensIn ?? estimatedTokens(this.requestBytes),
      tokensOut: generated,
      estimated: tokensIn === undefined || all === undefined,
      finish,
      ...(streamed && { firstTokenMs: first }),
      ...(streamed && after > 0 && { perTokenMs: (this.last - first) / after }),
      ...(this.keepText > 0 && this.room >= 0 && { text: this.text.join('') }),
    };
  }

  private read({ json, bytes }: StreamDocument, atMs: number): Said | undefined {
    const said = saidIn(json);
    if (said === undefined) {
      this.generated(bytes, undefined, atMs);
    } else {
      this.take(said, atMs);
    }
    return said;
  }

  private take({ text, beside, reasons, tokens, repeats, ...told }: Said, atMs: number): void {
    for (const name of ['tokensIn', 'tokensOut', 'reasoningTokens', 'finish'] as const) {
      if (told[name] !== undefined) {
        Object.assign(this.told, { [name]: told[name] });
      }
    }
    if (repeats) {
      return;
    }
    this.reasons ||= reasons;
    this.generated(Buffer.byteLength(text) + Buffer.byteLength(beside), tokens, atMs);
    this.keep(text);
  }

  private keep(text: string): void {
    if (text !== '' && this.room >= 0) {
      this.room -= Buffer.byteLength(text);
      // Half a text is not a text.
      this.text.splice(0, this.room < 0 ? this.text.length : 0);
      this.text.push(...(this.room < 0 ? [] : [text]));
    }
  }

  private generated(bytes: number, tokens: number | undefined, atMs: number): void {
    this.tokens += tokens ?? 0;
    this.counted &&= tokens !== undefined || bytes === 0;
    if (bytes === 0) {
      return;
    }
    this.first ??= atMs;
    this.firstBytes += atMs === this.first ? bytes : 0;
    this.bytes += bytes;
    this.last = atMs;
  }
}
