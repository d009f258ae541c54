import type { Scenario } from '../scenario/scenario';
import type { Random } from './random';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Counts of one period. */
export interface PeriodCounts {
  candidateRequests: number;
  candidateFailures: number;
  productionRequests: number;
  productionFailures: number;
}

/** Draws a scenario's requests and failures, period by period: numbers of requests are Poisson, failures among them binomial. */
export class TrafficSource {
  private readonly counts: PeriodCounts = { candidateRequests: 0, candidateFailures: 0, productionRequests: 0, productionFailures: 0 };

  constructor(private readonly scenario: Scenario, private readonly startedAt: number, private readonly random: Random) {}

  /** The same object at every call. */
  draw(from: number, lengthMs: number, share: number): PeriodCounts {
    const { scenario, random, counts } = this;
    const minute = (from - this.startedAt) / MINUTE_MS;
    const recorded = this.recordedAt(minute);
    if (recorded === undefined) {
      const mean = this.rateAt(from, minute) * (lengthMs / 1_000);
      counts.candidateRequests = random.poisson(mean * share);
      counts.productionRequests = random.poisson(mean * (1 - share));
    } else {
      const requests = Math.round(recorded.requests * spikeAt(scenario, minute) * (lengthMs / MINUTE_MS));
      counts.candidateRequests = random.binomial(requests, share);
      counts.productionRequests = requests - counts.candidateRequests;
    }
    const outage = outageAt(scenario, minute);
    const onset = scenario.candidate.onsetMinute * MINUTE_MS + this.startedAt;
    const usual = recorded?.failures === undefined ? scenario.production.errorRate : recorded.failures / Math.max(1, recorded.requests);
    // A recorded baseline moves the candidate as well: what is declared is how much worse it is.
    const regressed = from + lengthMs <= onset ? usual : usual + scenario.candidate.errorRate - scenario.production.errorRate;
    counts.candidateFailures = this.failures(counts.candidateRequests, clamp(regressed + outage));
    counts.productionFailures = this.failures(counts.productionRequests, clamp(usual + outage));
    return counts;
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

  private failures(requests: number, rate: number): number {
    if (!this.scenario.clustered) {
      return this.random.binomial(requests, rate);
    }
    let failures = 0;
    for (let clusters = this.random.poisson((requests * rate) / 3); clusters > 0; clusters--) {
      failures += 1 + Math.floor(5 * this.random.uniform());
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
