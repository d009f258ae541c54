/** Median of a squared standard normal variable: the median of z² when nothing is clustered. */
const MEDIAN_OF_CHI_SQUARE = 0.4549364231195725;

/** Six hours of minutes; fewer leave the median too uncertain to divide evidence by. */
export const MINIMUM_HISTORY_PERIODS = 360;

/** Below this mean count a period's z² is too coarse for its median to mean anything. */
const MINIMUM_MEAN_COUNT = 5;

/** One period of a variant's own history. */
export interface HistoryPeriod {
  readonly total: number;
  readonly bad: number;
}

/**
 * How many times more the count of bad outcomes varies than independent requests would make it: φ̂ ≥ 1, from consecutive
 * periods of production before the rollout. Each period is compared with its two neighbours and the median is taken, so that
 * daily cycles and outages do not count as clustering. Periods with few outcomes are first added up in groups.
 *
 * Undefined for less than six hours of minutes, or where nothing bad ever happens: no history is not a history of independence.
 *
 * @see canary-analysis.md 2.8
 */
export function estimateOverdispersion(history: readonly HistoryPeriod[]): number | undefined {
  const bad = history.reduce((sum, period) => sum + period.bad, 0);
  if (history.length < MINIMUM_HISTORY_PERIODS || bad === 0) {
    return undefined;
  }
  const periods = grouped(history, Math.ceil(MINIMUM_MEAN_COUNT * history.length / bad));
  const deviations: number[] = [];
  for (let k = 1; k + 1 < periods.length; k++) {
    const neighbours = periods[k - 1].total + periods[k + 1].total;
    const expected = periods[k].total * (periods[k - 1].bad + periods[k + 1].bad) / neighbours;
    if (expected > 0) {
      deviations.push((periods[k].bad - expected) ** 2 / (expected * (1 + periods[k].total / neighbours)));
    }
  }
  if (deviations.length === 0) {
    return undefined;
  }
  deviations.sort((a, b) => a - b);
  const middle = deviations.length >> 1;
  const median = deviations.length % 2 === 1 ? deviations[middle] : (deviations[middle - 1] + deviations[middle]) / 2;
  return Math.max(1, median / MEDIAN_OF_CHI_SQUARE);
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
