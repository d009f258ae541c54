import type { Generation } from '../../lib/core/generation/generation';
import { GenerationReader } from '../../lib/core/generation/read-generation';
import type { JsonSchema } from '../../lib/core/routing/measures';
import type { Answer } from '../shared/http/outcome';
import { READ_BYTES, readJson } from '../shared/http/read-json';
import { framingOf } from './streaming/framing';
import { follows } from '../shared/structure';

/** What is to be known of an answer beside itself. */
export interface Asked {
  /** Length of the request's body. */
  readonly requestBytes: number;
  /** What structured answers must follow. */
  readonly schemas: readonly JsonSchema[];
}

/** What a model generated in an answer that came as a whole. */
export function wholeGeneration({ headers, body, bytes }: Pick<Answer, 'headers' | 'body' | 'bytes'>, asked: Asked): Generation {
  const framing = framingOf(headers)?.documents;
  const reader = readerOf(framing, asked);
  reader.add(body, 0);
  if (framing === undefined && bytes === undefined) {
    reader.whole(readJson(body), body);
  }
  const { firstTokenMs: _, perTokenMs: __, ...generation } = reader.end();
  return judged(generation, asked);
}

/** Reads what a model generates from a stream on its way to the caller. */
export class GenerationOnTheWay {
  private readonly reader: GenerationReader;
  private readonly isStream: boolean;

  /**
   * @param beganMs milliseconds until the answer began
   */
  constructor({ headers }: Pick<Answer, 'headers'>, private readonly asked: Asked, private readonly beganMs: number) {
    const framing = framingOf(headers)?.documents;
    this.isStream = framing !== undefined;
    this.reader = readerOf(framing, asked);
  }

  pass(part: Uint8Array, modelMs: number): void {
    this.reader.add(part, this.beganMs + modelMs);
  }

  /** @param body the answer, as far as it was kept */
  end(body: Uint8Array, bytes: number): Generation {
    if (!this.isStream && body.byteLength === bytes) {
      this.reader.whole(readJson(body), body);
    }
    return judged(this.reader.end(), this.asked);
  }
}

/** No text is kept where nobody looks into it. */
function readerOf(framing: ConstructorParameters<typeof GenerationReader>[0], { requestBytes, schemas }: Asked): GenerationReader {
  return new GenerationReader(framing, requestBytes, schemas.length > 0 ? READ_BYTES : 0);
}

function judged({ text, ...generation }: Generation, { schemas }: Asked): Generation {
  return schemas.length === 0 ? generation : { ...generation, follows: schemas.map((schema) => follows(schema, text)) };
}
