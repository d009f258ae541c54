import { Certification } from '../../../lib/core/judge/certification';
import { PlainMixture } from '../../../lib/core/judge/mixture';
import { disagreementRatios, discordanceRatios, pairIncrements, type PairRatios } from '../../../lib/core/judge/pairs';
import type { Figure } from './figure';
import type { Random } from '../../../rehearsal/engine/random';
import { runSteps } from '../simulation/run';
import { acted, minutesText, mostCompatible, quantile } from '../simulation/statistics';
import { DAY } from '../simulation/traces';

const BOUND = 0.02;

function rejection(
  ratios: PairRatios,
  pairs: (random: Random) => readonly [successes: number, failures: number],
  runs: number,
  seed: number,
): ReturnType<typeof runSteps> {
  return runSteps(runs, seed, DAY, (random) => {
    const mixture = new PlainMixture(ratios.perSuccess.length);
    const increments = new Float64Array(ratios.perSuccess.length);
    return () => {
      mixture.add(pairIncrements(...pairs(random), ratios, increments));
      return mixture.logEvidence() >= Math.log(100);
    };
  });
}

function certification(disagreement: number, runs: number): ReturnType<typeof runSteps> {
  const ratios = disagreementRatios(BOUND, 'certification');
  return runSteps(runs, 73, DAY, (random) => {
    const evidence = new Certification(ratios.perSuccess.length, Math.log(20));
    const increments = new Float64Array(ratios.perSuccess.length);
    return () => {
      evidence.add(pairIncrements(...shadow(disagreement)(random), ratios, increments));
      return evidence.certified;
    };
  });
}

/** A minute of ten shadow pairs a second. */
const shadow = (disagreement: number) => (random: Random): readonly [number, number] => {
  const disagreements = random.binomial(600, disagreement);
  return [disagreements, 600 - disagreements];
};

/** A minute of a hundred labelled pairs, errors of both sides independent: those that exactly one side got wrong. */
const labelled = (candidate: number, production: number) => (random: Random): readonly [number, number] => {
  const both = random.binomial(100, candidate);
  const onlyCandidate = random.binomial(both, 1 - production);
  return [onlyCandidate, random.binomial(100 - both, production)];
};

const section = 'shadow and labelled pairs';
const timed = (name: string, demand: number, outcomes: (runs: number) => ReturnType<typeof runSteps>): Figure => ({
  section, name, demanded: `<= ${demand} min`, runs: 2000,
  measure: (runs) => {
    const result = outcomes(runs);
    return { text: `${minutesText(result)} min`, met: quantile(result, 0.5) <= demand };
  },
});
const bounded = (name: string, most: number, outcomes: (runs: number) => ReturnType<typeof runSteps>): Figure => ({
  section, name, demanded: `<= ${most}`, runs: 5000,
  measure: (runs) => {
    const share = acted(outcomes(runs));
    return { text: share.toFixed(4), met: share * runs <= mostCompatible(runs, most) };
  },
});

const against = disagreementRatios(BOUND, 'regression');

export const pairFigures: readonly Figure[] = [
  timed('disagreement 4 % of 2 % allowed, rejected', 3, (runs) => rejection(against, shadow(0.04), runs, 71)),
  timed('disagreement 1 %, certified', 4, (runs) => certification(0.01, runs)),
  bounded('exactly at the bound, rejected', 0.01, (runs) => rejection(against, shadow(BOUND), runs, 72)),
  bounded('exactly at the bound, certified', 0.05, (runs) => certification(BOUND, runs)),
  timed('labelled pairs, 8 % against 4 % wrong (reference 9/19)', 10, (runs) =>
    rejection(discordanceRatios(1, 'regression'), labelled(0.08, 0.04), runs, 74),
  ),
  timed('labelled pairs, 6 % against 4 % wrong (reference 28/63)', 31, (runs) =>
    rejection(discordanceRatios(1, 'regression'), labelled(0.06, 0.04), runs, 75),
  ),
];
