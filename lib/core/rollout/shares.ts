import { ROUTE_MAX_AGE_MS } from '../timing';
import { percentOf } from './stages';
import type { RolloutPlan } from './plan';
import type { RolloutState, ShareSpan } from './state';

/** A lease that runs out again and again must not make the state larger than the table takes. */
const MOST_SPANS = 200;

/** The spans once another stage has begun. */
export function beginStage(spans: readonly ShareSpan[], stage: number, from: number, until: number): ShareSpan[] {
  return spans.some((span) => span.stage === stage) ? [...spans] : [...spans, { stage, from, until }];
}

/**
 * The spans with what the route's lease tells: it was renewed `leaseMs` before it ends. A renewal after the former lease had run out
 * begins another span, because routers were back on production in between.
 */
export function extendLease(spans: readonly ShareSpan[], leaseUntil: number | undefined, leaseMs: number): ShareSpan[] {
  const last = spans.at(-1);
  if (last === undefined || leaseUntil === undefined || leaseUntil <= last.until) {
    return [...spans];
  }
  const renewed = leaseUntil - leaseMs;
  return renewed <= last.until
    ? [...spans.slice(0, -1), { ...last, until: leaseUntil }]
    : bounded([...spans, { stage: last.stage, from: renewed, until: leaseUntil }]);
}

/** The first stays: it says when the rollout's periods began. What is dropped only says nothing about the split any more. */
function bounded(spans: ShareSpan[]): ShareSpan[] {
  return spans.length <= MOST_SPANS ? spans : [spans[0], ...spans.slice(1 - MOST_SPANS)];
}

/**
 * Seconds for which the candidate has had its share of the stage and was settled: time without the share bakes nothing, whatever ended it,
 * nor does the first time after each change of it.
 */
export function bakedSeconds(
  { stage, stageStartedAt, shares = [] }: Pick<RolloutState, 'stage' | 'stageStartedAt' | 'shares'>,
  { settlingSeconds = 0 }: Pick<RolloutPlan, 'settlingSeconds'>,
  now: number,
): number {
  const own = shares.filter((span) => span.stage === stage);
  const spans = own.length > 0 ? own : [{ from: stageStartedAt, until: Infinity }];
  return spans.reduce((sum, { from, until }) => sum + Math.max(0, (Math.min(until, now) - from) / 1_000 - settlingSeconds), 0);
}

/**
 * Whether a period has nothing of the time after a change of the share in which environments start and caches fill: a fresh share is not
 * the model.
 */
export function isSettled(
  spans: readonly ShareSpan[],
  { settlingSeconds = 0 }: Pick<RolloutPlan, 'settlingSeconds'>,
  start: number,
  end: number,
): boolean {
  return settlingSeconds === 0 || spans.every(({ from }) => end <= from || start >= from + ROUTE_MAX_AGE_MS + settlingSeconds * 1_000);
}

/**
 * To which stage a period belongs, and the candidate's share in it, 0 to 1. Routers learn of a share within the age of their cache: a
 * period in which it changed belongs to the stage before, and has no share.
 */
export function stageOf(
  spans: readonly ShareSpan[],
  plan: Pick<RolloutPlan, 'stages'>,
  start: number,
  end: number,
): { readonly step: number; readonly share?: number } {
  const index = spans.findLastIndex(({ from }) => from + ROUTE_MAX_AGE_MS <= start);
  const span = spans[index];
  const whole = span !== undefined && end <= span.until && end <= (spans[index + 1]?.from ?? Infinity);
  return { step: span?.stage ?? spans[0]?.stage ?? 0, ...(whole ? { share: percentOf(plan, span.stage) / 100 } : {}) };
}
