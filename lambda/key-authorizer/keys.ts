import { createHash, timingSafeEqual } from 'node:crypto';

/** A shorter key could be guessed, also by its hash. */
export const SHORTEST_KEY = 16;
/** A key of which the secret has the hash only. */
const HASHED = /^sha256:([0-9a-f]{64})$/i;

/** Keys by their names. */
export interface Keys {
  readonly known: readonly { readonly name: string; readonly hash: Buffer }[];
  /** Names of those that are no keys. */
  readonly refused: readonly string[];
}

/** The keys of a secret: a JSON object of them by name, or one as the whole text. Each as it is, or as `sha256:` and its hash in hex. */
export function readKeys(secret: string): Keys {
  const entries = Object.entries(objectOf(secret) ?? { default: secret });
  const hashes = entries.map(([name, key]) => ({ name, hash: hashOf(key) }));
  return {
    known: hashes.flatMap(({ name, hash }) => (hash === undefined ? [] : [{ name, hash }])),
    refused: hashes.filter(({ hash }) => hash === undefined).map(({ name }) => name),
  };
}

/** The name of a key. Takes as long for one that is there as for one that is not. */
export function nameOf(key: string, { known }: Keys): string | undefined {
  const asked = sha256(key);
  let found: string | undefined;
  for (const { name, hash } of known) {
    if (timingSafeEqual(asked, hash)) {
      found ??= name;
    }
  }
  return found;
}

function hashOf(key: unknown): Buffer | undefined {
  if (typeof key !== 'string' || key.length < SHORTEST_KEY) {
    return undefined;
  }
  const [, hex] = HASHED.exec(key) ?? [];
  return hex === undefined ? sha256(key) : Buffer.from(hex, 'hex');
}

/** Keys are random and long, so that nothing slower is needed. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function objectOf(secret: string): object | undefined {
  try {
    const value: unknown = JSON.parse(secret);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
