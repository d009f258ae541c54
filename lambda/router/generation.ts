import type { Generation } from '../../lib/core/generation/generation';
import { GenerationReader } from '../../lib/core/generation/read-generation';
import type { Answer } from '../shared/http/outcome';
import { readJson } from '../shared/http/read-json';
import { framingOf } from './streaming/framing';

/** No text is kept where nobody looks into it. */
const NO_TEXT = 0;

/** What a model generated in an answer that came as a whole. */
export function wholeGeneration({ headers, body, bytes }: Pick<Answer, 'headers' | 'body' | 'bytes'>, requestBytes: number): Generation {
  const framing = framingOf(headers)?.documents;
  const reader = new GenerationReader(framing, requestBytes, NO_TEXT);
  reader.add(body, 0);
  if (framing === undefined && bytes === undefined) {
    reader.whole(readJson(body));
  }
  const { firstTokenMs: _, perTokenMs: __, ...generation } = reader.end();
  return generation;
}

/** Reads what a model generates from a stream on its way to the caller. */
export class GenerationOnTheWay {
  private readonly reader: GenerationReader;
  private readonly isStream: boolean;

  /**
   * @param beganMs milliseconds until the answer began
   */
  constructor({ headers }: Pick<Answer, 'headers'>, requestBytes: number, private readonly beganMs: number) {
    const framing = framingOf(headers)?.documents;
    this.isStream = framing !== undefined;
    this.reader = new GenerationReader(framing, requestBytes, NO_TEXT);
  }

  pass(part: Uint8Array, modelMs: number): void {
    this.reader.add(part, this.beganMs + modelMs);
  }

  /** @param body the answer, as far as it was kept */
  end(body: Uint8Array, bytes: number): Generation {
    if (!this.isStream && body.byteLength === bytes) {
      this.reader.whole(readJson(body));
    }
    return this.reader.end();
  }
}
