import { judgeReplay } from './judge-replay';
import { addTallies, NO_PAIRS, type ReplayTally } from './pair';
import type { ReplayPlan } from './plan';

/** How far a replay has come: part of a rollout's state. Sums alone, so that it is small however long it takes. */
export interface ReplayProgress {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** When the last pairs were asked. */
  readonly at: number;
  /** What is replayed: another file, or another choice from a log, begins anew. Absent until it has been read. */
  readonly requests?: ReplayRequests;
  /** Requests, in the order of the replay, whose pairs are counted. */
  readonly done: number;
  readonly tally: ReplayTally;
  /** Names of the guardrails that were certain at some look: what has been certain once remains so. */
  readonly certified: readonly string[];
  /** What the replay waits for, since when, and how often in a row. */
  readonly waits?: { readonly problem: string; readonly since: number; readonly times: number };
  /** Why it can never be done. */
  readonly failed?: string;
}

/** The requests of a replay, as far as its state must know them. */
export interface ReplayRequests {
  readonly digest: string;
  readonly total: number;
  /** How many of them have a label or an answer. */
  readonly labelled: number;
}

/** What a replay has come to since. */
export interface ReplayChunk {
  readonly requests?: ReplayRequests;
  /** `done` as it was when the chunk began. */
  readonly from: number;
  readonly done: number;
  readonly tally: ReplayTally;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Why it ended early. */
  readonly problem?: string;
  /** Waiting does not help. */
  readonly failed?: boolean;
}

export function newReplay(now: number): ReplayProgress {
  return { startedAt: now, at: now, done: 0, tally: NO_PAIRS, certified: [] };
}

/**
 * The progress with a chunk. A chunk that began where another has already been counted counts for nothing: doubled, late and repeated ones
 * ask the versions again, and change no number.
 */
export function withChunk(plan: ReplayPlan, before: ReplayProgress, chunk: ReplayChunk): ReplayProgress {
  if (before.failed !== undefined) {
    return before;
  }
  const { problem, at } = chunk;
  const waits = problem === undefined ? undefined : { problem, since: before.waits?.since ?? at, times: (before.waits?.times ?? 0) + 1 };
  if (chunk.failed === true) {
    return { ...before, failed: problem };
  }
  const anew = chunk.requests !== undefined && before.requests !== undefined && chunk.requests.digest !== before.requests.digest;
  const standing = anew ? newReplay(before.startedAt) : before;
  if (chunk.from !== standing.done && !(anew && chunk.from === 0)) {
    return anew ? { ...standing, requests: chunk.requests } : before;
  }
  const { waits: _over, ...rest } = standing;
  const counted = {
    ...rest, ...(chunk.requests === undefined ? {} : { requests: chunk.requests }), ...(waits === undefined ? {} : { waits }),
    // What asked nothing leaves environments as cold as they are.
    at: chunk.tally.pairs === 0 ? standing.at : at, done: chunk.done, tally: addTallies(standing.tally, chunk.tally),
  };
  const judged = counted.tally.pairs === 0 ? [] : judgeReplay(plan, replayed(counted)).guardrails;
  return {
    ...counted,
    certified: [...new Set([...standing.certified, ...judged.flatMap(({ name, certified }) => (certified === true ? [name] : []))])],
  };
}

/** All requests have been asked. */
export function isReplayed(progress: ReplayProgress | undefined): boolean {
  return progress?.requests !== undefined && progress.done >= progress.requests.total;
}

/** What is judged. */
export function replayed({ tally, requests, at }: ReplayProgress): Parameters<typeof judgeReplay>[1] {
  return { tally, labelled: (requests?.labelled ?? 0) > 0, at };
}

/** Seconds until the next chunk: production's callers come first, so whoever has no capacity is asked again after longer and longer. */
export function replayPause({ waits }: ReplayProgress): number {
  return waits === undefined ? 1 : Math.min(60, 5 * 2 ** (waits.times - 1));
}
