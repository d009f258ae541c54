import type { CoarserPeriods } from '../judge/plan';
import type { RolloutPlan } from './plan';

/** Periods of one length that follow one another. Epoch milliseconds. */
export interface JudgedPart {
  readonly start: number;
  readonly until: number;
  readonly periodSeconds: number;
}

/** The closed periods since the candidate first had a share, to be read for a judgement. Epoch milliseconds. */
export interface JudgedTime {
  readonly start: number;
  readonly until: number;
  /** Length of the first and shortest of them. */
  readonly periodSeconds: number;
  /** Where they are longer, in order, each part up to the next. */
  readonly coarser?: readonly JudgedPart[];
}

type Plan = Pick<RolloutPlan, 'metrics' | 'deadlineSeconds'>;

const HOUR = 3_600;
const DAY = 24 * HOUR;

/**
 * Everything is recomputed from the start at every judgement, so that there must not be too much of it: minutes for a day, five for four
 * more, then quarters of an hour, and hours after two months. What begins late is found later by then, but a rollout loses nothing of its
 * first day for being long.
 */
const LENGTHS = [
  { afterSeconds: 0, seconds: 60 },
  { afterSeconds: DAY, seconds: 300 },
  { afterSeconds: 5 * DAY, seconds: 900 },
  { afterSeconds: 60 * DAY, seconds: HOUR },
] as const;

/**
 * How long CloudWatch keeps periods, with an hour to spare: tens of seconds for three hours, minutes for 15 days, five minutes for 63, an
 * hour for 455. What a rollout began with must still be there at its deadline.
 */
const KEPT = [
  { seconds: 1, forSeconds: 2.5 * HOUR },
  { seconds: 60, forSeconds: 15 * DAY - HOUR },
  { seconds: 300, forSeconds: 63 * DAY - HOUR },
  { seconds: HOUR, forSeconds: 455 * DAY },
] as const;

/** Length of the finest periods that CloudWatch still has `ageSeconds` later, seconds; 1 where it has all. */
export function keptFor(ageSeconds: number): number {
  return (KEPT.find(({ forSeconds }) => ageSeconds <= forSeconds) ?? KEPT[KEPT.length - 1]).seconds;
}

/**
 * Lengths of periods by the time since the first, fixed by the plan alone: evidence from periods that are cut another way is other
 * evidence.
 */
function lengthsOf({ metrics, deadlineSeconds }: Plan): { readonly afterSeconds: number; readonly seconds: number }[] {
  if (deadlineSeconds <= KEPT[0].forSeconds) {
    return [{ afterSeconds: 0, seconds: metrics.periodSeconds }];
  }
  const lengths = LENGTHS.filter(({ afterSeconds }) => afterSeconds < deadlineSeconds).map(({ afterSeconds, seconds }) => ({
    afterSeconds, seconds: Math.max(seconds, metrics.periodSeconds, keptFor(deadlineSeconds - afterSeconds)),
  }));
  // What is kept longer is coarser: a later part may not be finer than one before.
  return lengths.map((part, index) => ({ ...part, seconds: Math.max(...lengths.slice(0, index + 1).map(({ seconds }) => seconds)) }))
    .filter(({ seconds }, index, all) => index === 0 || seconds !== all[index - 1].seconds);
}

/** Length of the shortest periods, in which the engine counts. */
export function finestSeconds(plan: Plan): number {
  return lengthsOf(plan)[0].seconds;
}

/** The first period that begins at `from` or later. */
export function startOf(plan: Plan, from: number): number {
  return aligned(from, finestSeconds(plan));
}

/** Where periods of each length begin, epoch milliseconds: CloudWatch's begin at whole multiples of their length. */
function boundaries(plan: Plan, start: number): { readonly at: number; readonly seconds: number }[] {
  return lengthsOf(plan).map(({ afterSeconds, seconds }) => ({ at: aligned(start + afterSeconds * 1_000, seconds), seconds }));
}

/** For the engine: from which of its periods on they are longer. */
export function coarserPeriods(plan: Plan, start: number): CoarserPeriods[] {
  const [{ seconds: finest }, ...later] = boundaries(plan, start);
  return later.map(({ at, seconds }) => ({ after: (at - start) / (finest * 1_000), length: seconds / finest }));
}

/** What is closed at `until` of the periods from `start` on. */
export function closedTime(plan: Plan, start: number, until: number): JudgedTime {
  const [first, ...coarser] = boundaries(plan, start).flatMap(({ at, seconds }, index, all): JudgedPart[] => {
    const end = Math.min(all[index + 1]?.at ?? Infinity, Math.floor(until / (seconds * 1_000)) * seconds * 1_000);
    return index === 0 || end > at ? [{ start: at, until: end, periodSeconds: seconds }] : [];
  });
  return { ...first, until: (coarser.at(-1) ?? first).until, ...(coarser.length === 0 ? {} : { coarser }) };
}

/** What has to be read, each part with periods of its own. */
export function partsOf({ start, until, periodSeconds, coarser = [] }: JudgedTime): JudgedPart[] {
  return [{ start, until: coarser[0]?.start ?? until, periodSeconds }, ...coarser];
}

/** End of the period that begins at `at`. */
export function endOf({ periodSeconds, coarser = [] }: JudgedTime, at: number): number {
  return at + (coarser.findLast(({ start }) => at >= start)?.periodSeconds ?? periodSeconds) * 1_000;
}

function aligned(at: number, seconds: number): number {
  return Math.ceil(at / (seconds * 1_000)) * seconds * 1_000;
}
