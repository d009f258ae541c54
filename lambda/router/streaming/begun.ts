import { ErrorCode } from '../../shared/http/errors';
import { type Answer, failure, FailureClass, type Failure, type Outcome, type Rest } from '../../shared/http/outcome';
import { orFailure, wholeAnswer } from '../../shared/http/read-rest';
import { type Framing, framingOf } from './framing';

/** Most that is kept until a unit is complete, bytes; a longer one is passed on in pieces. */
const MOST_KEPT = 262_144;

/**
 * Wait until an answer has begun: until its first content is there, or all of it. A model that fails before that has failed as if it had
 * never answered, and another can answer in its place; nothing of it has reached the caller. A refusal is read as a whole, for the same
 * reason.
 */
export async function begun(answer: Answer): Promise<Outcome> {
  const { rest, body } = answer;
  if (rest === undefined || answer.status >= 400) {
    return wholeAnswer(answer);
  }
  const framing = framingOf(answer.headers);
  const units = new Units(framing, body, rest);
  return orFailure(async () => {
    let content: Buffer = Buffer.alloc(0);
    for (let part = await units.next(); part !== undefined; part = await units.next()) {
      content = Buffer.concat([content, part]);
      if (units.reported !== undefined) {
        rest.stop();
        return units.reported;
      }
      if (framing === undefined || framing.hasContent(content) || content.byteLength > MOST_KEPT) {
        return { ...answer, body: content, rest: units };
      }
    }
    if (framing?.hasContent(content) === false) {
      return failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'the model ended its stream before it had said anything');
    }
    const { rest: _, ...whole } = answer;
    return { ...whole, body: content };
  });
}

/** Nothing is copied where nothing is kept, which is so for all parts that end with a unit. */
function joined(kept: Buffer, part: Uint8Array): Buffer {
  return kept.byteLength === 0 ? Buffer.from(part.buffer, part.byteOffset, part.byteLength) : Buffer.concat([kept, part]);
}

/** The parts of a stream, in whole units: what breaks in the middle of an event leaves no half event behind. */
export class Units implements Rest {
  /** The error that the model itself reported in its stream. */
  public reported?: Failure;
  /** What was passed on ends with a unit. */
  public tidy = true;
  private kept: Buffer;
  private ended = false;

  constructor(public readonly framing: Framing | undefined, begun: Uint8Array, private readonly rest: Rest) {
    this.kept = Buffer.from(begun);
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const units = this.take();
      if (units.byteLength > 0) {
        this.watch(units);
        return units;
      }
      if (this.ended) {
        return undefined;
      }
      const part = await this.rest.next();
      if (part !== undefined && this.kept.byteLength === 0 && this.framing?.endsUnit(part) !== false) {
        // As nearly all parts do: nothing is copied, and nothing kept.
        this.tidy = this.framing !== undefined;
        this.watch(part);
        return part;
      }
      this.ended = part === undefined;
      this.kept = part === undefined ? this.kept : joined(this.kept, part);
    }
  }

  stop(): void {
    this.rest.stop();
  }

  private take(): Buffer {
    const { framing, kept } = this;
    const whole = framing?.whole(kept) ?? kept.byteLength;
    const all = this.ended || (whole === 0 && kept.byteLength > MOST_KEPT);
    const taken = kept.subarray(0, all ? kept.byteLength : whole);
    this.kept = kept.subarray(taken.byteLength);
    this.tidy = taken.byteLength === 0 ? this.tidy : framing !== undefined && whole === taken.byteLength;
    return taken;
  }

  private watch(units: Uint8Array): void {
    if (this.reported === undefined && this.framing?.hasError(units) === true) {
      this.reported = failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'the model reported an error in its stream');
    }
  }
}
