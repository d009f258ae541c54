import type { Figure } from './figure';
import { run, type Trial } from '../simulation/run';
import { acted, mean, minutesText, mostCompatible, quantile } from '../simulation/statistics';

/** The demands on a detection: minutes for the median and, where asked for, for 95 %; mean candidate errors served. */
export interface Demand {
  readonly median: number;
  readonly p95?: number;
  readonly errors?: number;
}

type TrialOf = Omit<Trial, 'runs'>;

/** A line that demands quick detection. */
export function detectionFigure(section: string, name: string, trial: TrialOf, demand: Demand, runs = 2000): Figure {
  return {
    section,
    name,
    demanded: `<= ${demand.median}${demand.p95 === undefined ? '' : ` / ${demand.p95}`} min`
      + `${demand.errors === undefined ? '' : `, <= ${demand.errors} errors`}`,
    runs,
    measure: (count) => {
      const outcomes = run({ ...trial, runs: count });
      const [median, p95, errors] = [quantile(outcomes, 0.5), quantile(outcomes, 0.95), mean(outcomes.errors)];
      return {
        text: `${minutesText(outcomes)} min${demand.errors === undefined ? '' : `, ${errors.toFixed(0)} errors`}`,
        met: median <= demand.median && p95 <= (demand.p95 ?? Infinity) && errors <= (demand.errors ?? Infinity),
      };
    },
  };
}

/** A line that demands few false alarms: compatible with `alpha` at the 99.9 % limit. */
export function falseAlarmFigure(section: string, name: string, trial: TrialOf, alpha = 0.01, runs = 5000): Figure {
  return {
    section,
    name,
    demanded: `<= ${mostCompatible(runs, alpha)} of ${runs}`,
    runs,
    measure: (count) => {
      const alarms = Math.round(acted(run({ ...trial, runs: count })) * count);
      return { text: `${alarms} of ${count}`, met: alarms <= mostCompatible(count, alpha) };
    },
  };
}
