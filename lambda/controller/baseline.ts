import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { boundedSums, largestDeviation, type OutcomeBounds } from '../../lib/core/judge/bounded-means';
import { estimateOverdispersion, estimateWander, type HistoryPeriod, isCalm } from '../../lib/core/judge/overdispersion';
import { FeedbackMetric, Metric } from '../../lib/core/names';
import {
  type Baseline,
  type BaselineNote,
  type CallersBaseline,
  evidenceGuardrails,
  type OutcomeNoise,
} from '../../lib/core/rollout/baseline';
import { FREQUENT, judgePlanOf } from '../../lib/core/rollout/judging';
import type { EvidenceGuardrailPlan, LatencyPlan } from '../../lib/core/rollout/plan';
import { routeAt } from '../../lib/core/rollout/route-weights';
import { meanSources, routerMetric } from '../../lib/core/rollout/sources';
import type { RolloutState } from '../../lib/core/rollout/state';
import { parseDeclaredRoute } from '../../lib/core/routing/parse';
import { callersOf, keptThresholds, readCallers } from './caller-counts';
import type { Observatory } from './observatory';
import { readSeries, type SeriesSource, valuesOf } from './series';

const DAY_SECONDS = 86_400;
const MINUTE_SECONDS = 60;
const MINUTE_MS = 60_000;

/** Total and bad outcomes of production for each kind of bad outcome of a guardrail; for a mean number and sum of the values. */
interface HistorySource {
  readonly guardrail: string;
  readonly total: SeriesSource;
  readonly bad: SeriesSource;
  /** Of the values of a mean: how far they are above the lowest is then counted as shares of bad outcomes are. */
  readonly bounds?: OutcomeBounds;
}

/**
 * Learn from the last day of production what evidence is measured by: its own latency quantiles, and how much its counts vary. What there
 * is is used, however little; what there is nothing of is left out, and said. Rejects if CloudWatch cannot be read, or if routers or the
 * engine would not take what comes of it.
 */
export async function readBaseline(
  { cloudWatch: client, cells }: Pick<Observatory, 'cloudWatch' | 'cells'>,
  state: RolloutState,
  now: number,
): Promise<Baseline> {
  const guardrails = evidenceGuardrails(state.plan);
  const latencies = guardrails.filter((guardrail) => guardrail.kind === 'latency');
  const day = await readCallers(cells, state, now);
  const kept = keptThresholds(day, state, latencies);
  const { thresholds, notes } =
    kept === undefined ? await latencyThresholds(client, state, latencies, now) : { thresholds: kept, notes: [] };
  const varied = await variation(client, state, guardrails, thresholds, now);
  const callers = day && callersOf(day, state, guardrails, thresholds, kept !== undefined);
  const baseline = {
    thresholds,
    ...varied,
    ...(callers === undefined ? {} : { callers, countedSince: kept === undefined ? now : state.promoted.measures!.since! }),
    notes: [...notes, ...varied.notes, ...notesOf(callers)],
  };
  // What the routers would refuse must not be written, and what the engine refuses would never be judged.
  parseDeclaredRoute(JSON.stringify(routeAt(state.promoted, { ...state, baseline }, 0, now)));
  judgePlanOf({ plan: state.plan, baseline }, 0);
  return baseline;
}

function notesOf(callers: CallersBaseline | undefined): BaselineNote[] {
  return (callers?.assumed ?? []).map((name) => ({
    guardrail: name,
    text: `guardrail ${name} holds what it would roll back: what these callers did at production before is not known yet, which takes `
      + 'some hours, and of latencies a first rollout',
  }));
}

/** Any threshold compares both versions fairly; a quantile of production's own is one at which there is something to see. */
async function latencyThresholds(
  client: Pick<CloudWatchClient, 'send'>, state: RolloutState, guardrails: readonly LatencyPlan[], now: number,
): Promise<Pick<Baseline, 'thresholds' | 'notes'>> {
  if (guardrails.length === 0) {
    return { thresholds: {}, notes: [] };
  }
  // A quantile needs no closed period, and a young endpoint has only its last minute.
  const until = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
  const latency = (statistic: string): SeriesSource => ({
    ...routerMetric(state.alias, state.production.version, Metric.MODEL_LATENCY),
    statistic,
  });
  const quantile = (value: number): SeriesSource => latency(`p${Number((100 * value).toFixed(4))}`);
  const samples = latency('SampleCount');
  const series = await readSeries(client, [samples, ...guardrails.flatMap(({ quantiles }) => quantiles.map(quantile))], {
    start: until - DAY_SECONDS * 1_000, until, periodSeconds: DAY_SECONDS,
  });
  // CloudWatch may cut the time at midnight; quantiles cannot be added up, so the part with the most requests speaks.
  const [[at] = []] = [...valuesOf(series, samples)].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
  const known = guardrails.map(({ name, quantiles }) => ({
    name,
    values: quantiles.map((value) => valuesOf(series, quantile(value)).get(at ?? NaN)),
  }));
  const usable = (values: readonly (number | undefined)[]): values is readonly number[] =>
    values.every((value) => value !== undefined && Number.isFinite(value) && value >= 0);
  return {
    thresholds: Object.fromEntries(
      known.filter(({ values }) => usable(values)).map(({ name, values }) => [name, values as readonly number[]]),
    ),
    notes: known
      .filter(({ values }) => !usable(values))
      .map(({ name }) => ({
        guardrail: name,
        text: `guardrail ${name} is left out: production has no latencies of the last day to compare with`,
      })),
  };
}

async function variation(
  client: Pick<CloudWatchClient, 'send'>,
  state: RolloutState,
  guardrails: readonly EvidenceGuardrailPlan[],
  thresholds: Baseline['thresholds'],
  now: number,
): Promise<Omit<Baseline, 'thresholds'>> {
  const until = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const sources = guardrails.flatMap((guardrail) => historySources(state, guardrail, thresholds));
  const series = await readSeries(
    client,
    sources.flatMap(({ total, bad }) => [total, bad]),
    { start: until - DAY_SECONDS * 1_000, until, periodSeconds: MINUTE_SECONDS },
  );
  const overdispersion: { [guardrail: string]: number } = {};
  const thinned = new Set(guardrails.filter((guardrail) => isThinned(guardrail, state)).map(({ name }) => name));
  const noise: { [guardrail: string]: OutcomeNoise[] } = {};
  const deviations: { [guardrail: string]: number } = {};
  const notes: BaselineNote[] = [];
  const frequent = new Set<string>();
  for (const { guardrail, total, bad, bounds } of sources) {
    const bads = valuesOf(series, bad);
    const read = [...valuesOf(series, total)].sort(([a], [b]) => a - b).filter(([, count]) => count > 0);
    const history = read
      .map(([at, count]): HistoryPeriod => ({ total: count, bad: badOf(count, bads.get(at), bounds) }))
      .filter((period) => period.bad >= 0 && period.bad <= period.total);
    if (!thinned.has(guardrail)) {
      // A guardrail of several outcomes is as clustered as the most clustered of them.
      overdispersion[guardrail] = Math.max(overdispersion[guardrail] ?? 1, estimateOverdispersion(history) ?? 1);
    }
    if (bounds === undefined) {
      // What is divided by its dispersion in all needs no division by what of it wanders.
      const wander = thinned.has(guardrail) ? estimateWander(history) : undefined;
      (noise[guardrail] ??= []).push({ ...(wander === undefined ? {} : { wander }), ...(isCalm(history) ? { calm: true } : {}) });
    }
    const sum = (of: (period: HistoryPeriod) => number): number => history.reduce((all, period) => all + of(period), 0);
    if (bounds !== undefined) {
      const deviation = largestDeviation(sum((period) => period.bad) / sum((period) => period.total), bounds);
      if (deviation > 0) {
        deviations[guardrail] = deviation;
      }
      if (history.length < read.length) {
        notes.push({
          guardrail,
          text:
            `production's last day has ${read.length - history.length} minutes in which the mean of guardrail ${guardrail} is not `
              + `between ${bounds.lowest} and ${bounds.highest}; ` +
            'a rollout holds while that is so',
        });
      }
      continue;
    }
    if (sum((period) => period.bad) >= FREQUENT * sum((period) => period.total) && history.length > 0) {
      frequent.add(guardrail);
    }
  }
  return {
    overdispersion,
    ...known(noise),
    ...(Object.keys(deviations).length === 0 ? {} : { deviations }),
    notes,
    frequent: guardrails.filter((guardrail) => frequent.has(guardrail.name) && isRatio(guardrail)).map(({ name }) => name),
  };
}

/** What nothing is known of is left out. */
function known(noise: { readonly [guardrail: string]: readonly OutcomeNoise[] }): Pick<Baseline, 'noise'> {
  const entries = Object.entries(noise).filter(([, outcomes]) => outcomes.some((outcome) => Object.keys(outcome).length > 0));
  return entries.length === 0 ? {} : { noise: Object.fromEntries(entries) };
}

/**
 * Whether each request is assigned to a version by itself: then requests that fail together are split between both as if they were not
 * together (a cluster's part at one version is binomial, given the cluster), and no dispersion is left to divide evidence by. What fails
 * together because of the version is the clip's matter, not this one's. Counts of one's own may be of anything.
 */
function isThinned({ kind }: EvidenceGuardrailPlan, { promoted }: RolloutState): boolean {
  return promoted.assignment.source === 'inference-id' && (kind === 'errors' || kind === 'latency' || kind === 'feedback');
}

/** Bad outcomes; of values within bounds how far they are above the lowest, as shares of the way to the highest. */
function badOf(count: number, read: number | undefined, bounds: OutcomeBounds | undefined): number {
  return bounds === undefined ? Math.min(count, read ?? 0) : boundedSums(count, read ?? NaN, bounds).cappedSum;
}

function historySources(state: RolloutState, guardrail: EvidenceGuardrailPlan, thresholds: Baseline['thresholds']): HistorySource[] {
  const { name } = guardrail;
  const of = (metric: string, statistic = 'Sum'): SeriesSource => ({
    ...routerMetric(state.alias, state.production.version, metric),
    statistic,
  });
  switch (guardrail.kind) {
    case 'errors':
      return [{ guardrail: name, total: of(Metric.INVOCATIONS), bad: of(Metric.FAILURES) }];
    case 'latency':
      // The trimmed count is what the router will count from now on: requests above a threshold.
      return (thresholds[name] ?? []).map((threshold) => ({
        guardrail: name,
        total: of(Metric.MODEL_LATENCY, 'SampleCount'),
        bad: of(Metric.MODEL_LATENCY, `TC(${Number(threshold.toFixed(3))}:)`),
      }));
    case 'feedback':
      return [{ guardrail: name, total: of(FeedbackMetric.OUTCOMES), bad: of(FeedbackMetric.WRONG) }];
    case 'metric':
      return [{ guardrail: name, total: guardrail.production.total, bad: guardrail.production.bad }];
    case 'mean': {
      const { total, parts: [sum] } = meanSources(guardrail.production);
      return [{ guardrail: name, total, bad: sum, bounds: guardrail }];
    }
    case 'drift':
    case 'agreement':
    case 'shadow-accuracy':
      return [];
  }
}

/** The exact form compares odds: it has no place for a tolerance alone. */
function isRatio(guardrail: EvidenceGuardrailPlan): boolean {
  switch (guardrail.kind) {
    case 'errors':
    case 'feedback':
    case 'metric':
      return [guardrail.allowed, guardrail.margin].every((bound) => bound === undefined || bound.ratio > 0);
    default:
      return false;
  }
}
