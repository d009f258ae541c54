/** A JSON object. */
export type Members = { readonly [member: string]: unknown };

/** What a caller asks has no words in another shape. */
export class NotExpressible extends Error {
  override readonly name = 'NotExpressible';

  constructor(readonly param: string, message: string) {
    super(message);
  }
}
