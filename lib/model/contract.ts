/** What a function that serves a model gets and returns. */
export enum ModelContract {
  /** The event is the request's JSON, the return value the answer's JSON. */
  JSON = 'json',
  /**
   * The event has the shape of a function URL's event (payload format 2.0) with the body in base64, whatever its type; the
   * return value is `{ statusCode, headers, body, isBase64Encoded }`.
   */
  HTTP = 'http',
}
