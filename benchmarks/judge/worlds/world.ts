import type { Random } from '../../../rehearsal/engine/random';

/** Chance that an answer takes longer than so many milliseconds. */
export type Slower = (ms: number) => number;

/** Requests of one kind that one version gets in a minute. */
export interface Kind {
  readonly requests: number;
  /** Chance that one of them fails. */
  readonly failing: number;
  /** How many fail, where the world decides it. */
  readonly failures?: number;
  readonly slower: Slower;
  /** Every latency, where the world knows them one by one. */
  readonly latencies?: readonly number[];
}

/** What both versions get in a minute. Requests count for the version that they were assigned to. */
export interface Minute {
  readonly candidate: readonly Kind[];
  readonly production: readonly Kind[];
}

/** One course of a world. */
export interface Course {
  /** Production alone, a minute of the day before the rollout, -1440 to -1. */
  history(minute: number): readonly Kind[];
  /** A minute of the rollout, from 0, with a share of the requests for the candidate. */
  minute(minute: number, share: number): Minute;
}

/** How requests, failures and latencies come about, for both versions. */
export interface World {
  /** Callers stick to a version: the alias is assigned by a header. */
  readonly sticks?: true;
  start(random: Random): Course;
}

export const DAY = 1_440;

/** Autoregressive noise of unit variance that forgets within so many minutes. */
export function wander(random: Random, minutes: number): () => number {
  const kept = Math.exp(-1 / minutes);
  let value = random.normal();
  return () => (value = kept * value + Math.sqrt(1 - kept * kept) * random.normal());
}
