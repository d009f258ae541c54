import { type ComparisonOutcome } from '../comparison/outcome';

/** What both versions made of recorded requests, counted in pairs. */
export interface ReplayTally {
  readonly pairs: number;
  /** Failed or refused by one side alone, or by both, of which nothing follows. */
  readonly candidateFailed: number;
  readonly productionFailed: number;
  readonly bothFailed: number;
  /** Answered by production; a candidate that fails there does not agree. */
  readonly compared: number;
  readonly disagreed: number;
  /** Asked of production a second time, and answered differently. */
  readonly noise: number;
  readonly noiseDisagreed: number;
  /** Answered by both, and slower than allowed in the candidate. */
  readonly timed: number;
  readonly slower: number;
  /** With a label and answered by both, and wrong in one of them alone. */
  readonly labelled: number;
  readonly candidateWrong: number;
  readonly productionWrong: number;
}

export const NO_PAIRS: ReplayTally = {
  pairs: 0,
  candidateFailed: 0,
  productionFailed: 0,
  bothFailed: 0,
  compared: 0,
  disagreed: 0,
  noise: 0,
  noiseDisagreed: 0,
  timed: 0,
  slower: 0,
  labelled: 0,
  candidateWrong: 0,
  productionWrong: 0,
};

export function addTallies(a: ReplayTally, b: ReplayTally): ReplayTally {
  return Object.fromEntries(
    (Object.keys(NO_PAIRS) as (keyof ReplayTally)[]).map((name) => [name, a[name] + b[name]]),
  ) as unknown as ReplayTally;
}

/** What is known of one pair. */
export interface Pair {
  readonly production: Side;
  readonly candidate: Side;
  /** Of both answers; undefined where not both answered. */
  readonly outcome?: ComparisonOutcome;
  /** Of production's second answer with its first; undefined where there is none. */
  readonly noise?: ComparisonOutcome;
}

export interface Side {
  /** Answered with success. */
  readonly answered: boolean;
  readonly milliseconds: number;
  /** Undefined where nobody knows what is right. */
  readonly right?: boolean;
}

/** Less than this is the way and not the model, milliseconds. */
const LEAST_DIFFERENCE_MS = 5;

/** What one pair counts. */
export function tallyOf({ production, candidate, outcome, noise }: Pair, slowdown: number): ReplayTally {
  const both = production.answered && candidate.answered;
  const labelled = both && production.right !== undefined && candidate.right !== undefined;
  return {
    pairs: 1,
    candidateFailed: Number(production.answered && !candidate.answered),
    productionFailed: Number(!production.answered && candidate.answered),
    bothFailed: Number(!production.answered && !candidate.answered),
    compared: Number(production.answered),
    disagreed: Number(production.answered && outcome?.kind !== 'agree'),
    // A comparison that failed says nothing about production, and must not make room for the candidate's differences.
    noise: Number(noise !== undefined && noise.kind !== 'comparison error'),
    noiseDisagreed: Number(noise !== undefined && noise.kind !== 'comparison error' && noise.kind !== 'agree'),
    timed: Number(both),
    slower: Number(both && candidate.milliseconds > slowdown * production.milliseconds + LEAST_DIFFERENCE_MS),
    labelled: Number(labelled),
    candidateWrong: Number(labelled && candidate.right === false && production.right === true),
    productionWrong: Number(labelled && candidate.right === true && production.right === false),
  };
}
