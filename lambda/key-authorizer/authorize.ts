import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { allowed, UNAUTHORIZED } from '../shared/authorizer';
import { type Keys, nameOf, readKeys } from './keys';

/** A key that was taken away opens nothing this much later; API Gateway keeps an answer for a minute besides. */
export const KEPT_MS = 60_000;
/** A key that nobody knows may be new, but strangers must not make the secret be read with every guess. */
export const AGAIN_MS = 5_000;

export interface KeyPorts {
  /** The text of the secret. */
  readonly read: () => Promise<string>;
  /** Told what of the secret is no key. */
  readonly onRefused: (names: readonly string[]) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Admits holders of a key. */
export class KeyAuthorizer {
  private keys?: Keys;
  private readAt = -Infinity;

  constructor(private readonly ports: KeyPorts) {}

  /** Rejects with what API Gateway answers 401 for where nobody has the key, and with anything else where the keys cannot be read. */
  async authorize({ authorizationToken, methodArn }: APIGatewayTokenAuthorizerEvent): Promise<APIGatewayAuthorizerResult> {
    const key = /^bearer (.+)$/i.exec(authorizationToken)?.[1] ?? '';
    const name = nameOf(key, await this.known(KEPT_MS)) ?? nameOf(key, await this.known(AGAIN_MS));
    if (name === undefined) {
      throw new Error(UNAUTHORIZED);
    }
    return allowed(methodArn, name, { key: name });
  }

  private async known(atMostMs: number): Promise<Keys> {
    const now = this.ports.now();
    if (this.keys === undefined || now - this.readAt >= atMostMs) {
      this.keys = readKeys(await this.ports.read());
      this.readAt = now;
      if (this.keys.refused.length > 0) {
        this.ports.onRefused(this.keys.refused);
      }
    }
    return this.keys;
  }
}
