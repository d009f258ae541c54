import type { Evidence } from './evidence';
import type { Reason } from './reasons';

/** `invalid` means that the evidence contradicts itself; the rollout then holds. */
export type Verdict = 'advance' | 'hold' | 'promote' | 'roll back' | 'invalid';

/** What the controller does next, and why. */
export interface Decision {
  readonly verdict: Verdict;
  /** Why, for programs; undefined in what a controller has written that gave none. */
  readonly reasons?: readonly Reason[];
  /** The same for people. */
  readonly sentence: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Stage and share of the candidate once the decision has taken effect. */
  readonly stage: number;
  readonly percent: number;
  /** The candidate itself was found bad: it is not tried again unless somebody asks for it. */
  readonly rejects: boolean;
  /** What was known. */
  readonly evidence: Evidence;
}
