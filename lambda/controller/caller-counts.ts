import { countsOf, type CounterReading } from '../../lib/core/counters/cells';
import type { CallerCounts } from '../../lib/core/judge/caller-bias';
import { kindOf } from '../../lib/core/guardrails/kinds';
import { type Baseline, type CallersBaseline, knownOf, type QuantileGuardrail } from '../../lib/core/rollout/baseline';
import { type CallerHistory, callersBaseline } from '../../lib/core/rollout/caller-history';
import { callersCounter } from '../../lib/core/rollout/callers';
import type { RolloutState } from '../../lib/core/rollout/state';
import { CALLER_CELLS } from '../../lib/core/routing/assign-by-cell';
import { timingOf } from '../../lib/core/routing/measures';
import type { CellCountsReader } from './cell-counts';

const DAY_MS = 86_400_000;
/** As long as callers are seen to vary for, and with enough requests in it to see that. */
const BLOCK_MS = 3_600_000;
/** Times the odds of what a quantile leaves beyond it: a threshold further from it says too little of whether requests are slower. */
const MOST_OFF = 3;

/** What routers counted of callers on production's last day. */
export interface CallersDay {
  readonly version: string;
  readonly readings: readonly CounterReading[];
}

/** Undefined where callers do not stick. Rejects if the counts cannot be read. */
export async function readCallers(
  cells: CellCountsReader,
  { alias, promoted, production: { version } }: RolloutState,
  now: number,
): Promise<CallersDay | undefined> {
  const counter = callersCounter(promoted);
  return counter && { version, readings: await cells.read(counter, alias, { start: now - DAY_MS, until: now }) };
}

/**
 * Thresholds of latency by which callers have been counted since the last rollout, by name of the guardrail, as long as they are not far
 * from the quantiles that are asked for: then what callers did before is known. Undefined if they are, or if nothing was counted by them.
 */
export function keptThresholds(
  day: CallersDay | undefined,
  { promoted: { measures } }: RolloutState,
  guardrails: readonly QuantileGuardrail[],
): Baseline['thresholds'] | undefined {
  const quantiles = guardrails.flatMap((guardrail) => guardrail.quantiles);
  if (day === undefined || measures?.since === undefined || measures.slowerThanMs.length !== quantiles.length) {
    return undefined;
  }
  const timings = guardrails.flatMap((guardrail) => guardrail.quantiles.map(() => guardrail.timing));
  if (timings.some((timing, index) => timing !== timingOf(measures, index))) {
    return undefined;
  }
  const near = quantiles.every((quantile, index) => {
    const { total, bad } = blocksOf(day, index + 1, measures.since!)
      .flat()
      .reduce((sum, each) => ({ total: sum.total + each.total, bad: sum.bad + each.bad }), { total: 0, bad: 0 });
    const off = bad / (total - bad) / ((1 - quantile) / quantile);
    return off >= 1 / MOST_OFF && off <= MOST_OFF;
  });
  const left = [...measures.slowerThanMs];
  return near ? Object.fromEntries(guardrails.map(({ name, quantiles: { length } }) => [name, left.splice(0, length)])) : undefined;
}

/**
 * What the candidate's callers bring along, for guardrails whose outcomes routers count by caller; latencies are known where their
 * thresholds are `kept`.
 */
export function callersOf(
  day: CallersDay,
  state: RolloutState,
  thresholds: Baseline['thresholds'],
  kept: boolean,
): CallersBaseline {
  const histories = new Map<string, readonly CallerHistory[]>();
  for (const { guardrail, learnt, place } of knownOf({ plan: state.plan, baseline: { thresholds } })) {
    const cells = kindOf(guardrail).cells(guardrail, learnt, place);
    if (cells.length > 0) {
      const since = state.promoted.measures?.since;
      histories.set(guardrail.name, cells.map(({ outcome, form, byThreshold }) => {
        if (!byThreshold) {
          return { form, blocks: blocksOf(day, outcome) };
        }
        return { form, blocks: kept ? blocksOf(day, outcome, since) : [] };
      }));
    }
  }
  const minutes = day.readings.map((reading) => ({
    block: Math.floor(reading.at / BLOCK_MS),
    requests: countsOf(reading, day.version, CALLER_CELLS).requests,
  }));
  return callersBaseline(state, histories, minutes, { form: 'rate', blocks: blocksOf(day, 0) });
}

/** Requests and bad outcomes of each cell, by hour. */
function blocksOf({ readings, version }: CallersDay, outcome: number, since = 0): readonly (readonly CallerCounts[])[] {
  const blocks = new Map<number, CallerCounts[]>();
  for (const reading of readings.filter(({ at }) => at >= since)) {
    const { requests, bad } = countsOf(reading, version, CALLER_CELLS, outcome + 1);
    const block = Math.floor(reading.at / BLOCK_MS);
    const known = blocks.get(block) ?? new Array<CallerCounts>(CALLER_CELLS).fill({ total: 0, bad: 0 });
    blocks.set(block, known.map((counts, cell) => ({ total: counts.total + requests[cell], bad: counts.bad + (bad[outcome][cell]) })));
  }
  return [...blocks.values()];
}
