import { checkPlan } from '../judge/check-plan';
import type { ClipPlan } from '../judge/clip';
import type { Judgement } from '../judge/judgement';
import { KeptJudge } from '../judge/kept-judge';
import { DEFAULTS, type GuardrailPlan as JudgedGuardrail, type JudgePlan, UNCHECKED_SPLIT } from '../judge/plan';
import { kindOf } from '../guardrails/kinds';
import { withLater } from '../later';
import { ROUTE_MAX_AGE_MS } from '../timing';
import { type Baseline, type KnownGuardrail, knownOf } from './baseline';
import { controlRollout } from './control-arm';
import { type ComparedRollout, KeptPeriods, PeriodsReading } from './periods';
import type { RolloutPlan } from './plan';
import { closedTime, coarserPeriods, finestSeconds, type JudgedTime, startOf } from './resolution';
import { type CellReadings, isSegmented, segmentsName } from './segments';
import type { SeriesByKey } from './series';
import { OBSERVED_ERRORS } from './sources';
import { bakeTotal, cohortIn } from './stages';

/** What is wrong is kept with every decision: all of it would be more than the table takes. The engine tells the most important first. */
const MOST_TOLD = 20;
/**
 * Of a minute. Less, and what is worse from the start is found later; more, and what ails an instance for minutes ends rollouts: `npm run
 * simulate:acceptance` prints both.
 */
export const CLIP: ClipPlan = { perPeriod: 1, saved: 1.5, atOnce: 6.5 };
/** Part of the chance of rolling a healthy candidate back that goes to what history says of callers. */
export const CALLERS_PART = 0.1;
/** Less than this without data is no silence. */
const SILENT_METRIC_SECONDS = 180;
/** Nor is less than this without the counts of a quiet router. */
const LATE_COUNTS = { delaySeconds: 60, silenceSeconds: 600 };
/** A comparison that is also made by segments has half of its part of the promise for all requests together. */
export const SEGMENTS_SHARE = 0.5;

/** The periods to read for a judgement at `now`, epoch milliseconds. Undefined before the candidate has had a share. */
export function judgedTime({ plan, shares }: Pick<ComparedRollout, 'plan' | 'shares'>, now: number): JudgedTime | undefined {
  const first = shares?.find(({ stage }) => cohortIn(plan, stage) === undefined);
  if (first === undefined) {
    return undefined;
  }
  const start = startOf(plan, first.from + ROUTE_MAX_AGE_MS);
  return closedTime(plan, start, now - plan.metrics.delaySeconds * 1_000);
}

/** What the engine is to judge. Throws InvalidPlanError. */
export function judgePlanOf(state: Pick<ComparedRollout, 'plan' | 'baseline'>, start: number): JudgePlan {
  return judgedPlanOf(state, start).plan;
}

/** The engine's plan, and whether all guardrails of the rollout's only observe. */
interface JudgedPlan {
  readonly plan: JudgePlan;
  readonly onlyObserved: boolean;
}

function judgedPlanOf(state: Pick<ComparedRollout, 'plan' | 'baseline'>, start: number): JudgedPlan {
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
    sampleRatio:
      judgement?.sampleRatio === undefined
        ? UNCHECKED_SPLIT
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
  return { plan: judgePlan, onlyObserved };
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
  private readonly comparisons = new Map<string, KeptComparison>();

  /** What is kept of a comparison, by the versions that are compared. */
  of({ candidate, production }: Pick<ComparedRollout, 'candidate' | 'production'>): KeptComparison {
    const versions = `${candidate.version} ${production.version}`;
    const kept = this.comparisons.get(versions) ?? new KeptComparison();
    this.comparisons.set(versions, kept);
    return kept;
  }
}

/** A comparison that is judged again and again, each time of all that was read: what is as it was is not made again. */
class KeptComparison {
  private readonly judge = new KeptJudge();
  private readonly periods = new KeptPeriods();
  private asked: (Pick<ComparedRollout, 'plan' | 'baseline'> & { readonly start: number; readonly judged: JudgedPlan }) | undefined;

  judgement(
    state: ComparedRollout, series: SeriesByKey, time: JudgedTime, cells: CellReadings,
  ): { readonly judgement: Judgement; readonly onlyObserved: boolean } {
    const { plan, onlyObserved } = this.judgedPlan(state, time.start);
    const periods = this.periods.of(new PeriodsReading(state, series, time, cells));
    return { judgement: this.judge.judgement(plan, periods, { step: state.stage, closedUntil: time.until }), onlyObserved };
  }

  /** Neither the plan nor what it is judged by changes while traffic is compared. */
  private judgedPlan({ plan, baseline }: ComparedRollout, start: number): JudgedPlan {
    if (this.asked?.plan !== plan || this.asked.baseline !== baseline || this.asked.start !== start) {
      this.asked = { plan, baseline, start, judged: judgedPlanOf({ plan, baseline }, start) };
    }
    return this.asked.judged;
  }
}

/**
 * The verdict of the evidence on a rollout, from what was read of its metrics. Where all guardrails only observe, nothing but a broken
 * split or impossible counts stands against advancing. Throws InvalidPlanError for a plan that cannot be judged, never for data.
 *
 * @param judges those of the judgements before, which save time and change nothing
 */
export function judgeRollout(
  state: ComparedRollout,
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
  state: ComparedRollout,
  series: SeriesByKey,
  time: JudgedTime,
  { cells, judges }: { readonly cells: CellReadings; readonly judges: KeptJudges },
): Judgement {
  const compared = judges.of(state).judgement(state, series, time, cells);
  const judgement = brief(compared.judgement);
  if (!compared.onlyObserved) {
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
