import { ANY_SHARE } from '../judge/caller-traffic';
import type { Measurement, OutcomeCounts, Period } from '../judge/period';
import { kindOf, labelDelayOf } from '../guardrails/kinds';
import { type MetricSource, sourceKey, type SideSources } from '../guardrails/sources';
import { partOf } from './control-arm';
import { endOf, finestSeconds, type JudgedTime } from './resolution';
import { type CellReadings, countedTime, isSegmented, segmentsName, SegmentsReading } from './segments';
import { type Series, seriesAt, type SeriesByKey } from './series';
import { isSettled, stageOf } from './shares';
import { type GuardrailSources, requestSources, sourcesOf } from './sources';
import type { RolloutState } from './state';

/** What periods are of. */
export type ComparedRollout =
  & Pick<RolloutState, 'alias' | 'plan' | 'production' | 'candidate' | 'control' | 'baseline' | 'shares' | 'stage'>
  & Partial<Pick<RolloutState, 'promoted'>>;

/**
 * Closed periods from what was read. A period in which neither version has requests is left out: nothing was read, or nobody called.
 * Where only one has requests the other had none.
 */
export function periodsOf(state: ComparedRollout, series: SeriesByKey, time: JudgedTime, cells: CellReadings = new Map()): Period[] {
  return new KeptPeriods().of(new PeriodsReading(state, series, time, cells));
}

/**
 * Periods that are kept from one judgement of a comparison to the next: one of which everything is as it was is the same object, so that
 * only what is new is made and judged. Nothing depends on it but time.
 */
export class KeptPeriods {
  private last: PeriodsReading | undefined;
  private known = new Map<number, { readonly facts: readonly unknown[]; readonly period: Period }>();

  of(reading: PeriodsReading): Period[] {
    if (this.last?.isAlike(reading) !== true) {
      this.known.clear();
    }
    this.last = reading;
    return reading.starts().map((at) => {
      const facts = reading.factsOf(at);
      const known = this.known.get(at);
      if (known !== undefined && areSame(known.facts, facts)) {
        return known.period;
      }
      const period = reading.periodAt(at);
      this.known.set(at, { facts: [...facts], period });
      return period;
    });
  }
}

/** What was read for one judgement, as periods. */
export class PeriodsReading {
  private readonly candidate: Series;
  private readonly production: Series;
  private readonly guardrails: readonly GuardrailReading[];
  private readonly segments: readonly SegmentsReading[];
  /** Everything that is looked up of a period. */
  private readonly series: readonly Series[];
  private readonly facts: unknown[] = [];

  constructor(
    private readonly state: ComparedRollout,
    series: SeriesByKey,
    readonly time: JudgedTime,
    cells: CellReadings,
  ) {
    const found = new Map<string, Series>();
    const of = (source: MetricSource): Series => {
      const key = sourceKey(source);
      const column = seriesAt(series, key);
      found.set(key, column);
      return column;
    };
    const requests = requestSources(state);
    [this.candidate, this.production] = [of(requests.candidate), of(requests.production)];
    this.guardrails = sourcesOf(state).map((sources) => new GuardrailReading(sources, of));
    this.segments = state.plan.guardrails.filter(isSegmented).map((guardrail) => new SegmentsReading(state, guardrail, cells));
    this.series = [...found.values()];
  }

  /** Whether periods of which all facts are the same are the same. */
  isAlike({ state, guardrails, series }: PeriodsReading): boolean {
    return (['plan', 'baseline', 'control', 'promoted', 'alias', 'candidate', 'production'] as const)
      .every((part) => this.state[part] === state[part])
      && this.series.length === series.length
      && this.guardrails.every((guardrail, index) => guardrail.isAlike(guardrails[index]));
  }

  starts(): number[] {
    const starts = new Set<number>();
    for (const times of [this.candidate, this.production, ...this.guardrails.flatMap((of) => [of.candidate.total, of.production.total])]) {
      for (const at of times.keys()) {
        if (at >= this.time.start && endOf(this.time, at) <= this.time.until) {
          starts.add(at);
        }
      }
    }
    return [...starts];
  }

  /** What a period is made of, in an array that is used again for the next one. */
  factsOf(at: number): readonly unknown[] {
    const { state: { plan, shares = [] }, time, facts } = this;
    const end = endOf(time, at);
    const { step, share } = stageOf(shares, plan, at, end);
    facts.length = 0;
    facts.push(end, step, share, isSettled(shares, plan, at, end));
    for (const guardrail of this.guardrails) {
      facts.push(guardrail.isDue(end, time.until));
    }
    for (const series of this.series) {
      facts.push(series.get(at));
    }
    const counted = this.segments.length === 0 ? undefined : this.countedTime(at, end);
    if (counted !== undefined) {
      facts.push(isSettled(shares, plan, counted.from, end), counted.requests.candidate, counted.requests.production);
      for (const segments of this.segments) {
        facts.push(...segments.minutesIn(counted.from, end));
      }
    }
    return facts;
  }

  periodAt(at: number): Period {
    const { state, time, candidate, production } = this;
    const { plan, shares = [] } = state;
    const end = endOf(time, at);
    const counts = { candidate: candidate.get(at), production: production.get(at) };
    const known = counts.candidate !== undefined || counts.production !== undefined;
    const { step, share } = stageOf(shares, plan, at, end);
    return {
      start: at,
      step,
      ...(share === undefined ? {} : { share: partOf(share, state) }),
      ...(state.baseline?.callers === undefined ? {} : { expected: state.baseline.callers.traffic?.[step]?.share ?? ANY_SHARE }),
      ...(known ? { requests: { candidate: counts.candidate ?? 0, production: counts.production ?? 0 } } : {}),
      measurements: {
        ...(isSettled(shares, plan, at, end) ? this.measurementsAt(at, end, { ...counts, step, share }) : {}),
        ...(known ? this.segmentsAt(at, end) : {}),
      },
    };
  }

  private measurementsAt(at: number, end: number, { candidate, production, step, share }: Counted): Period['measurements'] {
    const known = candidate !== undefined || production !== undefined;
    const measurements: { [guardrail: string]: Measurement } = {};
    for (const reading of this.guardrails) {
      const { guardrail, learnt, kind } = reading.sources;
      if (!reading.isDue(end, this.time.until)) {
        continue;
      }
      // Not every answer gets a label: where only one version has some, the other has none.
      const labelled = reading.isLabelled && (reading.candidate.total.has(at) || reading.production.total.has(at));
      const seen = reading.candidate.at(at, labelled || (known && candidate === undefined));
      const base = reading.production.at(at, labelled || (known && production === undefined) || kind.sparse);
      const biases = this.state.baseline?.callers?.bias[guardrail.name];
      // While routers learn of a share nobody knows whose callers are counted.
      if (seen !== undefined && base !== undefined && (biases === undefined || share !== undefined)) {
        const measurement = withAnswers(kind.measured(guardrail, seen, base, learnt), reading.answers, at);
        measurements[guardrail.name] = { ...measurement, ...(biases === undefined ? {} : { bias: biases[step] }) };
      }
    }
    return measurements;
  }

  private segmentsAt(at: number, end: number): Period['measurements'] {
    const { plan, shares = [] } = this.state;
    const measurements: { [guardrail: string]: Measurement } = {};
    const counted = this.segments.length === 0 ? undefined : this.countedTime(at, end);
    if (counted === undefined || !isSettled(shares, plan, counted.from, end)) {
      return measurements;
    }
    const periods = Math.round((end - counted.from) / (finestSeconds(plan) * 1_000));
    for (const reading of this.segments) {
      const measurement = reading.between(counted.from, end, counted.requests, periods);
      if (measurement !== undefined) {
        measurements[segmentsName(reading.guardrail)] = measurement;
      }
    }
    return measurements;
  }

  /** The time of which counters tell with a period, and the requests in it. */
  private countedTime(
    at: number, end: number,
  ): { readonly from: number; readonly requests: { readonly candidate: number; readonly production: number } } | undefined {
    const counted = countedTime(at, end);
    return counted === undefined || counted.from < this.time.start
      ? undefined
      : {
          from: counted.from,
          requests: {
            candidate: this.requestsIn(this.candidate, counted.from, end), production: this.requestsIn(this.production, counted.from, end),
          },
        };
  }

  private requestsIn(requests: Series, from: number, until: number): number {
    let sum = 0;
    for (let at = from; at < until; at = endOf(this.time, at)) {
      sum += requests.get(at) ?? 0;
    }
    return sum;
  }
}

/** Requests of a period, and where it belongs. */
interface Counted {
  readonly candidate: number | undefined;
  readonly production: number | undefined;
  readonly step: number;
  readonly share: number | undefined;
}

/** Both versions' counts for a guardrail. */
class GuardrailReading {
  readonly sources: Pick<GuardrailSources, 'guardrail' | 'learnt'> & { readonly kind: ReturnType<typeof kindOf> };
  readonly candidate: SideReading;
  readonly production: SideReading;
  readonly answers: { readonly candidate: readonly Series[]; readonly production: readonly Series[] } | undefined;
  private readonly labelDelay: number | undefined;

  constructor({ guardrail, learnt, writesZeros, answers, candidate, production }: GuardrailSources, of: (source: MetricSource) => Series) {
    this.sources = { guardrail, learnt, kind: kindOf(guardrail) };
    this.labelDelay = labelDelayOf(guardrail);
    this.candidate = new SideReading(candidate, writesZeros, of);
    this.production = new SideReading(production, writesZeros, of);
    this.answers = answers && { candidate: answers.candidate.map(of), production: answers.production.map(of) };
  }

  get isLabelled(): boolean {
    return this.labelDelay !== undefined;
  }

  /** Whether what is told of a period that ends then has had its time. */
  isDue(end: number, until: number): boolean {
    return end <= until - (this.labelDelay ?? 0) * 60_000;
  }

  isAlike({ candidate, production }: GuardrailReading): boolean {
    return this.candidate.isAlike(candidate) && this.production.isAlike(production);
  }
}

function areSame(facts: readonly unknown[], others: readonly unknown[]): boolean {
  return facts.length === others.length && facts.every((fact, index) => Object.is(fact, others[index]));
}

/**
 * With the answers of both versions that could have got a label: what a version failed or refused predicts nothing. Left out where not all
 * of it was read.
 */
function withAnswers(
  measurement: Measurement,
  answers: { readonly candidate: readonly Series[]; readonly production: readonly Series[] } | undefined,
  at: number,
): Measurement {
  if ((measurement.kind !== 'counts' && measurement.kind !== 'mean') || answers === undefined) {
    return measurement;
  }
  const [candidate, production] = [answers.candidate, answers.production].map(
    ([requests, failures, refusals]) => (requests.get(at) ?? NaN) - (failures.get(at) ?? NaN) - (refusals.get(at) ?? NaN),
  );
  return candidate >= 0 && production >= 0 ? { ...measurement, answers: { candidate, production } } : measurement;
}

/** One version's counts for a guardrail. */
class SideReading {
  readonly total: Series;
  private readonly parts: readonly Series[];
  private readonly sparse: readonly boolean[];
  private readonly zeros: readonly number[];

  constructor(sources: SideSources, writesZeros: boolean, of: (source: SideSources['total']) => Series) {
    this.total = of(sources.total);
    this.parts = sources.parts.map(of);
    // A publisher that has ever written a zero writes them always, and a gap is a loss; others write nothing where nothing happened.
    this.sparse = this.parts.map((part) => !writesZeros && !hasZero(part));
    this.zeros = this.parts.map(() => 0);
  }

  /** Whether what is missing says the same. */
  isAlike({ sparse }: SideReading): boolean {
    return this.sparse.every((part, index) => part === sparse[index]);
  }

  /** Undefined where it was not read; zeros for a version without requests. */
  at(start: number, idle: boolean): OutcomeCounts | undefined {
    const total = this.total.get(start);
    if (total === undefined) {
      return idle ? { total: 0, bad: this.zeros } : undefined;
    }
    const bad = this.parts.map((part, index) => part.get(start) ?? (this.sparse[index] ? 0 : undefined));
    return bad.every((value) => value !== undefined) ? { total, bad: bad as number[] } : undefined;
  }
}

function hasZero(series: Series): boolean {
  for (const value of series.values()) {
    if (value === 0) {
      return true;
    }
  }
  return false;
}
