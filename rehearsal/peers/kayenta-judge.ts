import { mean } from '../statistics';
import { mannWhitney, TOLERANCE } from './mann-whitney';

/** How Kayenta classifies a metric. */
export type Classification = 'Pass' | 'High' | 'Low' | 'Nodata';

/**
 * NetflixACAJudge's classification of one metric, one value per minute and side, at its defaults: 98 % interval, tolerance a quarter of the
 * estimate, effect size by the ratio of means. A shift within the solver's own tolerance is taken for none: where most values are the same,
 * as zeros are of rare failures, the interval ends there, and on which side is the solver's whim.
 */
export function classify(
  experiment: readonly number[], control: readonly number[], direction: 'increase' | 'decrease' | 'either',
  { tolerance = 0.25, quantile = 2.3263478740408408 }: { readonly tolerance?: number; readonly quantile?: number } = {},
): Classification {
  if (experiment.length === 0 || control.length === 0) {
    return 'Nodata';
  }
  const shift = mannWhitney(experiment, control, quantile);
  if (shift === undefined) {
    return 'Pass';
  }
  const bound = Math.max(TOLERANCE, tolerance * Math.abs(shift.estimate));
  const ratio = mean(experiment) / mean(control);
  if (direction !== 'decrease' && shift.lower > bound && !(ratio < 1)) {
    return 'High';
  }
  return direction !== 'increase' && shift.upper < -bound && !(ratio > 1) ? 'Low' : 'Pass';
}

/**
 * The score of a canary, 0 to 100, of groups of equal weight: a group's part that passes, metrics without data left out; a group of nothing
 * else counts in full. Where half of the metrics or more have no data there is nothing to judge, and the score is 0.
 *
 * @see spinnaker.io, "How canary judgment works"; spinnaker/kayenta, NetflixACAJudge and WeightedSumScorer
 */
export function canaryScore(groups: readonly (readonly Classification[])[]): number {
  const all = groups.flat();
  if (all.filter((metric) => metric === 'Nodata').length >= all.length / 2) {
    return 0;
  }
  const scores = groups.map((group) => {
    const judged = group.filter((metric) => metric !== 'Nodata');
    return judged.length === 0 ? 100 : (100 * judged.filter((metric) => metric === 'Pass').length) / judged.length;
  });
  return Math.round(100 * mean(scores)) / 100;
}
