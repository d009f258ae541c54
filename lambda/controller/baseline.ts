import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { boundedSums, largestDeviation, type OutcomeBounds } from '../../lib/core/judge/bounded-means';
import {
  estimateOverdispersion, estimateWander, type HistoryPeriod, isBursty, isCalm, isSteady,
} from '../../lib/core/judge/overdispersion';
import { type EvidenceGuardrailPlan, evidenceGuardrails, kindOf } from '../../lib/core/guardrails/kinds';
import { FREQUENT, type OutcomeNoise } from '../../lib/core/guardrails/learnt';
import { percentile } from '../../lib/core/guardrails/quantiles';
import { routerMetric, type SeriesSource } from '../../lib/core/guardrails/sources';
import {
  type Baseline,
  type BaselineNote,
  type CallersBaseline,
  boundingQuantiles,
  knownOf,
  type NeededQuantiles,
  quantileGuardrails,
  slowQuantiles,
} from '../../lib/core/rollout/baseline';
import { judgePlanOf } from '../../lib/core/rollout/judge-rollout';
import { routeAt } from '../../lib/core/rollout/route-weights';
import type { RolloutState } from '../../lib/core/rollout/state';
import { parseDeclaredRoute } from '../../lib/core/routing/parse';
import { callersOf, keptThresholds, readCallers } from './caller-counts';
import type { Observatory } from './observatory';
import { readSeries, valuesOf } from '../shared/series';

const DAY_SECONDS = 86_400;
const MINUTE_SECONDS = 60;
const MINUTE_MS = 60_000;

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
  const byQuantiles = quantileGuardrails(state.plan);
  const day = await readCallers(cells, state, now);
  const kept = keptThresholds(day, state, byQuantiles);
  const needed = [...(kept === undefined ? slowQuantiles(byQuantiles) : []), ...boundingQuantiles(state.plan)];
  const { thresholds: read, notes } = await quantilesOf(client, state, needed, now);
  const thresholds = { ...kept, ...read };
  const varied = await variation(client, state, thresholds, now);
  const callers = day && callersOf(day, state, thresholds, kept !== undefined);
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
async function quantilesOf(
  client: Pick<CloudWatchClient, 'send'>, state: RolloutState, needed: readonly NeededQuantiles[], now: number,
): Promise<Pick<Baseline, 'thresholds' | 'notes'>> {
  if (needed.length === 0) {
    return { thresholds: {}, notes: [] };
  }
  // A quantile needs no closed period, and a young endpoint has only its last minute.
  const until = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
  const sources = needed.map(({ metric, quantiles }) => {
    const of = (statistic: string): SeriesSource => ({ ...routerMetric(state.alias, state.production.version, metric), statistic });
    return { samples: of('SampleCount'), quantiles: quantiles.map((quantile) => of(percentile(quantile))) };
  });
  const series = await readSeries(client, sources.flatMap(({ samples, quantiles }) => [samples, ...quantiles]), {
    start: until - DAY_SECONDS * 1_000, until, periodSeconds: DAY_SECONDS,
  });
  const known = needed.map(({ guardrail, values: of }, index) => {
    const { samples, quantiles } = sources[index];
    // CloudWatch may cut the time at midnight; quantiles cannot be added up, so the part with the most requests speaks.
    const [[at] = []] = [...valuesOf(series, samples)].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
    return { guardrail, of, values: quantiles.map((quantile) => valuesOf(series, quantile).get(at ?? NaN)) };
  });
  const usable = (values: readonly (number | undefined)[]): values is readonly number[] =>
    values.every((value) => value !== undefined && Number.isFinite(value) && value >= 0);
  const thresholds = new Map<string, readonly number[]>();
  const lacking = new Map<string, string>();
  for (const { guardrail, of, values } of known) {
    if (usable(values)) {
      thresholds.set(guardrail, [...(thresholds.get(guardrail) ?? []), ...values]);
    } else {
      lacking.set(guardrail, of);
    }
  }
  return {
    thresholds: Object.fromEntries([...thresholds].filter(([guardrail]) => !lacking.has(guardrail))),
    notes: [...lacking].map(([guardrail, of]) => ({
      guardrail,
      text: `guardrail ${guardrail} is left out: production has no ${of} of the last day to compare with`,
    })),
  };
}

async function variation(
  client: Pick<CloudWatchClient, 'send'>,
  state: RolloutState,
  thresholds: Baseline['thresholds'],
  now: number,
): Promise<Omit<Baseline, 'thresholds'>> {
  const until = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const guardrails = evidenceGuardrails(state.plan);
  const production = { alias: state.alias, production: state.production.version };
  const sources = knownOf({ plan: state.plan, baseline: { thresholds } }).flatMap(({ guardrail, learnt }) =>
    kindOf(guardrail).history(guardrail, production, learnt).map((source) => ({ guardrail: guardrail.name, ...source })),
  );
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
      // What is divided by its dispersion in all needs no division by what of it wanders, and is as careful with bursts.
      const wander = thinned.has(guardrail) ? estimateWander(history) : undefined;
      (noise[guardrail] ??= []).push({
        ...(wander === undefined ? {} : { wander }),
        ...(isCalm(history) ? { calm: true } : {}),
        ...(isSteady(history) ? { steady: true } : {}),
        ...(thinned.has(guardrail) && isBursty(history) ? { bursty: true } : {}),
      });
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
    frequent: guardrails
      .filter((guardrail) => frequent.has(guardrail.name) && kindOf(guardrail).hasExactForm(guardrail))
      .map(({ name }) => name),
  };
}

/** What nothing is known of is left out. */
function known(noise: { readonly [guardrail: string]: readonly OutcomeNoise[] }): Pick<Baseline, 'noise'> {
  const entries = Object.entries(noise).filter(([, outcomes]) => outcomes.some((outcome) => Object.keys(outcome).length > 0));
  return entries.length === 0 ? {} : { noise: Object.fromEntries(entries) };
}

/** Whether each of a guardrail's outcomes is assigned to a version by itself. */
function isThinned(guardrail: EvidenceGuardrailPlan, { promoted }: RolloutState): boolean {
  return promoted.assignment.source === 'inference-id' && kindOf(guardrail).countsAssigned;
}

/** Bad outcomes; of values within bounds how far they are above the lowest, as shares of the way to the highest. */
function badOf(count: number, read: number | undefined, bounds: OutcomeBounds | undefined): number {
  return bounds === undefined ? Math.min(count, read ?? 0) : boundedSums(count, read ?? NaN, bounds).cappedSum;
}
