import { ANY_SHARE } from '../judge/caller-traffic';
import { checkPlan } from '../judge/check-plan';
import type { ClipPlan } from '../judge/clip';
import type { Judgement } from '../judge/judgement';
import { KeptJudge } from '../judge/kept-judge';
import type { Measurement, OutcomeCounts, Period } from '../judge/period';
import { DEFAULTS, type GuardrailPlan as JudgedGuardrail, type JudgePlan } from '../judge/plan';
import type { ErrorsPlan } from '../guardrails/errors';
import { kindOf, labelDelayOf } from '../guardrails/kinds';
import { type MetricSource, sourceKey, type SideSources } from '../guardrails/sources';
import { withLater } from '../later';
import { ROUTE_MAX_AGE_MS } from '../timing';
import { type Baseline, type KnownGuardrail, knownOf } from './baseline';
import { controlRollout, partOf } from './control-arm';
import type { RolloutPlan } from './plan';
import { closedTime, coarserPeriods, endOf, finestSeconds, type JudgedTime, startOf } from './resolution';
import { isSettled, stageOf } from './shares';
import { type CellReadings, countedTime, isSegmented, segmentsName, SegmentsReading } from './segments';
import { guardrailSources, type GuardrailSources, requestSources } from './sources';
import type { RolloutState } from './state';
import { bakeTotal, cohortIn } from './stages';

/** Values of metrics by the start of their period, epoch milliseconds; NaN where two different values were read for one period. */
export type Series = ReadonlyMap<number, number>;

/** By {@link sourceKey}. */
export type SeriesByKey = ReadonlyMap<string, Series>;

type Rollout = Pick<RolloutState, 'alias' | 'plan' | 'production' | 'candidate' | 'control' | 'baseline' | 'shares' | 'stage'> &
  Partial<Pick<RolloutState, 'promoted'>>;

/** What is wrong is kept with every decision: all of it would be more than the table takes. The engine tells the most important first. */
const MOST_TOLD = 20;
/**
 * Of a minute. Less, and what is worse from the start is found later; more, and what ails an instance for minutes ends rollouts: `npm run
 * simulate:acceptance` prints both.
 */
export const CLIP: ClipPlan = { perPeriod: 1, saved: 1.5, atOnce: 6.5 };
/** Part of the chance of rolling a healthy candidate back that goes to what history says of callers. */
export const CALLERS_PART = 0.1;
const OBSERVED_ERRORS = 'requests';
/** Less than this without data is no silence. */
const SILENT_METRIC_SECONDS = 180;
/** Nor is less than this without the counts of a quiet router. */
const LATE_COUNTS = { delaySeconds: 60, silenceSeconds: 600 };
/** A comparison that is also made by segments has half of its part of the promise for all requests together. */
export const SEGMENTS_SHARE = 0.5;

/** The periods to read for a judgement at `now`, epoch milliseconds. Undefined before the candidate has had a share. */
export function judgedTime({ plan, shares }: Pick<Rollout, 'plan' | 'shares'>, now: number): JudgedTime | undefined {
  const first = shares?.find(({ stage }) => cohortIn(plan, stage) === undefined);
  if (first === undefined) {
    return undefined;
  }
  const start = startOf(plan, first.from + ROUTE_MAX_AGE_MS);
  return closedTime(plan, start, now - plan.metrics.delaySeconds * 1_000);
}

/** What the engine is to judge. Throws InvalidPlanError. */
export function judgePlanOf(state: Pick<Rollout, 'plan' | 'baseline'>, start: number): JudgePlan {
  const { plan, baseline } = state;
  const periodSeconds = finestSeconds(plan);
  const independent = saidToBeIndependent(plan);
  const known = knownOf(state).map((each) => (independent ? { ...each, learnt: { ...each.learnt, noise: [] } } : each));
  const judged = known.flatMap((one) => judgedGuardrail(one, plan).map((each) => byCallers(each, one, baseline)));
  const namedFor = new Map(plan.guardrails.filter(isSegmented).map((guardrail) => [segmentsName(guardrail), guardrail.name]));
  const onlyObserved = observesOnly(judged);
  const judgement = plan.judgement;
  const overdispersion = judgement?.overdispersion;
  const judgePlan: JudgePlan = {
    start,
    periodMs: periodSeconds * 1_000,
    plannedPeriods: Math.max(1, Math.ceil(bakeTotal(plan) / periodSeconds)),
    longestPeriods: Math.max(1, Math.ceil(plan.deadlineSeconds / periodSeconds)),
    coarser: coarserPeriods(plan, start),
    ...(independent ? {} : { clip: { ...CLIP, perPeriod: (CLIP.perPeriod * periodSeconds) / 60 } }),
    // The bake time and the number of requests are the plan's own conditions; certification is true whenever it is reached.
    minimumPeriods: 1,
    silentPeriods: Math.max(DEFAULTS.silentPeriods, Math.ceil(SILENT_METRIC_SECONDS / periodSeconds)),
    ...(judgement === undefined ? {} : { alpha: judgement.alpha * (baseline?.callers === undefined ? 1 : 1 - CALLERS_PART) }),
    // The judge needs a tolerance; one without bounds leaves the split unchecked.
    sampleRatio:
      judgement?.sampleRatio === undefined
        ? { tolerance: 1e9, alpha: 1e-9, overdispersion: 1 }
        : {
            ...judgement.sampleRatio,
            overdispersion: overdispersion ?? Math.max(1, ...(baseline?.callers?.traffic ?? []).map((each) => each.overdispersion)),
          },
    guardrails: (judged.length === 0 ? [ERRORS_ONLY] : judged).map((guardrail) => ({
      ...guardrail,
      overdispersion: overdispersion ?? baseline?.overdispersion[namedFor.get(guardrail.name) ?? guardrail.name] ?? 1,
      // The engine refuses plans that protect nobody; see judgeRollout.
      ...(onlyObserved ? { action: 'hold' as const } : {}),
    })),
  };
  checkPlan(judgePlan);
  return judgePlan;
}

/** Somebody has said that each request fails by itself: then a minute may say all that its counts say, and nothing is learnt of bursts. */
function saidToBeIndependent({ judgement }: RolloutPlan): boolean {
  return judgement?.overdispersion === 1;
}

/**
 * A guardrail whose callers are counted is judged by them; where they are not known yet, nobody can say whose fault a difference is, and it
 * holds.
 */
function byCallers(guardrail: JudgedGuardrail, known: KnownGuardrail, baseline: Baseline | undefined): JudgedGuardrail {
  if (guardrail.kind !== 'counts' || baseline?.callers?.bias[guardrail.name] === undefined) {
    return guardrail;
  }
  const action = guardrail.action === 'rollback' && baseline.callers.assumed.includes(guardrail.name) ? 'hold' : guardrail.action;
  // What all callers fail together comes on top of what each does, and odds know no sums.
  const cells = kindOf(known.guardrail).cells(known.guardrail, known.learnt, known.place);
  const outcomes = guardrail.outcomes.map((outcome, index) => ({ ...outcome, form: cells[index].form }));
  return { ...guardrail, action, outcomes, byCallers: true };
}

/** Where only the split is checked, failures are shown beside it. */
const ERRORS_ONLY: JudgedGuardrail = { kind: 'counts', name: OBSERVED_ERRORS, action: 'observe', outcomes: [{ label: 'errors' }] };

function observesOnly(guardrails: readonly JudgedGuardrail[]): boolean {
  return guardrails.every(({ action }) => action === 'observe');
}

function judgedGuardrail({ guardrail, learnt }: KnownGuardrail, plan: RolloutPlan): readonly JudgedGuardrail[] {
  const judged = kindOf(guardrail).judged(guardrail, { learnt, periodSeconds: finestSeconds(plan) });
  if (!isSegmented(guardrail)) {
    return judged;
  }
  const { by: { label, counter, sticky } } = guardrail;
  return judged.flatMap((each): JudgedGuardrail[] =>
    each.kind !== 'counts'
      ? [each]
      : [
          { ...each, share: SEGMENTS_SHARE },
          {
            kind: 'segments',
            name: segmentsName(guardrail),
            action: each.action,
            share: SEGMENTS_SHARE,
            label,
            segments: counter.cells,
            outcomes: each.outcomes,
            ...(counter.values === undefined ? {} : { values: counter.values }),
            ...(each.allowed === undefined ? {} : { allowed: each.allowed }),
            ...(sticky && { sticky }),
            ...lateCounts(finestSeconds(plan)),
          },
        ],
  );
}

/** Who judges the comparisons of a rollout, for whoever judges it many times over. */
export class KeptJudges {
  private readonly judges = new Map<string, KeptJudge>();

  /** The judge of a comparison, by the versions that are compared. */
  of({ candidate, production }: Pick<Rollout, 'candidate' | 'production'>): KeptJudge {
    const versions = `${candidate.version} ${production.version}`;
    const judge = this.judges.get(versions) ?? new KeptJudge();
    this.judges.set(versions, judge);
    return judge;
  }
}

/**
 * The verdict of the evidence on a rollout, from what was read of its metrics. Where all guardrails only observe, nothing but a broken
 * split or impossible counts stands against advancing. Throws InvalidPlanError for a plan that cannot be judged, never for data.
 *
 * @param judges those of the judgements before, which save time and change nothing
 */
export function judgeRollout(
  state: Rollout,
  series: SeriesByKey,
  time: JudgedTime,
  cells: CellReadings = new Map(),
  judges = new KeptJudges(),
): Judgement {
  const judgement = judgeComparison(state, series, time, { cells, judges });
  const control = controlRollout(state);
  const failing = control && judgeComparison(control, series, time, { cells: new Map(), judges });
  return failing?.verdict !== 'roll back'
    ? judgement
    : {
        ...judgement,
        verdict: 'invalid',
        sentence: `invalid: the control fails more than production, of which it is a copy (${failing.sentence})`,
      };
}

function judgeComparison(
  state: Rollout,
  series: SeriesByKey,
  time: JudgedTime,
  { cells, judges }: { readonly cells: CellReadings; readonly judges: KeptJudges },
): Judgement {
  const plan = judgePlanOf(state, time.start);
  const periods = periodsOf(state, series, time, cells);
  const judgement = brief(judges.of(state).judgement(plan, periods, { step: state.stage, closedUntil: time.until }));
  if (!observesOnly(knownOf(state).flatMap((known) => judgedGuardrail(known, state.plan)))) {
    return judgement;
  }
  const guardrails = judgement.guardrails.map((guardrail) => withLater(guardrail, { action: () => 'observe' as const }));
  const observed = withLater(judgement, { guardrails: () => guardrails });
  return judgement.verdict === 'invalid'
    ? observed
    : withLater(observed, {
        verdict: () => 'advance-permitted' as const,
        sentence: () => `observed: ${guardrails.map(({ phrase }) => phrase).join('; ')}`,
        reasons: () => [],
      });
}

/** What an idle router has counted it writes with its next request. */
function lateCounts(periodSeconds: number): Pick<JudgedGuardrail, 'delayPeriods' | 'silentPeriods'> {
  return {
    delayPeriods: Math.ceil(LATE_COUNTS.delaySeconds / periodSeconds),
    silentPeriods: Math.ceil(LATE_COUNTS.silenceSeconds / periodSeconds),
  };
}

function brief(judgement: Judgement): Judgement {
  const { reasons, problems } = judgement;
  return withLater(judgement, { reasons: () => reasons.slice(0, MOST_TOLD), problems: () => problems.slice(0, MOST_TOLD) });
}

/**
 * Closed periods from what was read. A period in which neither version has requests is left out: nothing was read, or nobody called.
 * Where only one has requests the other had none.
 */
export function periodsOf(state: Rollout, series: SeriesByKey, time: JudgedTime, cells: CellReadings = new Map()): Period[] {
  const guardrails = sourcesOf(state);
  const requests = requestSources(state);
  const of = (source: Parameters<typeof sourceKey>[0]): Series => series.get(sourceKey(source)) ?? new Map<number, number>();
  const [candidate, production] = [of(requests.candidate), of(requests.production)];
  const readings = guardrails.map(({ guardrail, learnt, writesZeros, answers, ...sides }) => ({
    guardrail,
    learnt,
    kind: kindOf(guardrail),
    labelDelay: labelDelayOf(guardrail),
    answers: answers && { candidate: answers.candidate.map(of), production: answers.production.map(of) },
    candidate: new SideReading(sides.candidate, writesZeros, of),
    production: new SideReading(sides.production, writesZeros, of),
  }));
  const starts = new Set<number>();
  for (const times of [candidate, production, ...readings.flatMap((reading) => [reading.candidate.total, reading.production.total])]) {
    for (const at of times.keys()) {
      if (at >= time.start && endOf(time, at) <= time.until) {
        starts.add(at);
      }
    }
  }
  const { plan, shares = [] } = state;
  const segments = plan.guardrails.filter(isSegmented).map((guardrail) => new SegmentsReading(state, guardrail, cells));
  const requestsIn = (requests: Series, from: number, until: number): number => {
    let sum = 0;
    for (let at = from; at < until; at = endOf(time, at)) {
      sum += requests.get(at) ?? 0;
    }
    return sum;
  };
  return [...starts].map((at): Period => {
    const end = endOf(time, at);
    const counts = { candidate: candidate.get(at), production: production.get(at) };
    const known = counts.candidate !== undefined || counts.production !== undefined;
    const measurements: { [guardrail: string]: Measurement } = {};
    const { step, share } = stageOf(shares, plan, at, end);
    for (const reading of isSettled(shares, plan, at, end) ? readings : []) {
      const { guardrail, learnt, kind, labelDelay } = reading;
      if (end > time.until - (labelDelay ?? 0) * 60_000) {
        continue;
      }
      // Not every answer gets a label: where only one version has some, the other has none.
      const labelled = labelDelay !== undefined && (reading.candidate.total.has(at) || reading.production.total.has(at));
      const seen = reading.candidate.at(at, labelled || (known && counts.candidate === undefined));
      const base = reading.production.at(at, labelled || (known && counts.production === undefined) || kind.sparse);
      if (seen !== undefined && base !== undefined) {
        const biases = state.baseline?.callers?.bias[guardrail.name];
        // While routers learn of a share nobody knows whose callers are counted.
        if (biases === undefined || share !== undefined) {
          const measurement = withAnswers(kind.measured(guardrail, seen, base, learnt), reading.answers, at);
          measurements[guardrail.name] = { ...measurement, ...(biases === undefined ? {} : { bias: biases[step] }) };
        }
      }
    }
    const counted = segments.length === 0 ? undefined : countedTime(at, end);
    if (counted !== undefined && counted.from >= time.start && known && isSettled(shares, plan, counted.from, end)) {
      const requestsThen = { candidate: requestsIn(candidate, counted.from, end), production: requestsIn(production, counted.from, end) };
      for (const reading of segments) {
        const measurement = reading.between(
          counted.from,
          end,
          requestsThen,
          Math.round((end - counted.from) / (finestSeconds(plan) * 1_000)),
        );
        if (measurement !== undefined) {
          measurements[segmentsName(reading.guardrail)] = measurement;
        }
      }
    }
    return {
      start: at,
      step,
      ...(share === undefined ? {} : { share: partOf(share, state) }),
      ...(state.baseline?.callers === undefined ? {} : { expected: state.baseline.callers.traffic?.[step]?.share ?? ANY_SHARE }),
      ...(known ? { requests: { candidate: counts.candidate ?? 0, production: counts.production ?? 0 } } : {}),
      measurements,
    };
  });
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

/** Everything that has to be read for a judgement. */
export function metricsOf(state: Rollout): MetricSource[] {
  return [state, ...[controlRollout(state)].filter((control) => control !== undefined)].flatMap((rollout) => [
    ...Object.values(requestSources(rollout)), ...sourcesOf(rollout).flatMap(({ candidate, production, answers }) => [
      candidate.total, ...candidate.parts, production.total, ...production.parts, ...answers?.candidate ?? [], ...answers?.production ?? [],
    ]),
  ]);
}

export function sourcesOf(state: Rollout): readonly GuardrailSources[] {
  const guardrails = guardrailSources(state);
  if (guardrails.length > 0) {
    return guardrails;
  }
  const observed: ErrorsPlan = { kind: 'errors', name: OBSERVED_ERRORS, action: 'observe' };
  return guardrailSources({ ...state, plan: { ...state.plan, guardrails: [observed] } });
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
    this.sparse = this.parts.map((part) => !writesZeros && [...part.values()].every((value) => value !== 0));
    this.zeros = this.parts.map(() => 0);
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
