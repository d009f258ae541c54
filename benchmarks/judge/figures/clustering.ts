import { estimateOverdispersion } from '../../../lib/core/judge/overdispersion';
import type { Figure } from './figure';
import { randomOf } from '../../../rehearsal/engine/random';
import { evidenceRule, type Rule } from '../simulation/rules';
import { run } from '../simulation/run';
import { acted } from '../simulation/statistics';
import { DAY, diurnal, minuteOf, type Scenario, steady, withOutages } from '../simulation/traces';
import { falseAlarmFigure } from './detection';
import { RATES } from './error-rate';

const clustered = (rate: number): Scenario => ({ ...steady(rate, 0.01), clustered: true });

const falseRollbacks = RATES.map((rate) => falseAlarmFigure('clusters of 1 to 5 errors', `false rollback, phi=5, ${rate} rps`, {
  scenario: clustered(rate), rule: () => evidenceRule({ bound: { ratio: 1, tolerance: 0 }, overdispersion: 5 }), horizon: DAY, seed: 21,
}));

const HISTORIES: readonly (readonly [name: string, of: (rate: number) => Scenario, low: number, high: number])[] = [
  ['iid', (rate) => steady(rate, 0.01), 0.95, 1.15],
  ['diurnal', (rate) => diurnal(steady(rate, 0.01)), 0.95, 1.15],
  ['outages', (rate) => withOutages(steady(rate, 0.01)), 0.95, 1.15],
  ['clustered', clustered, 3.3, 4.4],
];

const estimates = HISTORIES.flatMap(([name, of, low, high]) => RATES.map((rate): Figure => ({
  section: 'clusters of 1 to 5 errors',
  name: `phi from 24 h of history, ${name}, ${rate} rps`,
  demanded: `${low} to ${high}`,
  runs: 200,
  measure: (runs) => {
    const estimated: number[] = [];
    for (let i = 0; i < runs; i++) {
      const random = randomOf(22_000 + i);
      const scenario = of(rate);
      const history = Array.from({ length: DAY }, (_, minute) => minuteOf(scenario, minute, random))
        .map(({ productionTotal, productionBad }) => ({ total: productionTotal, bad: productionBad }));
      estimated.push(estimateOverdispersion(history) ?? NaN);
    }
    estimated.sort((a, b) => a - b);
    const [median, p5, p95] = [0.5, 0.05, 0.95].map((share) => estimated[Math.floor(share * (runs - 1))]);
    return { text: `median ${median.toFixed(2)} (${p5.toFixed(2)} to ${p95.toFixed(2)})`, met: median >= low && median <= high };
  },
})));

/** What happens to those who do not correct, or correct by the true variance over mean. */
const uncorrected = (
  [
    [1, '1.0'],
    [11 / 3, '.002 to .006'],
  ] as const
).flatMap(([overdispersion, reference]) =>
  RATES.map((rate): Figure => ({
    section: 'clusters of 1 to 5 errors',
    name: `false rollback, phi=${overdispersion.toFixed(2)} (reference ${reference}), ${rate} rps`,
    demanded: '(informs)',
    runs: 1000,
    measure: (runs) => {
      const rule = (): Rule => evidenceRule({ bound: { ratio: 1, tolerance: 0 }, overdispersion });
      return { text: acted(run({ scenario: clustered(rate), rule, horizon: DAY, seed: 23, runs })).toFixed(4) };
    },
  })),
);

export const clusteringFigures: readonly Figure[] = [...falseRollbacks, ...uncorrected, ...estimates];
