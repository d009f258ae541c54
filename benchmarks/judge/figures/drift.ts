import { DriftEvidence } from '../../../lib/core/judge/drift';
import type { Figure } from './figure';
import type { Random } from '../../../rehearsal/engine/random';
import { runSteps } from '../simulation/run';
import { acted, minutesText, mostCompatible, quantile } from '../simulation/statistics';
import { DAY } from '../simulation/traces';
import { RATES } from './error-rate';

const GRID = 20_000;

/** Beta's distribution function on a fine grid, by the midpoint rule. */
function betaCdf(a: number, b: number): Float64Array {
  const cumulated = new Float64Array(GRID + 1);
  for (let i = 0; i < GRID; i++) {
    const x = (i + 0.5) / GRID;
    cumulated[i + 1] = cumulated[i] + x ** (a - 1) * (1 - x) ** (b - 1);
  }
  return cumulated.map((value) => value / cumulated[GRID]);
}

/** Shares of Beta(a, b) in the deciles of Beta(2, 5). */
function shares(a: number, b: number): number[] {
  const [baseline, other] = [betaCdf(2, 5), betaCdf(a, b)];
  const edges = Array.from({ length: 11 }, (_, k) => other[k === 10 ? GRID : baseline.findIndex((value) => value >= k / 10)]);
  return edges.slice(1).map((edge, k) => edge - edges[k]);
}

const SAME = new Array<number>(10).fill(0.1);
const MOVED = shares(2.3, 5);

function multinomial(total: number, probabilities: readonly number[], random: Random): number[] {
  let [left, mass] = [total, 1];
  return probabilities.map((probability) => {
    const count = random.binomial(left, Math.min(1, probability / mass));
    left -= count;
    mass -= probability;
    return count;
  });
}

function driftRun(rate: number, candidate: readonly number[], runs: number, horizon: number): ReturnType<typeof runSteps> {
  return runSteps(runs, 61, horizon, (random) => {
    const evidence = new DriftEvidence(10, 1, 1);
    return () => {
      evidence.add(
        multinomial(random.poisson(60 * rate * 0.05), candidate, random),
        multinomial(random.poisson(60 * rate * 0.95), SAME, random),
      );
      return evidence.logEvidence() >= Math.log(100);
    };
  });
}

const detections = [42, 5, 2].map((median, i): Figure => ({
  section: 'prediction drift',
  name: `Beta(2,5) -> Beta(2.3,5), stability index .037, ${RATES[i]} rps`,
  demanded: `<= ${median} min`,
  runs: 1000,
  measure: (runs) => {
    const outcomes = driftRun(RATES[i], MOVED, runs, 480);
    return { text: `${minutesText(outcomes)} min`, met: quantile(outcomes, 0.5) <= median };
  },
}));

const falseAlarms = RATES.map((rate): Figure => ({
  section: 'prediction drift',
  name: `false alarms in 24 h, ${rate} rps`,
  demanded: '<= .01',
  runs: 300,
  measure: (runs) => {
    const alarms = Math.round(acted(driftRun(rate, SAME, runs, DAY)) * runs);
    return { text: `${alarms} of ${runs}`, met: alarms <= mostCompatible(runs, 0.01) };
  },
}));

export const driftFigures: readonly Figure[] = [...detections, ...falseAlarms];
