import { createHash } from 'node:crypto';

/** What a draw is for. Draws for different purposes are independent of each other; whoever asks the same again gets the same. */
export enum Draw {
  /** Whether an inference is logged. */
  LOG = 'log',
  /** Whether an inference is remembered for feedback: the router remembers by it, and who takes feedback knows by it what was not. */
  FEEDBACK = 'feedback',
  /** To which shadows a request is mirrored. */
  MIRROR = 'mirror',
  /** Whether production is asked twice, to know how often it agrees with itself. */
  NOISE = 'noise',
  /** The cell in which a key is counted. */
  CELL = 'cell',
}

/** A number in (0, 1), uniform over keys, with 53 bits; lengths in the hashed text keep ("a", "bc") and ("ab", "c") apart. */
export function uniform(scope: string, key: string, salt: string): number {
  const digest = createHash('sha256').update(`${scope.length}:${key.length}:${scope}${key}${salt}`).digest();
  return (digest.readUInt32BE(0) * 2 ** 21 + (digest.readUInt32BE(4) >>> 11) + 0.5) / 2 ** 53;
}
