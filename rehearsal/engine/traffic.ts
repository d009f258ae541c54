import type { Scenario } from '../scenario/scenario';
import { type Random, randomOf } from './random';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Sets what arrives apart from what else is drawn of a seed. */
const ARRIVALS = 0x1f83d9ab;

/** Of a period: on average, or as recorded. */
type Requests = { readonly mean: number } | { readonly number: number };

/** Counts of one period. */
export interface PeriodCounts {
  candidateRequests: number;
  candidateFailures: number;
  productionRequests: number;
  productionFailures: number;
  /** Requests that the candidate failed and production fails too. */
  failedByBoth: number;
}

/** When a rollout of a scenario begins, epoch milliseconds: at any moment of a minute. */
export function startOf({ startsAt }: Scenario, random: Random): number {
  return startsAt + Math.floor(random.uniform() * MINUTE_MS);
}

/**
 * What arrives from the start of a rollout on. Of one seed it is the same whoever looks, a plan or one of its peers: the same requests,
 * which the same versions would fail. Only who gets them is theirs.
 */
export function arrivalsOf(seed: number): Random {
  return randomOf(seed ^ ARRIVALS);
}

/**
 * Draws a scenario's requests, period by period. How many there are that candidate, production, both or neither would fail is a Poisson
 * number each; every request goes to the candidate by chance.
 */
export class TrafficSource {
  private readonly counts: PeriodCounts = { candidateRequests: 0, candidateFailures: 0, productionRequests: 0, productionFailures: 0, failedByBoth: 0 };

  /** @param arrivals decides what there is, `routing` who gets it */
  constructor(private readonly scenario: Scenario, private readonly startedAt: number, private readonly arrivals: Random, private readonly routing: Random) {}

  /** The same object at every call. */
  draw(from: number, lengthMs: number, share: number): PeriodCounts {
    const { scenario } = this;
    const minute = (from - this.startedAt) / MINUTE_MS;
    const recorded = this.recordedAt(minute);
    const outage = outageAt(scenario, minute);
    const onset = scenario.candidate.onsetMinute * MINUTE_MS + this.startedAt;
    const usual = recorded?.failures === undefined ? scenario.production.errorRate : recorded.failures / Math.max(1, recorded.requests);
    // A recorded baseline moves the candidate as well: what is declared is how much worse it is.
    const regressed = from + lengthMs <= onset ? usual : usual + scenario.candidate.errorRate - scenario.production.errorRate;
    const [candidate, production] = [clamp(regressed + outage), clamp(usual + outage)];
    const requests = recorded === undefined
      ? { mean: this.rateAt(from, minute) * (lengthMs / 1_000) }
      : { number: Math.round(recorded.requests * spikeAt(scenario, minute) * (lengthMs / MINUTE_MS)) };
    return scenario.clustered ? this.inClusters(requests, share, candidate, production) : this.independently(requests, share, candidate, production);
  }

  private independently(requests: Requests, share: number, candidate: number, production: number): PeriodCounts {
    const { counts, routing } = this;
    const [both, onlyCandidate, onlyProduction, neither] = this.kinds(requests, [
      candidate * production, candidate * (1 - production), (1 - candidate) * production, (1 - candidate) * (1 - production),
    ]);
    const toCandidate = (kind: number): number => routing.binomial(kind, share);
    const [seenBoth, seenOnlyProduction] = [toCandidate(both), toCandidate(onlyProduction)];
    counts.failedByBoth = seenBoth;
    counts.candidateFailures = seenBoth + toCandidate(onlyCandidate);
    counts.candidateRequests = counts.candidateFailures + seenOnlyProduction + toCandidate(neither);
    counts.productionRequests = both + onlyCandidate + onlyProduction + neither - counts.candidateRequests;
    counts.productionFailures = both - seenBoth + onlyProduction - seenOnlyProduction;
    return counts;
  }

  /** Whole clusters go one way. */
  private inClusters(requests: Requests, share: number, candidate: number, production: number): PeriodCounts {
    const { counts, routing, arrivals } = this;
    const total = 'mean' in requests ? arrivals.poisson(requests.mean) : requests.number;
    counts.candidateRequests = routing.binomial(total, share);
    counts.productionRequests = total - counts.candidateRequests;
    counts.candidateFailures = this.clustered(counts.candidateRequests, candidate);
    counts.productionFailures = this.clustered(counts.productionRequests, production);
    counts.failedByBoth = routing.binomial(counts.candidateFailures, production);
    return counts;
  }

  /** How many requests there are of each kind, by their parts of all. */
  private kinds(requests: Requests, parts: readonly number[]): number[] {
    if ('mean' in requests) {
      return parts.map((part) => (part === 0 ? 0 : this.arrivals.poisson(requests.mean * part)));
    }
    let [left, rest] = [requests.number, 1];
    return parts.map((part, index) => {
      const kind = index === parts.length - 1 ? left : this.arrivals.binomial(left, rest <= 0 ? 0 : Math.min(1, part / rest));
      left -= kind;
      rest -= part;
      return kind;
    });
  }

  /** Failures that production would have had of as many requests. */
  usualRateAt(at: number): number {
    const minute = (at - this.startedAt) / MINUTE_MS;
    const recorded = this.recordedAt(minute);
    const usual = recorded?.failures === undefined ? this.scenario.production.errorRate : recorded.failures / Math.max(1, recorded.requests);
    return clamp(usual + outageAt(this.scenario, minute));
  }

  private recordedAt(minute: number): { readonly requests: number; readonly failures?: number } | undefined {
    const { recorded } = this.scenario.traffic;
    return recorded?.[((Math.floor(minute) % recorded.length) + recorded.length) % recorded.length];
  }

  private rateAt(at: number, minute: number): number {
    const { requestsPerSecond, swing, peakHour } = this.scenario.traffic;
    const phase = (at % DAY_MS) / DAY_MS - peakHour / 24;
    return requestsPerSecond * (swing === 0 ? 1 : 1 + swing * Math.cos(2 * Math.PI * phase)) * spikeAt(this.scenario, minute);
  }

  private clustered(requests: number, rate: number): number {
    let failures = 0;
    for (let clusters = this.routing.poisson((requests * rate) / 3); clusters > 0; clusters--) {
      failures += 1 + Math.floor(5 * this.routing.uniform());
    }
    return Math.min(requests, failures);
  }
}

function spikeAt({ traffic }: Scenario, minute: number): number {
  return traffic.spikes.reduce((factor, spike) => (minute >= spike.atMinute && minute < spike.atMinute + spike.minutes ? factor * spike.factor : factor), 1);
}

function outageAt({ outages }: Scenario, minute: number): number {
  return outages.reduce((rate, outage) => (minute >= outage.atMinute && minute < outage.atMinute + outage.minutes ? rate + outage.errorRate : rate), 0);
}

function clamp(rate: number): number {
  return Math.min(1, Math.max(0, rate));
}
