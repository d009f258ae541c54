/** What is compared: both answers to a request, and the request. */
export interface Pair {
  readonly production: Uint8Array;
  readonly shadow: Uint8Array;
  readonly request: AskedRequest;
}

export interface AskedRequest {
  readonly body: Uint8Array;
  readonly contentType?: string;
}

/** A request as a function is told of it. */
export interface RequestFields {
  readonly request?: string;
  readonly contentType?: string;
}

/** Bodies as texts; all base64 where one of them is not text. */
export function encoded(bodies: readonly Uint8Array[]): { readonly texts: readonly string[]; readonly isBase64Encoded: boolean } {
  const texts = bodies.map(textOf);
  return texts.every((text) => text !== undefined)
    ? { texts, isBase64Encoded: false }
    : { texts: bodies.map((body) => Buffer.from(body).toString('base64')), isBase64Encoded: true };
}

/** What is told of the request, whose body has been encoded with the answers. */
export function requestFields({ contentType }: AskedRequest, body: string): RequestFields {
  return { request: body, ...(contentType === undefined ? {} : { contentType }) };
}

/** Undefined for what is no text. */
export function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}
