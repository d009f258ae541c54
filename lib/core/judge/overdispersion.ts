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
 * What is further from its neighbours than three and a half standard deviations, by the median of all, is left out: an outage or a deployment is shared by both versions, and a
 * burst of one is what evidence is clipped for. Winsorizing would not do: a tenth of the quarters of an hour of a day with three outages is beside one.
 */
const MOST_DEVIATION = 12;

/** Three standard errors of an estimate by n groups, as a part of it and times √n: the largest of several estimates is noise, unless it is more than that above the others. */
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
 * @see docs/how-it-decides.md 2.8; Allan, "Statistics of atomic frequency standards", 1966, for differences of neighbours at several lengths
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
  return estimates.reduce((most, estimate) => (beyondNoise(estimate, Math.max(1, shortest)) ? Math.max(most, estimate.dispersion) : most), beyondNoise(estimates[0], 1) ? shortest : 1);
}

interface Estimate {
  readonly dispersion: number;
  readonly groups: number;
}

/** Undefined for too few groups. */
function dispersionOf(groups: readonly HistoryPeriod[]): Estimate | undefined {
  const deviations: number[] = [];
  for (let k = 1; k + 1 < groups.length; k++) {
    const neighbours = groups[k - 1].total + groups[k + 1].total;
    const expected = groups[k].total * (groups[k - 1].bad + groups[k + 1].bad) / neighbours;
    if (expected > 0) {
      deviations.push((groups[k].bad - expected) ** 2 / (expected * (1 + groups[k].total / neighbours)));
    }
  }
  if (deviations.length + 2 < MINIMUM_GROUPS) {
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
