import type { Random } from '../engine/random';

/** A model of how another system rolls out, from its documented behaviour; not that system. */
export interface Peer {
  /** Of a kind with `CodeDeploy Canary10Percent5Minutes`. */
  readonly name: string;
  /** What it does and by what it judges, one sentence. */
  readonly about: string;
  /** Whether it learns of a minute when CloudWatch has it, and not at its end. */
  readonly cloudWatch: boolean;
  /** A rollout of its own. */
  readonly start: (random: Random) => PeerRollout;
}

/** One rollout under a peer's rules. */
export interface PeerRollout {
  /**
   * Asked at every whole minute since the start, the start itself being 0.
   *
   * @param seen minutes that became known since it was asked last, oldest first
   */
  at(minute: number, seen: readonly PeerMinute[]): PeerStep;
}

export interface PeerStep {
  /** The candidate's share from now on, percent. */
  readonly percent: number;
  /** The rollout is over. */
  readonly verdict?: 'promoted' | 'rolled back' | 'gave up';
  /** Why, where it is over. */
  readonly sentence?: string;
}

/** What is measured of a minute. */
export interface PeerMinute {
  readonly candidateRequests: number;
  readonly candidateFailures: number;
  readonly productionRequests: number;
  readonly productionFailures: number;
  /** 99 % quantile, milliseconds; NaN without requests. */
  readonly candidateP99Ms: number;
  /** The same of so many of production's requests: of few it is a large one of them, so that only numbers alike can be compared. */
  readonly productionP99Ms: (requests: number) => number;
}

/** What systems that judge by fixed limits are given: an operator who knows production sets them. */
export interface Limits {
  /** Highest part of the candidate's requests that may fail. */
  readonly errorRate: number;
  /** Highest 99 % quantile, milliseconds. */
  readonly p99Ms: number;
}

export function failureRate({ candidateRequests, candidateFailures }: PeerMinute): number {
  return candidateFailures / candidateRequests;
}

/** Whether a minute exceeds the limits; one without requests does not. */
export function exceeds(minute: PeerMinute, { errorRate, p99Ms }: Limits): 'failures' | 'latency' | undefined {
  if (failureRate(minute) > errorRate) {
    return 'failures';
  }
  if (minute.candidateP99Ms > p99Ms) {
    return 'latency';
  }
  return undefined;
}
