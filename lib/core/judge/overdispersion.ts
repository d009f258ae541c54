import type { Counts } from './counts';

/** Six hours of minutes; fewer leave the estimate too uncertain to divide evidence by. */
export const MINIMUM_HISTORY_PERIODS = 360;

/** With fewer groups than this a few bursts would be all there is to an estimate. */
const MINIMUM_GROUPS = 50;

/** Below this mean count a group's z² is too coarse to mean anything. */
const MINIMUM_MEAN_COUNT = 5;

/** Periods that are looked at together, minutes as a rule: what wanders within the hour is not seen from one minute to the next. */
const BLOCKS: readonly number[] = [1, 5, 15, 60];

/** Median of a squared standard normal variable: the median of z² when nothing is clustered. */
const MEDIAN_OF_CHI_SQUARE = 0.4549364231195725;

/**
 * What is further from its neighbours than three and a half standard deviations, by the median of all, is left out: an outage or a
 * deployment is shared by both versions, and a burst of one is what evidence is clipped for. Winsorizing would not do: a tenth of the
 * quarters of an hour of a day with three outages is beside one.
 */
const MOST_DEVIATION = 12;

/**
 * Three standard errors of an estimate by n groups, as a part of it and times √n: the largest of several estimates is noise, unless it is
 * more than that above the others.
 */
const NOISE = 5;

/** One period of a variant's own history. */
export interface HistoryPeriod {
  readonly total: number;
  readonly bad: number;
}

/**
 * How many times more the count of bad outcomes varies than independent requests would make it: φ̂ ≥ 1, from consecutive
 * periods of production before the rollout. Each group of periods is compared with its two neighbours, so that daily cycles do not count as
 * clustering. Groups of 5, 15 and 60 periods count where they vary more than single ones by more than noise.
 *
 * Undefined for less than six hours of minutes, or with too few bad outcomes for 50 groups: no history is not a history of independence.
 *
 * @see docs/how-it-decides.md 2.8; Allan, "Statistics of atomic frequency standards", 1966, for differences of neighbours at several
 * lengths
 */
export function estimateOverdispersion(history: readonly HistoryPeriod[]): number | undefined {
  const bad = history.reduce((sum, period) => sum + period.bad, 0);
  if (history.length < MINIMUM_HISTORY_PERIODS || bad === 0) {
    return undefined;
  }
  const least = Math.ceil(MINIMUM_MEAN_COUNT * history.length / bad);
  const estimates = BLOCKS.map((size) => Math.max(size, least)).filter((size, index, sizes) => sizes.indexOf(size) === index)
    .flatMap((size) => dispersionOf(grouped(history, size)) ?? []);
  if (estimates.length === 0) {
    return undefined;
  }
  const beyondNoise = (estimate: Estimate, than: number): boolean => estimate.dispersion > than * (1 + NOISE / Math.sqrt(estimate.groups));
  const [{ dispersion: shortest }] = estimates;
  return estimates.reduce(
    (most, estimate) => (beyondNoise(estimate, Math.max(1, shortest)) ? Math.max(most, estimate.dispersion) : most),
    beyondNoise(estimates[0], 1) ? shortest : 1,
  );
}

/** How production's own outcomes wander over a quarter of an hour, as a version that is by itself does. */
export interface Wander {
  /** How many times more they vary in all than independent requests would make them, less what each minute by itself does. */
  readonly excess: number;
  /** Requests of production's in one of the periods, when it had all of them. */
  readonly requests: number;
}

/** Minutes that are looked at together: shorter, and little has wandered; longer, and a day has too few of them. */
const WANDER_MINUTES = 15;

/** Neighbours so far away that they have wandered elsewhere, and not so far that the day's rhythm counts as wandering. */
const WANDER_DISTANCE = 3;

/**
 * What wanders by itself: a load that comes and goes, a cache, the mix of requests. Undefined where it is no more than noise.
 *
 * @see docs/how-it-decides.md 2.8b
 */
export function estimateWander(history: readonly HistoryPeriod[]): Wander | undefined {
  const bad = history.reduce((sum, period) => sum + period.bad, 0);
  if (history.length < MINIMUM_HISTORY_PERIODS || bad < MINIMUM_MEAN_COUNT * history.length / WANDER_MINUTES) {
    return undefined;
  }
  const short = dispersionOf(grouped(history, Math.ceil(MINIMUM_MEAN_COUNT * history.length / bad)), WANDER_DISTANCE);
  const long = dispersionOf(grouped(history, WANDER_MINUTES), WANDER_DISTANCE);
  if (long === undefined || long.dispersion <= 1 + NOISE / Math.sqrt(long.groups)) {
    return undefined;
  }
  return {
    excess: long.dispersion - Math.max(1, Math.min(short?.dispersion ?? 1, long.dispersion)),
    requests: history.reduce((sum, period) => sum + period.total, 0) / history.length,
  };
}

/**
 * How many times more the comparison of both versions varies because each wanders by itself: what wanders is a part of a version's
 * outcomes, so the fewer of these there are the less it matters beside chance. At a share w of all requests it is 1 + 2 w(1-w) times the
 * excess.
 */
export function wanderFactor({ candidateTotal, productionTotal }: Counts, wander: Wander | undefined, periods: number): number {
  const total = candidateTotal + productionTotal;
  return wander === undefined || total === 0
    ? 1
    : 1 + (2 * wander.excess * candidateTotal * productionTotal) / (total * wander.requests * periods);
}

/** As many in five periods are no burst: one that hangs brings dozens. */
const NO_BURST = 4;
const BURST_PERIODS = 5;
/** Nor are, beyond what is usual, so many standard deviations: of all five minutes of a day chance alone hardly has more. */
const NO_BURST_DEVIATIONS = 4.5;
/** Periods before and after that say what is usual. */
const USUAL_PERIODS = 30;

/**
 * Whether bad outcomes never come in bursts: there are hardly any, and nowhere more than a few within five periods. Bursts of a version are
 * as likely in an hour of the candidate's as in one of production's, so that the chance of the first in T hours of the one after none in a
 * day of the other is at most T/(24 e).
 *
 * @see docs/how-it-decides.md 2.8a
 */
export function isCalm(history: readonly HistoryPeriod[]): boolean {
  return hasNoBurst(history, () => 0);
}

/**
 * Whether bad outcomes, however many there are, never come in bursts: nowhere within five periods were there more than chance makes of what
 * the hour around has. Where many fail a burst may hide in them, so the rollout's own split must show none either.
 *
 * @see docs/how-it-decides.md 2.8a
 */
export function isSteady(history: readonly HistoryPeriod[]): boolean {
  return hasNoBurst(history, (within, around) =>
    around.total > within.total ? (within.total * (around.bad - within.bad)) / (around.total - within.total) : 0,
  );
}

/** Whether bad outcomes are known to come in bursts. */
export function isBursty(history: readonly HistoryPeriod[]): boolean {
  return history.length >= MINIMUM_HISTORY_PERIODS && !isSteady(history);
}

/** @param usual how many are usual within five periods, from these and from what is around */
function hasNoBurst(history: readonly HistoryPeriod[], usual: (within: HistoryPeriod, around: HistoryPeriod) => number): boolean {
  if (history.length < MINIMUM_HISTORY_PERIODS) {
    return false;
  }
  const until = [{ total: 0, bad: 0 }];
  history.forEach(({ total, bad }, index) => until.push({ total: until[index].total + total, bad: until[index].bad + bad }));
  const between = (from: number, to: number): HistoryPeriod => {
    const [first, last] = [until[Math.max(0, from)], until[Math.min(history.length, to)]];
    return { total: last.total - first.total, bad: last.bad - first.bad };
  };
  return history.slice(BURST_PERIODS - 1).every((_, start) => {
    const end = start + BURST_PERIODS;
    const within = between(start, end);
    const expected = usual(within, between(start - USUAL_PERIODS, end + USUAL_PERIODS));
    return within.bad <= expected + NO_BURST_DEVIATIONS * Math.sqrt(expected) + NO_BURST;
  });
}

interface Estimate {
  readonly dispersion: number;
  readonly groups: number;
}

/** Undefined for too few groups. */
function dispersionOf(groups: readonly HistoryPeriod[], distance = 1): Estimate | undefined {
  const deviations: number[] = [];
  for (let k = distance; k + distance < groups.length; k++) {
    const [before, after] = [groups[k - distance], groups[k + distance]];
    const neighbours = before.total + after.total;
    const rate = (before.bad + after.bad) / neighbours;
    const expected = groups[k].total * rate;
    if (expected > 0 && rate < 1) {
      deviations.push((groups[k].bad - expected) ** 2 / (expected * (1 - rate) * (1 + groups[k].total / neighbours)));
    }
  }
  if (deviations.length + 2 * distance < MINIMUM_GROUPS) {
    return undefined;
  }
  deviations.sort((a, b) => a - b);
  const most = MOST_DEVIATION * Math.max(1, deviations[deviations.length >> 1] / MEDIAN_OF_CHI_SQUARE);
  const usual = deviations.filter((deviation) => deviation <= most);
  return { dispersion: usual.reduce((sum, deviation) => sum + deviation, 0) / usual.length, groups: usual.length };
}

function grouped(history: readonly HistoryPeriod[], size: number): readonly HistoryPeriod[] {
  if (size <= 1) {
    return history;
  }
  const groups: HistoryPeriod[] = [];
  for (let start = 0; start + size <= history.length; start += size) {
    const group = history.slice(start, start + size);
    groups.push({
      total: group.reduce((sum, period) => sum + period.total, 0),
      bad: group.reduce((sum, period) => sum + period.bad, 0),
    });
  }
  return groups;
}
