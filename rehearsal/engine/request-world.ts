import type { Scenario } from '../../lib/core/rehearsal/scenario';
import type { Side } from '../assembly/alarm-definition';
import type { LatencyDistribution } from './latency-distribution';
import { type Latencies, MeasuredLatencies, ObservedLatencies } from './latencies';
import type { Random } from './random';
import type { Server } from './server';
import { type Moment, noCounts, type PeriodCounts, type TrafficSource } from './traffic';
import type { TimeLimits, VersionLatencies } from './version-latencies';
import { reserveAfterMs } from '../../lib/core/routing/time-budget';

/** So many requests before the rollout show how production is, and warm it. */
const LEAD_REQUESTS = 30_000;
const LEAD_MS = { least: 5 * 60_000, most: 60 * 60_000 };
const REFUSAL_MS = 3;
/** Until a caller sends a failed request again. */
const PAUSE_MS = 50;
const LONG_MS = 3_600_000;

interface Request {
  readonly at: number;
  /** Index among the kinds of a moment. */
  readonly kind: number;
  /** How its time is among those of all requests: a standard normal number. */
  readonly pace: number;
  /** How often it was sent before. */
  readonly sent: number;
}

interface Period {
  readonly counts: PeriodCounts;
  readonly latencies: { readonly [side in Side]: number[] };
}

/**
 * Traffic request by request, for what hangs on when each of them comes: execution environments that are there or have to be started,
 * instances that have room or not. What becomes of a request is what {@link TrafficSource} says of many.
 */
export class RequestWorld {
  /** By request from then on, epoch milliseconds. */
  readonly begins: number;
  private readonly periods = new Map<number, Period>();
  private readonly later: { readonly at: number; readonly act: () => void }[] = [];
  private readonly distributions: { [side in Side]: LatencyDistribution };
  private usual?: Latencies;
  private share = 0;
  private controlShare = 0;
  private moment!: Moment;

  constructor(
    private readonly scenario: Scenario,
    private readonly startedAt: number,
    private readonly periodMs: number,
    private readonly from: {
      readonly traffic: Pick<TrafficSource, 'momentOf'>;
      readonly latencies: VersionLatencies;
      readonly servers: { readonly [side in Side]: Server };
      readonly limits: TimeLimits;
      readonly arrivals: Random;
      readonly routing: Random;
    },
  ) {
    const { requestsPerSecond } = scenario.traffic;
    const leadMs = Math.min(LEAD_MS.most, Math.max(LEAD_MS.least, (1_000 * LEAD_REQUESTS) / Math.max(0.001, requestsPerSecond)));
    this.begins = Math.floor((startedAt - leadMs) / periodMs) * periodMs;
    this.distributions = {
      production: from.latencies.base('production', startedAt),
      control: from.latencies.base('production', startedAt),
      candidate: from.latencies.base('candidate', startedAt),
    };
  }

  draw(from: number, lengthMs: number, share: number, controlShare = 0): PeriodCounts {
    const { arrivals, traffic, latencies } = this.from;
    const end = from + lengthMs;
    this.share = share;
    this.controlShare = controlShare;
    this.moment = traffic.momentOf(from, lengthMs);
    this.distributions.production = this.distributions.control = latencies.base('production', end);
    this.distributions.candidate = latencies.base('candidate', end);
    const meanMs = 1_000 / this.moment.rate;
    for (let at = from - meanMs * Math.log(1 - arrivals.uniform()); at < end; at -= meanMs * Math.log(1 - arrivals.uniform())) {
      this.until(at);
      this.serve({ at, kind: this.kind(), pace: arrivals.normal(), sent: 0 });
    }
    this.until(end);
    return this.period(from).counts;
  }

  /** How long answers of a period took; before that, as they took since the world began. */
  readonly observed = (side: Side, from: number, lengthMs: number): Latencies | undefined => {
    if (from < this.begins || lengthMs > LONG_MS) {
      return side === 'production'
        ? (this.usual ??= new ObservedLatencies(
            this.measured('production', this.begins + (this.startedAt - this.begins) / 3, this.startedAt),
          ))
        : undefined;
    }
    const sorted = this.measured(side, from, from + lengthMs);
    return sorted.length === 0 ? undefined : new MeasuredLatencies(sorted);
  };

  /**
   * So many requests at once that are nobody's: a version starts environments for them. Returns how long these took to start, milliseconds.
   */
  warm(side: Side, at: number, requests: number): number[] {
    const server = this.from.servers[side];
    const before = server.starts?.length;
    for (let request = 0; request < requests; request++) {
      server.ask(at, this.distributions[side].answer(0, this.from.routing));
    }
    return server.starts?.slice(before) ?? [];
  }

  private serve(request: Request): void {
    const lot = this.from.routing.uniform();
    if (lot < this.share) {
      this.serveBeside('candidate', request);
    } else if (lot < this.share + this.controlShare) {
      this.serveBeside('control', request);
    } else {
      this.serveByProduction(request);
    }
  }

  /** By the candidate or a control, with production as the reserve. */
  private serveBeside(side: 'candidate' | 'control', request: Request): void {
    const {
      limits: { timeoutMs, candidateMs },
    } = this.from;
    const { at, kind } = request;
    const alone = this.ask(side, at, request);
    const late = alone > candidateMs;
    const took = Math.min(alone, candidateMs);
    const refused = kind === 5 && !late;
    const failed = late || kind <= 1 || kind === (side === 'candidate' ? 2 : 3);
    const halfTime = reserveAfterMs(timeoutMs);
    if (!failed && !refused) {
      const beside = took > halfTime;
      this.count(at + took, side, took, (counts) => {
        counts[`${side}Requests`]++;
        counts.answeredBeside += beside && side === 'candidate' ? 1 : 0;
      });
      if (beside) {
        this.at(at + halfTime, () => this.ask('production', at + halfTime, request));
      }
      return;
    }
    const askedAt = at + Math.min(took, halfTime);
    this.at(askedAt, () => {
      const end = Math.max(at + took, askedAt + this.ask('production', askedAt, request));
      const tooLate = end > at + timeoutMs;
      const failsToo = !refused && (tooLate || kind <= 1 || kind === 3);
      const done = Math.min(end, at + timeoutMs);
      this.count(done, side, took, (counts) => {
        counts[`${side}Requests`]++;
        counts[`${side}Failures`] += failed ? 1 : 0;
        counts[`${side}Timeouts`] += late ? 1 : 0;
        counts[`${side}Refusals`] += refused ? 1 : 0;
        counts.failedByBoth += failsToo && side === 'candidate' ? 1 : 0;
      });
      if (failsToo) {
        this.again(request, done);
      }
    });
  }

  private serveByProduction(request: Request): void {
    const { timeoutMs } = this.from.limits;
    const { at, kind } = request;
    const alone = this.ask('production', at, request);
    const late = alone > timeoutMs;
    const took = Math.min(alone, timeoutMs);
    const failed = late || kind <= 1 || kind === 3;
    this.count(at + took, 'production', took, (counts) => {
      counts.productionRequests++;
      counts.productionFailures += failed ? 1 : 0;
      counts.productionTimeouts += late ? 1 : 0;
      counts.productionRefusals += kind === 5 && !late ? 1 : 0;
    });
    if (failed) {
      this.again(request, at + took);
    }
  }

  /**
   * Callers send again what they got a failure for: bad input is bad again, what failed by chance may succeed, what takes long takes long.
   */
  private again({ kind, pace, sent }: Request, at: number): void {
    if (sent < this.scenario.retries) {
      this.at(at + PAUSE_MS, () => this.serve({ at: at + PAUSE_MS, kind: kind === 0 ? 0 : this.kind(1), pace, sent: sent + 1 }));
    }
  }

  private ask(side: Side, at: number, { kind, pace }: Request): number {
    return this.from.servers[side].ask(at, kind === 5 ? REFUSAL_MS : this.distributions[side].answer(pace, this.from.routing));
  }

  /** What becomes of a request, from the kind `least` on. */
  private kind(least = 0): number {
    const { kinds } = this.moment;
    let left = this.from.arrivals.uniform() * kinds.reduce((sum, part, index) => (index < least ? sum : sum + part), 0);
    for (let index = least; index < kinds.length; index++) {
      left -= kinds[index];
      if (left < 0) {
        return index;
      }
    }
    return kinds.length - 2;
  }

  private at(at: number, act: () => void): void {
    let index = this.later.length;
    while (index > 0 && this.later[index - 1].at < at) {
      index--;
    }
    this.later.splice(index, 0, { at, act });
  }

  /** What is due by then. */
  private until(at: number): void {
    while (this.later.length > 0 && this.later[this.later.length - 1].at <= at) {
      this.later.pop()!.act();
    }
  }

  private count(at: number, side: Side, tookMs: number, add: (counts: PeriodCounts) => void): void {
    const period = this.period(at);
    add(period.counts);
    period.latencies[side].push(tookMs);
  }

  private period(at: number): Period {
    const index = Math.floor(at / this.periodMs);
    let period = this.periods.get(index);
    if (period === undefined) {
      this.periods.set(index, (period = { counts: noCounts(), latencies: { candidate: [], production: [], control: [] } }));
    }
    return period;
  }

  private measured(side: Side, from: number, until: number): Float64Array {
    const all: number[] = [];
    for (let index = Math.floor(from / this.periodMs); index * this.periodMs < until; index++) {
      all.push(...(this.periods.get(index)?.latencies[side] ?? []));
    }
    return Float64Array.from(all).sort();
  }
}
