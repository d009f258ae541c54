import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { sum } from '../../lib/core/sum';
import type { Side } from '../assembly/alarm-definition';
import type { CallersOf, Split } from './callers';
import { Disturbances } from './disturbances';
import { type Random, randomOf } from './random';
import type { Answers } from './simulated-metrics';
import { type Circumstances, type Late, NO_LIMITS, type TimeLimits, VersionLatencies } from './version-latencies';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const REFUSED: Kinds = [0, 0, 0, 0, 0, 1];
const NOTHING: Kinds = [0, 0, 0, 0, 0, 0];
/** Sets what arrives apart from what else is drawn of a seed. */
const ARRIVALS = 0x1f83d9ab;

/** Of a period: on average, or as recorded. */
type Requests = { readonly mean: number } | { readonly number: number };

/** Counts of one period. */
export interface PeriodCounts {
  candidateRequests: number;
  /** Of these it failed, or was too late. */
  candidateFailures: number;
  /** Refused as the caller's mistake. */
  candidateRefusals: number;
  candidateTimeouts: number;
  /** Of production's version started anew, where the candidate is compared with it. */
  controlRequests: number;
  controlFailures: number;
  controlRefusals: number;
  controlTimeouts: number;
  /** Its own: without what it answers in the candidate's place. */
  productionRequests: number;
  productionFailures: number;
  productionRefusals: number;
  productionTimeouts: number;
  /** What the candidate did not answer and production fails too. */
  failedByBoth: number;
  /** What it answered when production had been asked beside it, because half of the time was over. */
  answeredBeside: number;
}

export function noCounts(): PeriodCounts {
  return {
    candidateRequests: 0,
    candidateFailures: 0,
    candidateRefusals: 0,
    candidateTimeouts: 0,
    controlRequests: 0,
    controlFailures: 0,
    controlRefusals: 0,
    controlTimeouts: 0,
    productionRequests: 0,
    productionFailures: 0,
    productionRefusals: 0,
    productionTimeouts: 0,
    failedByBoth: 0,
    answeredBeside: 0,
  };
}

export function addCounts(to: PeriodCounts, from: PeriodCounts): void {
  for (const name of Object.keys(from) as (keyof PeriodCounts)[]) {
    to[name] += from[name];
  }
}

/** What routers count of them: a request counts for the version that it was assigned to, whoever answers it. */
export function answersOf(counts: PeriodCounts): { readonly [side in Side]: Answers } {
  return {
    production: {
      requests: counts.productionRequests,
      failures: counts.productionFailures,
      timeouts: counts.productionTimeouts,
      refusals: counts.productionRefusals,
      fallbacks: 0,
      fallbackFailures: 0,
      answeredBeside: 0,
    },
    control: {
      requests: counts.controlRequests,
      failures: counts.controlFailures,
      timeouts: counts.controlTimeouts,
      refusals: counts.controlRefusals,
      fallbacks: counts.controlFailures + counts.controlRefusals,
      fallbackFailures: 0,
      answeredBeside: 0,
    },
    candidate: {
      requests: counts.candidateRequests,
      failures: counts.candidateFailures,
      timeouts: counts.candidateTimeouts,
      refusals: counts.candidateRefusals,
      fallbacks: counts.candidateFailures + counts.candidateRefusals,
      fallbackFailures: counts.failedByBoth,
      answeredBeside: counts.answeredBeside,
    },
  };
}

/**
 * Give a control its part of what is production's, each request by chance: where all environments are there, it answers as production does.
 */
export function splitControl(counts: PeriodCounts, part: number, random: Random): void {
  const of = (number: number): number => random.binomial(number, part);
  const [timeouts, otherFailures, refusals] = [
    of(counts.productionTimeouts),
    of(counts.productionFailures - counts.productionTimeouts),
    of(counts.productionRefusals),
  ];
  const failures = timeouts + otherFailures;
  const requests = failures + refusals + of(counts.productionRequests - counts.productionFailures - counts.productionRefusals);
  counts.controlRequests += requests;
  counts.controlFailures += failures;
  counts.controlTimeouts += timeouts;
  counts.controlRefusals += refusals;
  counts.productionRequests -= requests;
  counts.productionFailures -= failures;
  counts.productionTimeouts -= timeouts;
  counts.productionRefusals -= refusals;
}

/**
 * Requests by what becomes of them: they fail at both versions however often they are sent; both versions, only the candidate, only
 * production, neither fails them, by chance; both refuse them.
 */
export type Kinds = readonly [
  hopeless: number,
  both: number,
  onlyCandidate: number,
  onlyProduction: number,
  neither: number,
  refused: number,
];

/** What of a moment decides about its requests. */
export interface Moment {
  /** A second, over both versions. */
  readonly rate: number;
  /** The parts of all requests. */
  readonly kinds: Kinds;
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

/** The traffic of a seed, and how long its answers take, where callers do not stick. */
export function trafficOf(
  scenario: Scenario,
  seed: number,
  startedAt: number,
  routing: Random,
  limits: TimeLimits = NO_LIMITS,
): { readonly traffic: TrafficSource; readonly latencies: VersionLatencies } {
  const disturbances = new Disturbances(scenario, seed, startedAt);
  const latencies = new VersionLatencies(scenario, startedAt, limits, { disturbances });
  return { latencies, traffic: new TrafficSource(scenario, startedAt, arrivalsOf(seed), routing, { disturbances, latencies }) };
}

/** What traffic is drawn under, beside the scenario. */
export interface TrafficCircumstances extends Circumstances {
  readonly latencies: Pick<VersionLatencies, 'late'>;
}

/**
 * Draws a scenario's requests, period by period. How many there are that candidate, production, both or neither would fail is a Poisson
 * number each; every request goes to the candidate by chance, or where its caller sticks.
 */
export class TrafficSource {
  private counts = noCounts();
  /** As long as nothing changes, requests are of the same kinds. */
  private lastKinds:
    { readonly candidate: number; readonly production: number; readonly worse: boolean; readonly kinds: Kinds } | undefined;

  /** @param arrivals decides what there is, `routing` who gets it */
  constructor(
    private readonly scenario: Scenario,
    private readonly startedAt: number,
    private readonly arrivals: Random,
    private readonly routing: Random,
    private readonly circumstances: TrafficCircumstances,
  ) {}

  draw(from: number, lengthMs: number, share: number): PeriodCounts {
    const { scenario } = this;
    this.counts = noCounts();
    const minute = (from - this.startedAt) / MINUTE_MS;
    const recorded = this.recordedAt(minute);
    const moment = this.momentOf(from, lengthMs);
    const requests =
      recorded === undefined
        ? { mean: moment.rate * (lengthMs / 1_000) }
        : { number: Math.round(recorded.requests * spikeAt(scenario, minute) * (lengthMs / MINUTE_MS)) };
    const split = this.circumstances.callersAt?.(from + lengthMs);
    const late = this.circumstances.latencies.late(from + lengthMs);
    if (scenario.clustered) {
      const [hopeless, both, onlyCandidate, onlyProduction] = moment.kinds;
      this.inClusters(requests, share, hopeless + both + onlyCandidate, hopeless + both + onlyProduction);
    } else if (split === undefined || !('mean' in requests)) {
      this.independently(this.kinds(requests, moment.kinds), moment.kinds, share, late);
    } else {
      this.byCallers(requests.mean!, moment.kinds, split, late);
    }
    this.burst(lengthMs, share);
    return this.counts;
  }

  /**
   * What part of the candidate's failures, and of its other requests, are of the scenario's segment in a period, and what part of
   * production's requests.
   */
  segmentAt(
    from: number,
    lengthMs: number,
  ): { readonly ofFailures: number; readonly ofOthers: number; readonly ofProduction: number } | undefined {
    const { segment } = this.scenario;
    if (segment === undefined) {
      return undefined;
    }
    const { share } = segment;
    const { candidate } = this.errorRates(from, lengthMs);
    const inside = from + lengthMs <= this.onset ? candidate : Math.max(candidate, segment.errorRate);
    const failures = (1 - share) * candidate + share * inside;
    return {
      ofFailures: failures === 0 ? share : (share * inside) / failures,
      ofOthers: failures === 1 ? share : (share * (1 - inside)) / (1 - failures),
      ofProduction: share,
    };
  }

  /** What decides about the requests of a period. */
  momentOf(from: number, lengthMs: number): Moment {
    const { candidate, production } = this.errorRates(from, lengthMs);
    const worse = from + lengthMs > this.onset;
    const last = this.lastKinds;
    if (last?.candidate !== candidate || last.production !== production || last.worse !== worse) {
      this.lastKinds = { candidate, production, worse, kinds: this.kindsAt(candidate, production, worse) };
    }
    return { rate: this.rateAt(from, (from - this.startedAt) / MINUTE_MS), kinds: this.lastKinds!.kinds };
  }

  /** Parts of the requests by what versions of these error rates make of them; `worse` once the candidate has regressed. */
  private kindsAt(candidate: number, production: number, worse: boolean): Kinds {
    const { refusals, segment } = this.scenario;
    const hopeless = Math.min(candidate, production, this.hopelessPart());
    const usual = together(candidate, production, hopeless);
    const kinds =
      segment === undefined || !worse
        ? usual
        : mixed(usual, together(Math.max(candidate, segment.errorRate), production, hopeless), segment.share);
    return refusals === 0 ? kinds : mixed(kinds, REFUSED, refusals);
  }

  private get onset(): number {
    return this.scenario.candidate.onsetMinute * MINUTE_MS + this.startedAt;
  }

  /** The requests of a broken caller are among them where callers do not stick. */
  private hopelessPart(): number {
    const { badInputs, callers } = this.scenario;
    return badInputs + (callers?.brokenShare ?? 0);
  }

  private errorRates(from: number, lengthMs: number): { readonly candidate: number; readonly production: number } {
    const {
      scenario,
      circumstances: { disturbances },
    } = this;
    const minute = (from - this.startedAt) / MINUTE_MS;
    const recorded = this.recordedAt(minute);
    const outage = outageAt(scenario, minute);
    const broken = scenario.callers?.brokenShare ?? 0;
    const usual =
      broken + (recorded?.failures === undefined ? scenario.production.errorRate : recorded.failures / Math.max(1, recorded.requests));
    // A recorded baseline moves the candidate as well: what is declared is how much worse it is.
    const regressed = from + lengthMs <= this.onset ? usual : usual + scenario.candidate.errorRate - scenario.production.errorRate;
    const disturbed = (rate: number, side: Side): number => {
      const { errorRate, failures } = disturbances.at(side, from);
      return clamp(rate * failures + outage + errorRate);
    };
    return { candidate: disturbed(regressed, 'candidate'), production: disturbed(usual, 'production') };
  }

  private independently(numbers: Kinds, parts: Kinds, share: number, late: Late): void {
    const toCandidate = (kind: number): number => this.routing.binomial(kind, share);
    let kinds = numbers;
    for (let sent = 0; sent <= this.scenario.retries; sent++) {
      const [hopeless, both, onlyCandidate, onlyProduction, neither, refused] = kinds;
      const [mineHopeless, mineBoth, mineOnlyProduction] = [toCandidate(hopeless), toCandidate(both), toCandidate(onlyProduction)];
      const mine: Kinds = [
        mineHopeless,
        mineBoth,
        toCandidate(onlyCandidate),
        mineOnlyProduction,
        toCandidate(neither),
        toCandidate(refused),
      ];
      const others: Kinds = [
        hopeless - mine[0],
        both - mine[1],
        onlyCandidate - mine[2],
        onlyProduction - mine[3],
        neither - mine[4],
        refused - mine[5],
      ];
      this.serve(mine, others, late);
      kinds = sent < this.scenario.retries ? this.sentAgain(mine, others, parts) : NOTHING;
    }
  }

  /** Callers who stick: of each version its own, and the broken one is with one of them. */
  private byCallers(mean: number, [, both, onlyCandidate, onlyProduction, neither, refused]: Kinds, split: Split, late: Late): void {
    const {
      scenario: { retries, callers, badInputs },
      arrivals,
    } = this;
    const broken = mean * callers!.brokenShare;
    const whole = (byChance: number): number => badInputs + (1 - badInputs) * byChance;
    const draw = ({ part, failures }: CallersOf, withBroken: boolean): [numbers: Kinds, parts: Kinds] => {
      // Whoever fails more, fails more at either version.
      const rate = (own: number): number =>
        Math.min(1, (failures * own) / Math.max(1e-12, both + onlyCandidate + onlyProduction + neither));
      const kinds = together(whole(rate(both + onlyCandidate)), whole(rate(both + onlyProduction)), badInputs);
      const parts = refused === 0 ? kinds : mixed(kinds, REFUSED, refused);
      const numbers = parts.map((each) => (each === 0 ? 0 : arrivals.poisson((mean - broken) * part * each)));
      const bad = withBroken ? arrivals.poisson(broken) : 0;
      return [[numbers[0] + bad, numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]], parts];
    };
    const [drawn, partsOfMine] = draw(split.candidate, split.broken === 'candidate');
    const [drawnOthers, partsOfOthers] = draw(split.production, split.broken === 'production');
    let [mine, others] = [drawn, drawnOthers];
    for (let sent = 0; sent <= retries; sent++) {
      this.serve(mine, others, late);
      [mine, others] =
        sent === retries
          ? [NOTHING, NOTHING]
          : [this.sentAgain(mine, NOTHING, partsOfMine), this.sentAgain(NOTHING, others, partsOfOthers)];
    }
  }

  /**
   * What becomes of the requests of each version, and of those that production is asked in the candidate's place: what the candidate
   * failed, was too late with, or refused. That a failure of the candidate may leave production too little time is left out: failures are
   * quick.
   */
  private serve(mine: Kinds, others: Kinds, late: Late): void {
    const { counts, routing } = this;
    const failedByMine = mine[0] + mine[1] + mine[2];
    const [lateOfFailing, lateOfGood] = [routing.binomial(mine[3], late.candidate), routing.binomial(mine[4], late.candidate)];
    const lateAtBoth = routing.binomial(lateOfGood, late.both);
    counts.candidateRequests += sum(mine);
    counts.candidateFailures += failedByMine + lateOfFailing + lateOfGood;
    counts.candidateTimeouts += lateOfFailing + lateOfGood;
    counts.candidateRefusals += mine[5];
    counts.failedByBoth += mine[0] + mine[1] + lateOfFailing + lateAtBoth;
    counts.answeredBeside += routing.binomial(mine[3] + mine[4] - lateOfFailing - lateOfGood, late.beside);
    const lateAtProduction = routing.binomial(others[2] + others[4], late.production);
    counts.productionRequests += sum(others);
    counts.productionFailures += others[0] + others[1] + others[3] + lateAtProduction;
    counts.productionTimeouts += lateAtProduction;
    counts.productionRefusals += others[5];
  }

  /** Callers send again what they got a failure for: bad input is bad again, what failed by chance may succeed. */
  private sentAgain(mine: Kinds, others: Kinds, parts: Kinds): Kinds {
    const [, both, onlyCandidate, onlyProduction, neither] = parts;
    const byChance = mine[1] + others[1] + others[3];
    const [first, second, third, fourth] =
      byChance === 0 ? [0, 0, 0, 0] : this.kindsOf(byChance, [both, onlyCandidate, onlyProduction, neither]);
    return [mine[0] + others[0], first, second, third, fourth, 0];
  }

  /** Failures of a moment, each request of which is assigned by itself. */
  private burst(lengthMs: number, share: number): void {
    const {
      counts,
      routing,
      arrivals,
      scenario: { bursts },
    } = this;
    if (bursts === undefined) {
      return;
    }
    const failed = bursts.requests * arrivals.poisson((bursts.perHour * lengthMs) / HOUR_MS);
    const mine = routing.binomial(failed, share);
    counts.candidateRequests += mine;
    counts.candidateFailures += mine;
    counts.failedByBoth += mine;
    counts.productionRequests += failed - mine;
    counts.productionFailures += failed - mine;
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
  private kinds(requests: Requests, parts: Kinds): Kinds {
    if (!('mean' in requests)) {
      const drawn = this.kindsOf(requests.number, parts);
      return [drawn[0], drawn[1], drawn[2], drawn[3], drawn[4], drawn[5]];
    }
    const { mean } = requests;
    const of = (part: number): number => (part === 0 ? 0 : this.arrivals.poisson(mean * part));
    return [of(parts[0]), of(parts[1]), of(parts[2]), of(parts[3]), of(parts[4]), of(parts[5])];
  }

  private kindsOf(requests: number, parts: readonly number[]): number[] {
    let [left, rest] = [requests, parts.reduce((total, part) => total + part, 0)];
    const last = parts.findLastIndex((part) => part > 0);
    return parts.map((part, index) => {
      const kind = index === last ? left : this.arrivals.binomial(left, rest <= 0 ? 0 : Math.min(1, part / rest));
      left -= kind;
      rest -= part;
      return kind;
    });
  }

  /** Failures that production would have had of as many requests. */
  usualRateAt(at: number): number {
    return this.errorRates(at, 0).production;
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

/** What two versions fail by chance of their own, beside what is bad for both. */
function together(candidate: number, production: number, hopeless: number): Kinds {
  const own = (rate: number): number => {
    if (hopeless === 0) {
      return rate;
    }
    if (hopeless >= 1) {
      return 0;
    }
    return Math.max(0, rate - hopeless) / (1 - hopeless);
  };
  const [mine, others, rest] = [own(candidate), own(production), 1 - hopeless];
  return [hopeless, rest * mine * others, rest * mine * (1 - others), rest * (1 - mine) * others, rest * (1 - mine) * (1 - others), 0];
}

/** A part of the requests is as `other` says. */
function mixed(kinds: Kinds, other: Kinds, part: number): Kinds {
  const of = (index: number): number => (1 - part) * kinds[index] + part * other[index];
  return [of(0), of(1), of(2), of(3), of(4), of(5)];
}

function spikeAt({ traffic }: Scenario, minute: number): number {
  return traffic.spikes.reduce(
    (factor, spike) => (minute >= spike.atMinute && minute < spike.atMinute + spike.minutes ? factor * spike.factor : factor),
    1,
  );
}

function outageAt({ outages }: Scenario, minute: number): number {
  return outages.reduce(
    (rate, outage) => (minute >= outage.atMinute && minute < outage.atMinute + outage.minutes ? rate + outage.errorRate : rate),
    0,
  );
}

function clamp(rate: number): number {
  return Math.min(1, Math.max(0, rate));
}
