import { LAMBDA_PAYLOAD_BYTES } from '../../../lib/core/aws-limits';
import { ErrorCode } from './errors';
import { type Answer, failure, FailureClass, type Outcome, type Rest, StreamBroken } from './outcome';

/** The most that is read of what must be whole: no function or container could have answered more at once. */
const MOST_BYTES = LAMBDA_PAYLOAD_BYTES;

/** The bytes and all that follows them. Throws {@link StreamBroken}. */
export async function readRest(begun: Uint8Array, rest: Rest): Promise<Buffer> {
  const parts = [begun];
  let bytes = begun.byteLength;
  for (let part = await rest.next(); part !== undefined; part = await rest.next()) {
    bytes += part.byteLength;
    if (bytes > MOST_BYTES) {
      rest.stop();
      throw new StreamBroken(
        failure(
          FailureClass.MODEL,
          ErrorCode.MODEL_ERROR,
          `the model's answer must be read as a whole, and has more than ${MOST_BYTES} bytes`,
        ),
      );
    }
    parts.push(part);
  }
  return Buffer.concat(parts, bytes);
}

/** The answer with all of its body. */
export async function wholeAnswer({ rest, ...answer }: Answer): Promise<Outcome> {
  return rest === undefined ? answer : orFailure(async () => ({ ...answer, body: await readRest(answer.body, rest) }));
}

/** What reading comes to; what breaks meanwhile is a failure. */
export async function orFailure(read: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StreamBroken) {
      return error.failure;
    }
    throw error;
  }
}
