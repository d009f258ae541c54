import type { Account, StackName } from './account';

/** One claim of the documentation that rests on what AWS says of itself, and how to see whether it holds. */
export interface Check {
  /** Names the check on the command line and in the README. */
  readonly id: string;
  /** What must be true. */
  readonly claim: string;
  /** How it is seen. */
  readonly how: string;
  /** The stack that it needs; checks of one stack run one after the other, and the stack goes when the last is done. */
  readonly stack: StackName;
  /** About how long it takes on AWS. */
  readonly minutes: number;
  /** US dollars that it costs beyond the free tier's small change, us-east-1, list prices of November 2026. */
  readonly dollars: number;
  /** Why the emulator cannot show it; absent where it can. */
  readonly onlyOnAws?: string;
  /** Do it, and say what was seen; throws {@link Unseen} where the claim does not hold. */
  run(account: Account): Promise<string>;
}

/** The claim does not hold: what was seen instead. */
export class Unseen extends Error {
  override readonly name = 'Unseen';
}

/** What was seen, if it is what the claim says. */
export function seen(holds: boolean, what: string): string {
  if (!holds) {
    throw new Unseen(what);
  }
  return what;
}
