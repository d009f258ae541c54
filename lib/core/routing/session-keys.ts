/**
 * Keys with which an alias signs the tokens of its conversations. The gate makes and rotates them when it deploys the alias, they lie in
 * the alias's record beside the route, and routers read them with it: they cost nothing and no request waits for them. Whoever may read
 * that table could sign a token, and with it choose among the versions that serve anyway; that is all that a token says.
 */
export interface SessionKey {
  /** Names the key in a token: letters and digits. */
  readonly id: string;
  /** Base64 of 32 random bytes. */
  readonly key: string;
  /** Epoch milliseconds from which it signs: every router knows it by then. */
  readonly from: number;
}

/** The longest that a conversation may last, seconds: so long a former key is needed at the least. */
export const LONGEST_SESSION_SECONDS = 7 * 86_400;

/** A deployment replaces a key that has signed for so long. */
const ROTATED_AFTER_MS = 30 * 86_400_000;
/** Routers read the record every few seconds, and one that cannot goes on with what it has. */
const KNOWN_AFTER_MS = 60_000;

/**
 * The keys after a deployment: a first one, or a next one where the last is old. Former ones stay as long as a token may have their name.
 */
export function renewedKeys(keys: readonly SessionKey[], now: number, draw: () => Pick<SessionKey, 'id' | 'key'>): readonly SessionKey[] {
  const newest = keys.at(-1);
  if (newest === undefined) {
    return [{ ...draw(), from: now }];
  }
  const needed = keys.filter((_, index) => (keys[index + 1]?.from ?? Infinity) > now - LONGEST_SESSION_SECONDS * 1_000);
  return now - newest.from < ROTATED_AFTER_MS ? needed : [...needed, { ...draw(), from: now + KNOWN_AFTER_MS }];
}

/** The key that signs now: the newest that all routers know, or the only one. */
export function signingKey(keys: readonly SessionKey[], now: number): SessionKey | undefined {
  return keys.findLast(({ from }) => from <= now) ?? keys[0];
}
