import { SampleRatioEvidence } from '../../../lib/core/judge/sample-ratio';
import type { Figure } from './figure';
import { runSteps } from '../simulation/run';
import { acted, minutesText, mostCompatible, quantile } from '../simulation/statistics';
import { DAY } from '../simulation/traces';
import { RATES } from './error-rate';

function splitRun(rate: number, actual: number, tolerance: number, runs: number): ReturnType<typeof runSteps> {
  return runSteps(runs, 51, DAY, (random) => {
    const evidence = new SampleRatioEvidence(tolerance, 1);
    return () => {
      evidence.add(random.poisson(60 * rate * actual), random.poisson(60 * rate * (1 - actual)), 0.05);
      return evidence.logEvidence() >= Math.log(1000);
    };
  });
}

const alarms = (name: string, actual: number, tolerance: number, most: number): Figure[] => RATES.map((rate) => ({
  section: 'sample ratio',
  name: `${name}, ${rate} rps`,
  demanded: `<= ${most}`,
  runs: 3000,
  measure: (runs) => {
    const count = Math.round(acted(splitRun(rate, actual, tolerance, runs)) * runs);
    return { text: `${count} of ${runs}`, met: count <= mostCompatible(runs, most) };
  },
}));

const detections = [25, 4, 1].map((median, i): Figure => ({
  section: 'sample ratio',
  name: `5 -> 4 %, tolerance 5 %, ${RATES[i]} rps`,
  demanded: `<= ${median} min`,
  runs: 2000,
  measure: (runs) => {
    const outcomes = splitRun(RATES[i], 0.04, 0.05, runs);
    return { text: `${minutesText(outcomes)} min`, met: quantile(outcomes, 0.5) <= median };
  },
}));

export const sampleRatioFigures: readonly Figure[] = [
  ...alarms('false alarms, no tolerance', 0.05, 0, 0.001), ...detections, ...alarms('5 -> 5.25 % within tolerance', 0.0525, 0.05, 0.002),
];
