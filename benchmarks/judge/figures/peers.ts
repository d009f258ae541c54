import { waldBound } from '../../../lib/core/judge/information';
import { DEFAULTS } from '../../../lib/core/judge/plan';
import type { Figure } from './figure';
import { alarmRule } from '../peers/alarm';
import { kayentaRule } from '../peers/kayenta';
import { zTestRule } from '../peers/z-test';
import { evidenceRule, type Rule } from '../simulation/rules';
import { run } from '../simulation/run';
import { acted, mean, minutesText } from '../simulation/statistics';
import { DAY, diurnal, steady, withOutages } from '../simulation/traces';
import { RATES } from './error-rate';

interface Contestant {
  readonly name: string;
  readonly rule: () => Rule;
  /** Minutes it is run for; Kayenta's cost grows with the square of them. */
  readonly horizon: number;
}

/** Thresholds that the reference tuned to 1 % false rollbacks in 24 h, per rate: one of one minute, three of three. */
const TUNED: { readonly [rate: number]: readonly [single: number, triple: number] } = {
  10: [0.182, 0.0645],
  100: [0.0438, 0.0235],
  1000: [0.0188, 0.014],
};

const percent = (share: number): number => Number((100 * share).toFixed(2));

const contestants = (rate: number): Contestant[] => [
  { name: 'judge, r=1', rule: evidenceRule, horizon: DAY },
  { name: 'judge, defaults r=1.1, delta=.0005', rule: () => evidenceRule({ bound: DEFAULTS.allowed }), horizon: DAY },
  { name: 'alarm > 2 %, 1 of 1', rule: () => alarmRule(0.02, 1, 1), horizon: DAY },
  { name: 'alarm > 2 %, 3 of 3', rule: () => alarmRule(0.02, 3, 3), horizon: DAY },
  { name: 'alarm > 5 %, 3 of 3', rule: () => alarmRule(0.05, 3, 3), horizon: DAY },
  { name: `alarm tuned to 1 %: > ${percent(TUNED[rate][0])} %, 1 of 1`, rule: () => alarmRule(TUNED[rate][0], 1, 1), horizon: DAY },
  { name: `alarm tuned to 1 %: > ${percent(TUNED[rate][1])} %, 3 of 3`, rule: () => alarmRule(TUNED[rate][1], 3, 3), horizon: DAY },
  { name: 'z test at 5 %, every minute', rule: () => zTestRule(1.6448536269514722), horizon: DAY },
  { name: 'z test at 1 %, every minute', rule: () => zTestRule(2.3263478740408408), horizon: DAY },
  { name: 'Kayenta, every 10 min, 4 h', rule: kayentaRule, horizon: 240 },
];

const comparisons = RATES.flatMap((rate) => contestants(rate).map(({ name, rule, horizon }): Figure => ({
  section: `same traces, ${rate} rps: false rollback; 1 -> 3 % and 1 -> 1.5 %, median/p95 min (errors)`,
  name,
  demanded: '',
  runs: 1000,
  measure: (runs) => {
    const trial = { rule, horizon, seed: 91, runs };
    const detected = (candidate: number): string => {
      const outcomes = run({ ...trial, scenario: steady(rate, candidate) });
      const share = acted(outcomes);
      const found = share < 0.995 ? ` ${(100 * share).toFixed(0)} % found` : '';
      return `${minutesText(outcomes).replace(' / ', '/')} (${mean(outcomes.errors).toFixed(0)})${found}`;
    };
    return { text: `${acted(run({ ...trial, scenario: steady(rate, 0.01) })).toFixed(3)}; ${detected(0.03)}; ${detected(0.015)}` };
  },
})));

const bounds = RATES.map((rate): Figure => ({
  section: `same traces, ${rate} rps: false rollback; 1 -> 3 % and 1 -> 1.5 %, median/p95 min (errors)`,
  name: "Wald's bound on the mean, any test at 1 %",
  demanded: '',
  runs: 1,
  measure: () => {
    const bound = (candidateRate: number): string => {
      const requests = waldBound({ candidateRate, productionRate: 0.01, share: 0.05 }, 0.01);
      return `${(requests / (3 * rate)).toFixed(1)} min (${(requests * candidateRate).toFixed(0)} errors)`;
    };
    return { text: `.010; ${bound(0.03)}; ${bound(0.015)}` };
  },
}));

const robustness = contestants(100).filter(({ name }) => !/defaults|5 %, 3/.test(name)).map(({ name, rule, horizon }): Figure => ({
  section: 'no regression, diurnal with shared outages, 100 rps: false rollback',
  name,
  demanded: name.startsWith('judge') ? '<= .01' : '',
  runs: 1000,
  measure: (runs) => {
    const share = acted(run({ rule, horizon, seed: 92, runs, scenario: withOutages(diurnal(steady(100, 0.01))) }));
    return { text: share.toFixed(3), ...(name.startsWith('judge') ? { met: share <= 0.01 } : {}) };
  },
}));

/** What the reference demands of the comparison with alarms that are as rarely wrong. */
const advantage: Figure = {
  section: 'against alarms tuned to 1 % false rollbacks, 10 rps',
  name: 'errors served on 1 -> 3 %; 1 -> 1.5 % found in 24 h',
  demanded: '>= 10 x fewer; >= 99 % where those <= 15 %',
  runs: 2000,
  measure: (runs) => {
    const trial = { horizon: DAY, seed: 93, runs };
    const alarms = TUNED[10].map((threshold, i) => () => alarmRule(threshold, [1, 3][i], [1, 3][i]));
    const errors = (rule: () => Rule): number => mean(run({ ...trial, rule, scenario: steady(10, 0.03) }).errors);
    const found = (rule: () => Rule): number => acted(run({ ...trial, rule, scenario: steady(10, 0.015) }));
    const times = Math.min(...alarms.map(errors)) / errors(evidenceRule);
    const [ours, theirs] = [found(evidenceRule), Math.max(...alarms.map(found))];
    return {
      text: `${times.toFixed(1)} x fewer; ${(100 * ours).toFixed(1)} % where those ${(100 * theirs).toFixed(1)} %`,
      met: times >= 10 && ours >= 0.99 && theirs <= 0.15,
    };
  },
};

export const peerFigures: readonly Figure[] = [advantage, ...RATES.flatMap((_, i) => [
  bounds[i], ...comparisons.slice(i * comparisons.length / RATES.length, (i + 1) * comparisons.length / RATES.length),
]), ...robustness];
