/** What a function that serves a model gets and returns. */
export enum ModelContract {
  /** The event is the request's JSON, the return value the answer's JSON. */
  JSON = 'json',
  /**
   * The event is that of a function URL (payload format 2.0): text in `body` as it is, other bytes in base64 with `isBase64Encoded`. The
   * return value is a function URL's, too: `{ statusCode, headers, cookies, body, isBase64Encoded }`, or whatever is the JSON of a success.
   * So the usual adapters for web frameworks work unchanged.
   */
  HTTP = 'http',
}
