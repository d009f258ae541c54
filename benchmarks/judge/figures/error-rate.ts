import { waldBound } from '../../../lib/core/judge/information';
import type { Figure } from './figure';
import { certificationRule, detectorRule, evidenceRule, robustRule } from '../simulation/rules';
import { run } from '../simulation/run';
import { acted, mean, minutesText, mostCompatible, quantile } from '../simulation/statistics';
import { DAY, diurnal, ramping, type Scenario, steady, withOutages } from '../simulation/traces';
import { detectionFigure, falseAlarmFigure } from './detection';

export const RATES = [10, 100, 1000] as const;

const HEALTHY: readonly (readonly [name: string, of: (scenario: Scenario) => Scenario])[] = [
  ['iid', (scenario) => scenario],
  ['diurnal', diurnal],
  ['shared outages', withOutages],
  ['ramping weights', ramping],
  ['ramping weights, diurnal', (scenario) => ramping(diurnal(scenario))],
];

const falseRollbacks = HEALTHY.flatMap(([name, of]) =>
  RATES.map((rate) =>
    falseAlarmFigure('false rollback in 24 h', `${name}, ${rate} rps`, {
      scenario: of(steady(rate, 0.01)),
      rule: evidenceRule,
      horizon: DAY,
      seed: 11,
    }),
  ),
);

const boundary = RATES.map((rate) => falseAlarmFigure('false rollback in 24 h', `exactly at r=1.25, delta=.001, ${rate} rps`, {
  scenario: steady(rate, 0.0135), rule: () => evidenceRule({ bound: { ratio: 1.25, tolerance: 0.001 } }), horizon: DAY, seed: 12,
}));

const threefold = [
  [20, 48, 20],
  [3, 6, 26],
  [1, 2, 95],
].map(([median, p95, errors], i) =>
  detectionFigure(
    'detection',
    `1 -> 3 %, ${RATES[i]} rps`,
    { scenario: steady(RATES[i], 0.03), rule: evidenceRule, horizon: DAY, seed: 13 },
    { median, p95, errors },
  ),
);

const half = [
  [210, 480, 105],
  [24, 52, 115],
  [4, 7, 150],
].map(([median, p95, errors], i) =>
  detectionFigure(
    'detection',
    `1 -> 1.5 %, ${RATES[i]} rps`,
    { scenario: steady(RATES[i], 0.015), rule: evidenceRule, horizon: DAY, seed: 14 },
    { median, p95, errors },
  ),
);

const delays = [0.015, 0.02, 0.03, 0.05].flatMap((candidateRate) => RATES.map((rate): Figure => {
  const share = 0.05;
  const bound = waldBound({ candidateRate, productionRate: 0.01, share }, 0.01) / (60 * rate * share);
  return {
    section: 'mean delay against Wald',
    name: `1 -> ${100 * candidateRate} %, ${rate} rps`,
    demanded: `<= 1.6 x ${bound.toFixed(2)} + 1 min`,
    runs: 2000,
    measure: (runs) => {
      const { minutes } = run({ scenario: steady(rate, candidateRate), rule: evidenceRule, horizon: 3 * DAY, seed: 15, runs });
      const delay = mean(minutes);
      return { text: `${delay.toFixed(2)} min (${(delay / bound).toFixed(2)} x)`, met: delay <= 1.6 * bound + 1 };
    },
  };
}));

const late = [[37, 70], [6, 10], [1, 2]].map(([median, p95], i) => detectionFigure('late onset after 6 h', `3 %, ${RATES[i]} rps`, {
  scenario: { ...steady(RATES[i], 0.01), candidate: (minute) => (minute < 360 ? 0.01 : 0.03) },
  rule: evidenceRule, horizon: DAY, onset: 360, seed: 16,
}, { median, p95 }));

/**
 * Regressions that begin when a part of the rollout has been healthy, as fast as an e-detector finds them that is as rarely wrong within
 * the same time.
 */
const anywhere = [60, 360, 1_200].flatMap((onset) =>
  (
    [
      [10, 0.03],
      [100, 0.03],
      [100, 0.02],
    ] as const
  ).map(([rate, candidateRate]): Figure => ({
    section: 'late onset, against an e-detector of the same error over a day',
    name: `1 -> ${100 * candidateRate} % after ${onset / 60} h, ${rate} rps`,
    demanded: 'median <= 1.2 x + 1 min',
    runs: 1000,
    measure: (runs) => {
      const trial = {
        scenario: { ...steady(rate, 0.01), candidate: (minute: number) => (minute < onset ? 0.01 : candidateRate) },
        horizon: onset + DAY / 2,
        onset,
        seed: 19,
        runs,
      };
      const settings = { bound: { ratio: 1, tolerance: 0 } };
      const rules = [
        () => evidenceRule(settings),
        () => detectorRule(settings),
        () => robustRule(settings, { steady: true }),
        () => robustRule(settings, { bursty: true }),
      ];
      const [ours, detector, calm, bursty] = rules.map((rule) => run({ ...trial, rule }));
      return {
        text: `${minutesText(ours)} min, e-detector ${minutesText(detector)} `
          + `(${(quantile(ours, 0.5) / quantile(detector, 0.5)).toFixed(2)} x); `
          + `as judged, where production has no bursts ${minutesText(calm)}, where it has ${minutesText(bursty)}`,
        met: [ours, calm].every((judged) => quantile(judged, 0.5) <= 1.2 * quantile(detector, 0.5) + 1),
      };
    },
  })),
);

const certified = [125, 15, 3].map((median, i) => detectionFigure('certification', `healthy, r'=1.5, ${RATES[i]} rps`, {
  scenario: steady(RATES[i], 0.01), rule: () => certificationRule({ ratio: 1.5, tolerance: 0 }), horizon: 3 * DAY, seed: 17,
}, { median }));

const wronglyCertified = (
  [
    [0.015, 0.05, 'at the margin'],
    [0.03, 0.005, 'at 3 %'],
  ] as const
).flatMap(([candidate, most, name]) =>
  RATES.map((rate): Figure => ({
    section: 'certification',
    name: `false, ${name}, ${rate} rps`,
    demanded: `<= ${most}`,
    runs: 5000,
    measure: (runs) => {
      const share = acted(
        run({
          scenario: steady(rate, candidate),
          rule: () => certificationRule({ ratio: 1.5, tolerance: 0 }),
          horizon: DAY,
          seed: 18,
          runs,
        }),
      );
      return { text: share.toFixed(4), met: share * runs <= mostCompatible(runs, most) };
    },
  })),
);

export const errorRateFigures: readonly Figure[] = [
  ...falseRollbacks, ...boundary, ...threefold, ...half, ...delays, ...late, ...anywhere, ...certified, ...wronglyCertified,
];
