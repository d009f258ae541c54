import { MeanEvidence } from '../../../lib/core/judge/mean-evidence';
import type { MeanSums } from '../../../lib/core/judge/period';
import type { Figure } from './figure';
import type { Random } from '../../../rehearsal/engine/random';
import { runSteps } from '../simulation/run';
import { acted, minutesText, mostCompatible } from '../simulation/statistics';

/** A reward that one request in ten earns, log-normal with spread 1: mean and standard deviation follow. */
const EARNING = 0.1;
const SPREAD = 1;
const MEAN = EARNING * Math.exp(SPREAD ** 2 / 2);
const DEVIATION = Math.sqrt(EARNING * Math.exp(2 * SPREAD ** 2) - MEAN ** 2);
/** Five times a typical reward. */
const CAP = 5;

const HORIZON = 480;
const SHARE = 0.05;

function meanRun(events: number, factor: number, trend: (minute: number) => number, runs: number): ReturnType<typeof runSteps> {
  return runSteps(runs, 41, HORIZON, (random) => {
    const evidence = new MeanEvidence(
      {
        name: 'reward',
        kind: 'mean',
        label: 'reward',
        worse: 'lower',
        allowed: 1,
        margin: 0.9,
        standardDeviation: DEVIATION,
        capped: true,
      },
      { plannedPeriods: HORIZON, firstInvestment: 0.8, certificationThreshold: Math.log(20) },
    );
    return (minute) => {
      const level = trend(minute);
      evidence.add({
        kind: 'mean',
        candidate: rewards(random.poisson(events * SHARE), level * factor, random),
        production: rewards(random.poisson(events * (1 - SHARE)), level, random),
      }, minute);
      return evidence.logEvidence() >= Math.log(100);
    };
  });
}

function rewards(count: number, level: number, random: Random): MeanSums {
  let [sum, sumOfSquares, cappedSum] = [0, 0, 0];
  for (let earning = random.binomial(count, EARNING); earning > 0; earning--) {
    const reward = level * Math.exp(SPREAD * random.normal());
    sum += reward;
    sumOfSquares += reward * reward;
    cappedSum += Math.min(reward, CAP) / CAP;
  }
  return { count, sum, sumOfSquares, cappedSum };
}

const falseAlarms = [60, 600, 6000].map((events, i): Figure => ({
  section: 'skewed mean (zero-inflated log-normal)',
  name: `false alarms within 8 h, ${events} events/min`,
  demanded: '<= .01',
  runs: [3000, 1000, 150][i],
  measure: (runs) => {
    const alarms = Math.round(acted(meanRun(events, 1, () => 1, runs)) * runs);
    return { text: `${alarms} of ${runs}`, met: alarms <= mostCompatible(runs, 0.01) };
  },
}));

const detection: Figure = {
  section: 'skewed mean (zero-inflated log-normal)',
  name: '20 % lower, 6000 events/min',
  demanded: '(informs)',
  runs: 200,
  measure: (runs) => {
    const outcomes = meanRun(6000, 0.8, () => 1, runs);
    return { text: `${minutesText(outcomes)} min` };
  },
};

/** Shares that follow a ramp while the mean falls: a pooled comparison always alarms. */
const simpson: Figure = {
  section: 'skewed mean (zero-inflated log-normal)',
  name: 'no effect, mean falling 40 % over 8 h under a ramp, 600 events/min',
  demanded: '<= .017',
  runs: 500,
  measure: (runs) => {
    const outcomes = runSteps(runs, 42, 480, (random) => {
      const evidence = new MeanEvidence(
        {
          name: 'reward', kind: 'mean', label: 'reward', worse: 'lower', allowed: 1, margin: 0.9,
          standardDeviation: DEVIATION, capped: true,
        },
        { plannedPeriods: 480, firstInvestment: 0.8, certificationThreshold: Math.log(20) },
      );
      return (minute) => {
        const share = [0.05, 0.25, 0.5][Math.floor(minute / 160)];
        const level = 1 - 0.4 * minute / 480;
        evidence.add({
          kind: 'mean',
          candidate: rewards(random.poisson(600 * share), level, random),
          production: rewards(random.poisson(600 * (1 - SHARE)), level, random),
        }, minute);
        return evidence.logEvidence() >= Math.log(100);
      };
    });
    const alarms = Math.round(acted(outcomes) * runs);
    return { text: `${alarms} of ${runs}`, met: alarms <= mostCompatible(runs, 0.017) };
  },
};

export const meanFigures: readonly Figure[] = [...falseAlarms, simpson, detection];
