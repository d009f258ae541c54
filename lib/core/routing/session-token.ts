import { createHmac, timingSafeEqual } from 'node:crypto';
import { type SessionKey, signingKey } from './session-keys';

/** What a token says of a conversation. */
export interface SessionClaims {
  /** Id of the conversation: the model's own where the model keeps sessions, else the router's. */
  readonly id: string;
  readonly byModel: boolean;
  /** Digest of the version that it lives in. */
  readonly version: string;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** SageMaker's longest id of a session. */
const MOST_CHARACTERS = 256;
/** In characters that SageMaker allows in an id: whoever keeps such ids keeps tokens. */
const TOKEN = /^([0-9A-Za-z](?:-*[0-9A-Za-z])*)-mr-([0-9A-Za-z]+)-([mr])-([0-9a-z]{1,9})-([0-9a-z]{1,9})-([0-9A-Za-z]{1,16})-([0-9a-f]{32})$/;

/** The token of a conversation; undefined where there is no key, or no room beside the model's own id. */
export function signedToken(
  scope: string, { id, byModel, version, openedAt, expiresAt }: SessionClaims, keys: readonly SessionKey[], now: number,
): string | undefined {
  const key = signingKey(keys, now);
  if (key === undefined) {
    return undefined;
  }
  const signed = `${id}-mr-${version}-${byModel ? 'm' : 'r'}-${openedAt.toString(36)}-${expiresAt.toString(36)}-${key.id}`;
  const token = `${signed}-${macOf(scope, signed, key)}`;
  return token.length <= MOST_CHARACTERS && TOKEN.test(token) ? token : undefined;
}

/**
 * What a token says; undefined for what this alias has not signed: an id of another kind, a token of another endpoint or alias, one that
 * was changed, one of a key that is gone.
 */
export function readToken(scope: string, token: string, keys: readonly SessionKey[]): SessionClaims | undefined {
  const [, id, version, kind, opened, expires, keyId, mac] = token.length <= MOST_CHARACTERS ? (TOKEN.exec(token) ?? []) : [];
  const key = keys.find((each) => each.id === keyId);
  if (id === undefined || key === undefined) {
    return undefined;
  }
  const expected = macOf(scope, token.slice(0, -mac.length - 1), key);
  return timingSafeEqual(Buffer.from(expected), Buffer.from(mac))
    ? { id, byModel: kind === 'm', version, openedAt: parseInt(opened, 36), expiresAt: parseInt(expires, 36) }
    : undefined;
}

/** Half of a SHA-256: 128 bits. The length keeps ("a", "bc") and ("ab", "c") apart. */
function macOf(scope: string, signed: string, { key }: SessionKey): string {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(`${scope.length}:${scope}${signed}`).digest('hex').slice(0, 32);
}
