import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { reserveAfterMs } from '../../lib/core/routing/time-budget';
import type { Side } from '../assembly/alarm-definition';
import type { Split } from './callers';
import type { Disturbances } from './disturbances';
import { LatencyDistribution } from './latency-distribution';
import { type Latencies, LimitedLatencies, MixedLatencies } from './latencies';

/** How long versions have. */
export interface TimeLimits {
  /** Milliseconds within which a request must be answered. */
  readonly timeoutMs: number;
  /** Milliseconds that the candidate has before production answers in its place. */
  readonly candidateMs: number;
}

/** Rarer than once in any rehearsal: no lots are drawn for it. */
const NEVER = 1e-12;

const NO_CALLERS: Split['production']['latency'] = [];

/** Nobody is ever too late. */
export const NO_LIMITS: TimeLimits = { timeoutMs: Infinity, candidateMs: Infinity };

/** What makes answers of versions longer or shorter than usual. */
export interface Circumstances {
  readonly disturbances: Disturbances;
  /** Who is with whom then; undefined where nobody sticks. */
  readonly callersAt?: (at: number) => Split | undefined;
}

/**
 * Part of the candidate's answers that come too late, of production's, of the candidate's late ones those that production cannot answer
 * in time either, and of its others those for which production has been asked beside it.
 */
export interface Late {
  readonly candidate: number;
  readonly production: number;
  readonly both: number;
  readonly beside: number;
}

/** What the answers of a version take in a period that ends then: the candidate is as production until it regresses. */
export class VersionLatencies {
  private readonly usual: LatencyDistribution;
  private readonly regressed: LatencyDistribution;
  private readonly onset: number;
  private readonly last: { [side in Side]?: { readonly key: string; readonly latencies: Latencies } } = {};
  private readonly limited: { [side in Side]?: { readonly of: Latencies; readonly latencies: Latencies } } = {};
  private lastLate: { readonly mine: Latencies; readonly others: Latencies; readonly late: Late } | undefined;

  constructor(
    { production, candidate, callers }: Scenario,
    startedAt: number,
    private readonly limits: TimeLimits,
    private readonly circumstances: Circumstances,
  ) {
    const spread = circumstances.callersAt === undefined ? 0 : (callers?.latencySpread ?? 0);
    this.usual = new LatencyDistribution(production.latency).within(spread);
    this.regressed = new LatencyDistribution(candidate.latency, candidate.tail).within(spread);
    this.onset = startedAt + candidate.onsetMinute * 60_000;
  }

  /** Answers that nobody waits for in vain: the same object as long as nothing changes. */
  readonly at = (side: Side, end: number): Latencies => {
    const of = this.unlimited(side, end);
    if (this.limited[side]?.of !== of) {
      const limitMs = side === 'production' ? this.limits.timeoutMs : this.limits.candidateMs;
      this.limited[side] = { of, latencies: of.slowerThan(limitMs) > 0 ? new LimitedLatencies(of, limitMs) : of };
    }
    return this.limited[side].latencies;
  };

  /** Asked for every period: the same object as long as nothing changes. */
  late(end: number): Late {
    const [mine, others] = [this.unlimited('candidate', end), this.unlimited('production', end)];
    if (this.lastLate?.mine !== mine || this.lastLate.others !== others) {
      this.lastLate = { mine, others, late: this.lateOf(mine, others) };
    }
    return this.lastLate.late;
  }

  private lateOf(mine: Latencies, others: Latencies): Late {
    const { timeoutMs, candidateMs } = this.limits;
    const candidate = mine.slowerThan(candidateMs);
    const restMs = timeoutMs - Math.min(candidateMs, reserveAfterMs(timeoutMs));
    const slow = mine.slowerThan(Math.min(candidateMs, reserveAfterMs(timeoutMs))) - candidate;
    // Time hangs on the request: what takes one version long takes the other long.
    return {
      candidate,
      production: others.slowerThan(timeoutMs),
      both: candidate === 0 ? 0 : Math.min(1, others.slowerThan(restMs) / candidate),
      beside: slow <= NEVER ? 0 : Math.min(1, slow / (1 - candidate)),
    };
  }

  /** As long as they would take, whoever asks. */
  base(side: Side, end: number): LatencyDistribution {
    const base = this.undisturbed(side, end);
    const { latency: factor } = this.circumstances.disturbances.at(side, end - 1);
    return factor === 1 ? base : base.times(factor);
  }

  private undisturbed(side: Side, end: number): LatencyDistribution {
    return side === 'candidate' && end > this.onset ? this.regressed : this.usual;
  }

  /** As long as they would take. */
  unlimited(side: Side, end: number): Latencies {
    const base = this.undisturbed(side, end);
    const { latency: factor } = this.circumstances.disturbances.at(side, end - 1);
    const callers = this.circumstances.callersAt?.(end)?.[side === 'control' ? 'production' : side].latency ?? NO_CALLERS;
    if (callers.length <= 1 && factor === 1) {
      return base;
    }
    // Asked for every count of a period: the same object as long as nothing changes.
    const key = `${base === this.usual} ${factor} ${callers.length} ${callers[0]?.factor} ${callers[0]?.weight}`;
    if (this.last[side]?.key !== key) {
      const latencies =
        callers.length <= 1
          ? base.times(factor)
          : new MixedLatencies(callers.map(({ weight, factor: own }) => ({ weight, latencies: base.times(factor * own) })));
      this.last[side] = { key, latencies };
    }
    return this.last[side].latencies;
  }
}
