import { USUAL } from './latencies';
import type { Kind, Slower, World } from './world';

export interface Independent {
  /** Requests per second. */
  readonly rate: number;
  /** Share of the requests that production fails. */
  readonly failing?: number;
  /** The same of the candidate, by minute and share. */
  readonly candidate?: number | ((minute: number, share: number) => number);
  readonly slower?: Slower;
  /** By minute. */
  readonly candidateSlower?: (minute: number) => Slower;
}

/** Every request by itself. */
export function independent({
  rate,
  failing = 0.01,
  candidate = failing,
  slower = USUAL,
  candidateSlower = () => slower,
}: Independent): World {
  const failingOf = typeof candidate === 'number' ? () => candidate : candidate;
  return {
    start: (random) => ({
      history: () => [{ requests: random.poisson(60 * rate), failing, slower }],
      minute: (minute, share) => ({
        candidate: [{ requests: random.poisson(60 * rate * share), failing: failingOf(minute, share), slower: candidateSlower(minute) }],
        production: [{ requests: random.poisson(60 * rate * (1 - share)), failing, slower }],
      }),
    }),
  };
}

/** A segment of `part` of the requests that production always fails; the candidate fails `extra` of the others besides. */
export function badInputs({
  rate,
  part,
  extra = 0,
  from = 0,
  fastMs = 80,
}: {
  readonly rate: number;
  readonly part: number;
  readonly extra?: number;
  readonly from?: number;
  readonly fastMs?: number;
}): World {
  const bad: Slower = (ms) => USUAL((ms * 80) / fastMs);
  return {
    start: (random) => {
      const kinds = (perSecond: number, failing: number): Kind[] => [
        { requests: random.poisson(60 * perSecond * part), failing: 1, slower: bad },
        { requests: random.poisson(60 * perSecond * (1 - part)), failing, slower: USUAL },
      ];
      return {
        history: () => kinds(rate, 0.001),
        minute: (minute, share) => ({
          candidate: kinds(rate * share, 0.001 + (minute >= from ? extra : 0)),
          production: kinds(rate * (1 - share), 0.001),
        }),
      };
    },
  };
}

/** 4xx of both versions: no failures, and fast. */
export function refusals({ rate, part }: { readonly rate: number; readonly part: number }): World {
  const fast: Slower = (ms) => USUAL(ms * 10);
  return {
    start: (random) => {
      const kinds = (perSecond: number): Kind[] => [
        { requests: random.poisson(60 * perSecond * part), failing: 0, slower: fast },
        { requests: random.poisson(60 * perSecond * (1 - part)), failing: 0.01, slower: USUAL },
      ];
      return {
        history: () => kinds(rate),
        minute: (_, share) => ({ candidate: kinds(rate * share), production: kinds(rate * (1 - share)) }),
      };
    },
  };
}
