/** What a rule did over many simulated rollouts. */
export interface Outcomes {
  /** Minutes from the onset to the act, ascending; Infinity where it never acted. */
  readonly minutes: Float64Array;
  /** Bad outcomes the candidate served until then, one per rollout. */
  readonly errors: Float64Array;
}

/** Share of the rollouts in which the rule acted. */
export function acted({ minutes }: Outcomes): number {
  return minutes.filter(Number.isFinite).length / minutes.length;
}

/** Minutes within which it acted in a share of the rollouts. */
export function quantile({ minutes }: Outcomes, share: number): number {
  return minutes[Math.min(minutes.length - 1, Math.ceil(share * minutes.length) - 1)];
}

/** Median and 95 % quantile of the minutes, "-" for never. */
export function minutesText(outcomes: Outcomes): string {
  return [0.5, 0.95].map((share) => quantile(outcomes, share)).map((minutes) => (Number.isFinite(minutes) ? minutes : '-')).join(' / ');
}

export function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The most acts in `runs` rollouts that are compatible, at the 99.9 % limit, with acting in a share `alpha` of them: 73 of
 * 5000 for 1 %.
 */
export function mostCompatible(runs: number, alpha: number): number {
  let probability = (1 - alpha) ** runs;
  let cumulated = probability;
  let count = 0;
  while (cumulated < 0.999) {
    count++;
    probability *= ((runs - count + 1) / count) * (alpha / (1 - alpha));
    cumulated += probability;
  }
  return count;
}
