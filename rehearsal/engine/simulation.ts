import { evidenceGuardrails, kindOf } from '../../lib/core/guardrails/kinds';
import type { RatingRule } from '../../lib/core/feedback/plan';
import { FeedbackMetric, ShadowMetric } from '../../lib/core/names';
import { callersStick } from '../../lib/core/rollout/callers';
import { isJudged } from '../../lib/core/rollout/decide';
import { RECENT_TRAFFIC_SECONDS } from '../../lib/core/rollout/evidence';
import type { RolloutState } from '../../lib/core/rollout/state';
import type { DeclaredRoute } from '../../lib/core/routing/route';
import { timingOf } from '../../lib/core/routing/measures';
import { defaultTimeBudgetMs } from '../../lib/core/routing/time-budget';
import { ROUTE_REFRESH_MS } from '../../lib/core/timing';
import type { Side } from '../assembly/alarm-definition';
import type { FoundRollout } from '../assembly/found-rollout';
import type { Fleets } from '../harness/fleets';
import type { Behaviour, Scenario } from '../../lib/core/rehearsal/scenario';
import { Autoscaled } from './autoscaled';
import { BEFORE, measuresBefore } from './before';
import { Callers, type Split } from './callers';
import { Disturbances } from './disturbances';
import { environmentsOf } from './environments';
import { LatencyDistribution } from './latency-distribution';
import { type Random, randomOf } from './random';
import { RequestWorld } from './request-world';
import type { Toll } from './run';
import { Shares } from './shares';
import { SimulatedCallers } from './simulated-callers';
import { SimulatedCells } from './simulated-cells';
import { SimulatedLabels } from './simulated-labels';
import { timeOf } from './simulated-generation';
import { SimulatedMetrics } from './simulated-metrics';
import type { ReplayedVersion } from './simulated-replay';
import { outputsOf, SimulatedShadows, type Unlikeness } from './simulated-shadows';
import { answersOf, arrivalsOf, type PeriodCounts, splitControl, startOf, TrafficSource } from './traffic';
import { type TimeLimits, VersionLatencies } from './version-latencies';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A candidate as good as production loses half of the pairs that a judge decides. */
const EVEN = 0.5;
/** Production had requests before; the controller asks for the last of them. */
const BEFORE_MS = RECENT_TRAFFIC_SECONDS * 1_000 + 10 * MINUTE_MS;
/** Evidence is measured by production's last day. */
const HISTORY_MS = 24 * HOUR_MS + 10 * MINUTE_MS;

/** Part of the requests that a cohort is taken to send while it has the candidate by itself. */
const COHORT_SHARE = 0.01;

/** What users, models and routers do in a scenario: requests by period, who gets them, and what is published of them. */
export class Simulation {
  /** Epoch milliseconds at which the rollout begins, its production's day before, and periods are counted. */
  readonly startedAt: number;
  readonly from: number;
  readonly origin: number;
  readonly periodMs: number;
  readonly random: Random;
  readonly shares = new Shares(ROUTE_REFRESH_MS);
  readonly metrics: SimulatedMetrics;
  readonly shadows: SimulatedShadows;
  /** Whether what shadows answer is judged. */
  private readonly judges: boolean;
  /** Which side a version is on. */
  readonly sides: { [version: string]: Side } = {};
  readonly toll: { -readonly [count in keyof Toll]: Toll[count] } = {
    candidateRequests: 0,
    candidateFailures: 0,
    excessFailures: 0,
    excessWrong: 0,
  };
  private readonly history: TrafficSource;
  private readonly traffic: TrafficSource;
  private readonly latencies: VersionLatencies;
  /** Where instances follow the load. */
  private readonly autoscaled?: Autoscaled;
  /** Until then periods are closed. */
  private at: number;
  /** Where requests are served one by one. */
  private readonly world?: RequestWorld;
  private readonly labels: SimulatedLabels;
  private readonly callers?: Callers;
  private candidateVersion?: string;
  /** A control has the candidate's share. */
  private controlled = false;
  private versions = { production: BEFORE, candidate: '', byCells: false };
  /** From when on callers of versions were assigned so. */
  private readonly splits: { readonly from: number; readonly split: Split }[] = [];
  /** Share of the inferences that are recorded for feedback. */
  private recorded = 0;
  /** Bounds of the ratings that are told; absent where labels are. */
  private ratings?: RatingRule;

  constructor(private readonly rollout: FoundRollout, private readonly scenario: Scenario, private readonly seed: number) {
    const { plan } = rollout;
    this.random = randomOf(seed);
    this.startedAt = startOf(scenario, this.random);
    this.from = this.startedAt - (isJudged(plan) ? HISTORY_MS : BEFORE_MS) - scenario.metricDelaySeconds * 1_000;
    this.periodMs = periodMsOf(rollout);
    this.at = this.from;
    this.origin = Math.floor(this.from / HOUR_MS) * HOUR_MS;
    const disturbances = new Disturbances(scenario, seed, this.startedAt);
    this.callers = callersOf(rollout, scenario, seed);
    const circumstances = { disturbances, ...(this.callers === undefined ? {} : { callersAt: (at: number) => this.callersAt(at) }) };
    const limits = timeLimitsOf(rollout);
    const latencies = (this.latencies = new VersionLatencies(scenario, this.startedAt, limits, circumstances));
    const periods = { origin: this.origin, periodMs: this.periodMs, random: this.random };
    this.metrics = new SimulatedMetrics({
      ...periods,
      delayMs: scenario.metricDelaySeconds * 1_000,
      latency: latencies.at,
      behaviour: (side, end) => this.behaviour(side, end),
      observed: (...period) => this.world?.observed(...period),
    });
    this.judges = evidenceGuardrails(plan).some((guardrail) => kindOf(guardrail).sees.includes('preference'));
    this.shadows = new SimulatedShadows({ ...periods, outputs: outputsOf(plan) });
    this.labels = new SimulatedLabels(scenario.labels, periods);
    this.history = new TrafficSource(scenario, this.startedAt, this.random, this.random, { ...circumstances, latencies });
    this.traffic = new TrafficSource(scenario, this.startedAt, arrivalsOf(seed), this.random, { ...circumstances, latencies });
    const arrivals = arrivalsOf(seed);
    this.autoscaled = Autoscaled.of(rollout, scenario, () => this.at);
    const servers =
      this.autoscaled?.servers ?? (scenario.environments && environmentsOf(scenario.environments, arrivals, this.random));
    this.world =
      servers &&
      new RequestWorld(scenario, this.startedAt, this.periodMs, {
        traffic: this.traffic,
        latencies,
        servers,
        limits,
        arrivals,
        routing: this.random,
      });
  }

  /** What AWS says of instances that follow the load. */
  get fleets(): Fleets | undefined {
    return this.autoscaled?.fleets;
  }

  /** A period ends: what came of its requests is published, and returned until the next one. */
  close(period: number, end: number): PeriodCounts {
    const { periodMs, metrics, traffic, toll, scenario } = this;
    const from = end - periodMs;
    const share = this.shares.over(from, end);
    this.assignCallers(from, share);
    const controlShare = this.controlled ? share : 0;
    const drawn = end > this.startedAt ? traffic : this.history;
    const one = this.world !== undefined && from >= this.world.begins ? this.world : undefined;
    this.at = end;
    const counts = one?.draw(from, periodMs, share, controlShare) ?? drawn.draw(from, periodMs, share);
    if (one === undefined && controlShare > 0) {
      splitControl(counts, controlShare / (1 - share), this.random);
    }
    if (one !== undefined) {
      this.autoscaled?.passed(end);
    }
    const { production, candidate, control } = answersOf(counts);
    metrics.add(period, 'production', production);
    if (control.requests > 0) {
      metrics.add(period, 'control', control);
    }
    // What production is asked in the candidate's place is counted apart, and handed over like all that it answers.
    const answered = production.requests - production.failures - production.refusals + counts.candidateFailures - counts.failedByBoth;
    this.shadows.add(period, from, answered, this.candidateVersion, this.unlikeness(end));
    if (counts.candidateRequests > 0) {
      metrics.add(period, 'candidate', candidate);
      toll.candidateRequests += counts.candidateRequests;
      toll.candidateFailures += counts.candidateFailures;
      toll.excessWrong +=
        (counts.candidateRequests - counts.candidateFailures) *
        Math.max(0, scenario.production.accuracy - this.behaviour('candidate', end).accuracy);
      toll.excessFailures += counts.candidateFailures - counts.candidateRequests * traffic.usualRateAt(from);
    }
    return counts;
  }

  /** Routers learn of a route that was written then. */
  learn({ variants, lease, measures, mirrors = [], feedback, rollout, cohort }: DeclaredRoute, now: number): void {
    this.recorded = feedback?.sampleRate ?? 0;
    this.ratings = feedback?.outcome.kind === 'rating' ? feedback.outcome : undefined;
    this.shadows.mirrors = mirrors;
    this.metrics.measures = measures ?? this.metrics.measures;
    const candidate = variants.find(({ role }) => role === 'candidate');
    this.controlled = variants.some(({ role }) => role === 'control');
    const total = variants.reduce((sum, { weight }) => sum + weight, 0);
    this.versions = {
      production: variants[0].version,
      candidate: candidate?.version ?? this.versions.candidate,
      byCells: rollout?.byCells === true,
    };
    const share = total === 0 ? 0 : (candidate?.weight ?? 0) / total;
    const isCohorts = candidate !== undefined && cohort !== undefined && share === 0;
    this.shares.written(now, isCohorts ? COHORT_SHARE : share, lease?.until ?? Infinity);
  }

  /** Which versions a rollout is between. */
  know({ candidate, production, control }: RolloutState): void {
    this.candidateVersion = candidate.version;
    this.sides[candidate.version] = 'candidate';
    this.sides[production.version] = 'production';
    if (control !== undefined) {
      this.sides[control.version] = 'control';
    }
  }

  /** Requests that warm a version up; returns how long environments took to start for them. */
  warm(side: 'candidate' | 'control', now: number, times: number): readonly number[] {
    return this.world?.warm(side, now, times) ?? [];
  }

  /** A version as it answers recorded requests from now on. */
  replayed(side: Side, now: number): ReplayedVersion {
    return { behaviour: this.behaviour(side, now + 1), latencies: this.latencies.base(side, now + 1) };
  }

  /** What routers count by segment. */
  segments(now: () => number): SimulatedCells {
    return new SimulatedCells({ metrics: this.metrics, traffic: this.traffic, versions: this.sides, now, seed: this.seed });
  }

  /** What routers count by cell of callers. */
  cells(now: () => number): SimulatedCallers {
    return new SimulatedCallers({
      metrics: this.metrics,
      production: () => this.versions.production,
      callers: this.callers,
      errorRate: this.scenario.production.errorRate,
      slow: this.slowOfCaller(),
      scope: this.rollout.alias,
      now,
      seed: this.seed,
    });
  }

  /**
   * What labels that have come say of a version's answers, or of a shadow's beside production's; whether they are right does not hang
   * together. Of ratings, each is the worst or the best: of all that have this mean these vary most.
   */
  labelled(
    { side, shadow, metric }: { readonly side: Side; readonly shadow?: string; readonly metric: string },
    periodMs: number,
    index: number,
    now: number,
  ): number | undefined {
    const { metrics, shadows, periodMs: shortest, origin, scenario } = this;
    const behaviour = (version: Side, period: number): Behaviour => this.behaviour(version, origin + (period + 1) * shortest);
    const accuracy = (version: Side, period: number): number => behaviour(version, period).accuracy;
    const told = this.labels.at(
      shadow ?? side,
      {
        recorded: this.recorded,
        factor: shadow === undefined && side === 'candidate' ? scenario.labels.candidateFactor : 1,
        of: (period) => {
          if (shadow === undefined) {
            const chance = this.ratings === undefined ? 1 - accuracy(side, period) : behaviour(side, period).rating;
            return { inferences: metrics.answersIn(side, period), chances: [chance] };
          }
          const [candidate, production] = [accuracy('candidate', period), accuracy('production', period)];
          return { inferences: shadows.answersIn(shadow, period), chances: [(1 - candidate) * production, candidate * (1 - production)] };
        },
      },
      periodMs,
      index,
      now - scenario.metricDelaySeconds * 1_000,
    );
    switch (metric) {
      case FeedbackMetric.OUTCOMES:
      case ShadowMetric.LABELLED_PAIRS:
        return told?.known;
      case ShadowMetric.ONLY_PRODUCTION_WRONG:
        return told?.parts[1];
      case FeedbackMetric.RATINGS:
        return told && this.ratings && ratingsOf(told, this.ratings);
      default:
        return told?.parts[0];
    }
  }

  /** Callers stick to versions by the share that there is. */
  private assignCallers(from: number, share: number): void {
    const split = this.callers?.at(share, this.versions);
    if (split !== undefined && this.splits.at(-1)?.split !== split) {
      this.splits.push({ from, split });
    }
  }

  private callersAt(at: number): Split | undefined {
    return this.splits.findLast(({ from }) => from < at)?.split;
  }

  /** A version as it is in a period that ends then. */
  private behaviour(side: Side, end: number): Behaviour {
    const { production, candidate } = this.scenario;
    return side === 'candidate' && end > this.startedAt + candidate.onsetMinute * MINUTE_MS ? candidate : production;
  }

  /** The candidate as a shadow: what production fails it fails too, and of what production answers it fails what makes it worse. */
  private unlikeness(end: number): Unlikeness {
    const { production } = this.scenario;
    const { errorRate, agreement, losses = EVEN } = this.behaviour('candidate', end);
    return {
      errors: Math.max(0, errorRate - production.errorRate), differences: 1 - agreement, noise: 1 - production.agreement,
      ...(this.judges ? { losses } : {}),
    };
  }

  /** What a caller has of slow requests, by the thresholds that the last rollout has left. */
  private slowOfCaller(): (factor: number) => readonly number[] {
    const { production, callers } = this.scenario;
    const { measures } = measuresBefore(this.rollout, this.scenario);
    const thresholds = (measures?.slowerThanMs ?? []).map((ms, index) => {
      const usual = new LatencyDistribution(timeOf(production, timingOf(measures!, index))).within(callers?.latencySpread ?? 0);
      return { ms, usual };
    });
    return (factor) => thresholds.map(({ ms, usual }) => usual.times(factor).slowerThan(ms));
  }
}

/** Sum of ratings of which so many are the best. */
function ratingsOf(
  { known, parts: [best] }: { readonly known: number; readonly parts: readonly number[] }, { lowest, highest }: RatingRule,
): number {
  return lowest * known + (highest - lowest) * best;
}

/** Periods that a rehearsal counts requests by, milliseconds: as fine as the finest that anything looks at. */
export function periodMsOf({ plan, alarms }: FoundRollout): number {
  return 1_000 * Math.min(60, plan.metrics.periodSeconds, ...alarms.map(({ periodSeconds }) => periodSeconds));
}

/** Callers who stick to a version, where the route keeps them with one. */
function callersOf({ alias, properties }: FoundRollout, { callers }: Scenario, seed: number): Callers | undefined {
  return callers !== undefined && callersStick(JSON.parse(properties.Route) as DeclaredRoute)
    ? new Callers(callers, alias, seed)
    : undefined;
}

function timeLimitsOf({ plan, timeoutMs = Infinity }: FoundRollout): TimeLimits {
  return { timeoutMs, candidateMs: Math.min(timeoutMs, plan.candidateTimeBudgetMs ?? defaultTimeBudgetMs(timeoutMs)) };
}
