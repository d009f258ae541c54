import { isAscii, isUtf8 } from 'node:buffer';

const TEXT =
  /^(?:text\/[^;\s]+|application\/(?:[\w.-]+\+)?(?:json|xml)|application\/(?:javascript|jsonlines|x-ndjson|x-www-form-urlencoded))\s*(?:;|$)/i;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;
const BY_DEFAULT = /^(?:application\/(?:octet-stream|x-www-form-urlencoded)|binary\/octet-stream|text\/plain)\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;
/** Up to this size an answer without a media type is parsed to find out what it is; parsing takes four milliseconds a megabyte. */
const PARSED_BYTES = 65_536;

/** Whether bytes of this media type can travel as a text and stay what they are: they are UTF-8, and nobody calls them anything else. */
export function isText(bytes: Uint8Array, type: string | undefined): boolean {
  const charset = CHARSET.exec(type ?? '')?.[1];
  return isUtf8(bytes) && (charset === undefined || /^utf-?8$/i.test(charset) || isAscii(bytes));
}

/** Whether functions expect bodies of this media type as text. */
export function isTextual(type: string): boolean {
  return TEXT.test(type);
}

/** Whether a body of this media type is JSON, or would be by what its sender said of it. */
export function isJsonType(type: string | undefined): boolean {
  return type === undefined || JSON_TYPE.test(type);
}

/**
 * Whether a body of this media type may be JSON: those without any, and those that clients put on whatever they send (curl, axios, fetch,
 * AWS's SDKs), may.
 */
export function mayBeJson(type: string | undefined): boolean {
  return isJsonType(type) || BY_DEFAULT.test(type!);
}

/** The media type of an answer that does not name one: JSON or text where it is that. */
export function mediaTypeOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) {
    return 'application/octet-stream';
  }
  return looksLikeJson(bufferOf(bytes).toString('utf8').trim()) ? 'application/json' : 'text/plain; charset=utf-8';
}

function looksLikeJson(text: string): boolean {
  if (text.length > PARSED_BYTES) {
    return (text.startsWith('{') && text.endsWith('}')) || (text.startsWith('[') && text.endsWith(']'));
  }
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether API Gateway hands base64 on as the bytes that it stands for: the first value of the first Accept header decides, compared with
 * the API's binary media types letter by letter. What it does where there is no Accept is written down nowhere, so that counts as no.
 */
export function decodesAnswers(accept: string | undefined, binaryMediaTypes: readonly string[]): boolean {
  const first = accept?.split(/[,;]/)[0].trim().toLowerCase() ?? '';
  return first.includes('/') && binaryMediaTypes.some((type) =>
    type === '*/*' || type.toLowerCase() === first || (type.endsWith('/*') && first.startsWith(type.slice(0, -1).toLowerCase())));
}

/** The same bytes as a Buffer, without a copy: a body may have megabytes. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
