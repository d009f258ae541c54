import { bufferOf } from '../shared/bytes';

/** A larger answer is not searched for a prediction: reading it would cost the caller more than it is worth. */
const READ_BYTES = 262_144;

/** The JSON of an answer, undefined where it is none or too large. */
export function readJson(body: Uint8Array): unknown {
  if (body.byteLength > READ_BYTES) {
    return undefined;
  }
  try {
    return JSON.parse(bufferOf(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
