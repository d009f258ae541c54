import type { Limits } from './caller-bias';

/** Requests of a minute, of the callers that a candidate gets and of all others. */
export interface TrafficMinute {
  /** Minutes of one block of time, an hour as a rule, have the same number. */
  readonly block: number;
  readonly mine: number;
  readonly others: number;
}

/** What part of the requests the callers of a candidate send. */
export interface CallerTraffic {
  /** Of all requests, 0 to 1. */
  readonly share: Limits;
  /** How many times more their part of a minute's requests varies than if every request were of a caller of its own. */
  readonly overdispersion: number;
}

/** What nobody knows anything of: no share is wrong. */
export const ANY_SHARE: Limits = { lower: 1e-9, upper: 1 - 1e-9 };

/** Fewer blocks say nothing of how much callers vary. */
const LEAST_BLOCKS = 3;

/**
 * What part of the requests some callers send, by a day of them: a few busy callers are worth many, so that the share of the requests is
 * not that of the callers. The limits are so many standard deviations of the hours' odds away from their mean, because a rollout sees one
 * such hour; what minutes vary by within the hour is told apart.
 *
 * @param cut variance of the logarithm of the odds by who of a cell that is cut is whose
 */
export function callerTraffic(minutes: readonly TrafficMinute[], deviations: number, cut: number): CallerTraffic | undefined {
  const blocks = new Map<number, TrafficMinute[]>();
  minutes.forEach((minute) => blocks.set(minute.block, [...blocks.get(minute.block) ?? [], minute]));
  const hours = [...blocks.values()]
    .map((of) => ({ of, mine: sum(of, 'mine'), others: sum(of, 'others') }))
    .filter(({ mine, others }) => mine > 0 && others > 0);
  if (hours.length < LEAST_BLOCKS) {
    return undefined;
  }
  const logs = hours.map(({ mine, others }) => Math.log(mine / others));
  const mean = logs.reduce((total, log) => total + log, 0) / logs.length;
  const variance = logs.reduce((total, log) => total + (log - mean) ** 2, 0) / (logs.length - 1);
  const width = deviations * Math.sqrt(variance * (1 + 1 / logs.length) + cut);
  const shareAt = (log: number): number => 1 / (1 + Math.exp(-log));
  const squares = hours.flatMap(({ of, mine, others }) => {
    const part = mine / (mine + others);
    return of
      .filter((minute) => minute.mine + minute.others > 0)
      .map((minute) => (minute.mine - part * (minute.mine + minute.others)) ** 2 / ((minute.mine + minute.others) * part * (1 - part)));
  });
  return {
    share: { lower: Math.max(ANY_SHARE.lower, shareAt(mean - width)), upper: Math.min(ANY_SHARE.upper, shareAt(mean + width)) },
    overdispersion: Math.max(1, squares.reduce((total, square) => total + square, 0) / squares.length),
  };
}

function sum(minutes: readonly TrafficMinute[], side: 'mine' | 'others'): number {
  return minutes.reduce((total, minute) => total + minute[side], 0);
}
