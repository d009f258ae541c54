import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { LAMBDA_PAYLOAD_BYTES } from '../../../lib/core/aws-limits';
import { bufferOf } from './media';
import { ErrorCode, RouterError } from './errors';

/** No model takes more, whatever it was before it was compressed. */
const MOST_BYTES = LAMBDA_PAYLOAD_BYTES;
/** How many encodings one upon the other are undone. */
const MOST_ENCODINGS = 3;
/** What the Accept-Encoding of a refusal names (RFC 7694). */
export const ENCODINGS = 'gzip, deflate, br, zstd';

type Decoder = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflate],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
]);

/** The body as it was before the encodings of its Content-Encoding were applied. Throws {@link RouterError}. */
export function decoded(body: Uint8Array, contentEncoding: string): Uint8Array {
  const encodings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  const unknown = encodings.find((name) => !DECODERS.has(name));
  if (unknown !== undefined || encodings.length > MOST_ENCODINGS) {
    throw new RouterError(
      ErrorCode.UNSUPPORTED_MEDIA_TYPE,
      `the body has the content encoding ${JSON.stringify((unknown ?? contentEncoding).slice(0, 100))}; ${ENCODINGS} are understood`,
      { 'accept-encoding': ENCODINGS },
    );
  }
  return encodings.reduceRight((bytes, name) => undo(bytes, name), body);
}

function undo(bytes: Uint8Array, encoding: string): Uint8Array {
  try {
    return DECODERS.get(encoding)!(bytes, { maxOutputLength: MOST_BYTES });
  } catch (error) {
    throw (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
      ? new RouterError(ErrorCode.PAYLOAD_TOO_LARGE, `the body has more than ${MOST_BYTES} bytes without its content encoding`)
      : new RouterError(ErrorCode.MALFORMED_REQUEST, `the body is not in its content encoding ${encoding}`);
  }
}

/** Some clients leave out the header that HTTP wants around deflated bytes. */
function inflate(bytes: Uint8Array, options: { readonly maxOutputLength: number }): Uint8Array {
  const zlib = bytes.byteLength >= 2 && (bytes[0] & 0x0f) === 8 && bufferOf(bytes).readUInt16BE(0) % 31 === 0;
  return zlib ? inflateSync(bytes, options) : inflateRawSync(bytes, options);
}
