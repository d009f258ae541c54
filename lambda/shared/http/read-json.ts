import { jsonBody } from './request';

/** A larger answer is not searched for a prediction: reading it would cost the caller more than it is worth. */
export const READ_BYTES = 262_144;

/** Metrics and feedback look into the same answer while its caller waits: it is parsed once. */
const documents = new WeakMap<Uint8Array, { readonly document: unknown }>();

/** The JSON of an answer, undefined where it is none or too large. */
export function readJson(body: Uint8Array): unknown {
  if (body.byteLength > READ_BYTES) {
    return undefined;
  }
  let read = documents.get(body);
  if (read === undefined) {
    documents.set(body, read = { document: jsonBody({ body }) });
  }
  return read.document;
}
