import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** Which part of a secret is sent, and how. */
export interface HttpSecretOptions {
  /**
   * Field of the secret, where it is a JSON object.
   *
   * @default - the secret's whole text
   */
  readonly field?: string;
}

/** How the router authenticates to a model server. Secrets stay in Secrets Manager until a request needs them. */
export class HttpAuthentication {
  /** No authentication: the server answers anyone who can reach it. */
  public static none(): HttpAuthentication {
    return new HttpAuthentication();
  }

  /**
   * A token in the header `Authorization`, after `Bearer`.
   *
   * @param secret the token; a new value is used five minutes later, or once the old one is refused
   */
  public static bearer(secret: secretsmanager.ISecret, options: HttpSecretOptions = {}): HttpAuthentication {
    return new HttpAuthentication({ secret, header: 'authorization', prefix: 'Bearer ', field: options.field });
  }

  /**
   * A key in a header of the server's own, such as `x-api-key`.
   *
   * @param name of the header
   * @param secret the key; a new value is used five minutes later, or once the old one is refused
   */
  public static header(name: string, secret: secretsmanager.ISecret, options: HttpSecretOptions = {}): HttpAuthentication {
    return new HttpAuthentication({ secret, header: name.toLowerCase(), field: options.field });
  }

  /** @internal */
  public readonly _sent?: SentSecret;

  private constructor(sent?: SentSecret) {
    this._sent = sent;
  }
}

/**
 * A secret in a header.
 *
 * @internal
 */
export interface SentSecret {
  readonly secret: secretsmanager.ISecret;
  readonly header: string;
  readonly prefix?: string;
  readonly field?: string;
}
