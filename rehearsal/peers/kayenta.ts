import type { Random } from '../engine/random';
import { canaryScore, classify } from './kayenta-judge';
import type { Peer } from './peer';

/** Share of the canary, and of its baseline, percent. */
const PERCENT = 10;
/** Three runs of an hour, as its guide suggests. */
const RUNS = 3;
const RUN_MINUTES = 60;
/** Scores that its guide suggests to start from. */
const MARGINAL = 75;
const PASS = 95;

/**
 * Spinnaker's canary analysis by Kayenta: canary and a baseline of the same size get 10 % each for three hours; every hour NetflixACAJudge
 * compares all minutes so far, the rate of failures (in percent) and the 99 % quantile of latency, two groups of equal weight, where an
 * increase is bad. A score not above the marginal one ends the analysis at once; the last one must reach the pass score.
 *
 * @see spinnaker.io: guides/user/canary/judge, best-practices, stage; spinnaker/kayenta, NetflixACAJudge
 */
export function kayenta(): Peer {
  return {
    name: 'Kayenta',
    about: `${PERCENT} % beside a baseline as large for ${RUNS} runs of ${RUN_MINUTES} min, failures and latency by Mann-Whitney, `
      + `scores ${MARGINAL} and ${PASS}`,
    cloudWatch: false,
    start: (random) => {
      const failures = { canary: [] as number[], baseline: [] as number[] };
      const latency = { canary: [] as number[], baseline: [] as number[] };
      return {
        at(minute, seen) {
          for (const each of seen) {
            const baseline = sampled(each, random);
            if (each.candidateRequests > 0) {
              failures.canary.push((100 * each.candidateFailures) / each.candidateRequests);
              latency.canary.push(each.candidateP99Ms);
            }
            if (baseline.requests > 0) {
              failures.baseline.push((100 * baseline.failures) / baseline.requests);
              latency.baseline.push(each.productionP99Ms(baseline.requests));
            }
          }
          if (minute === 0 || minute % RUN_MINUTES !== 0) {
            return { percent: PERCENT };
          }
          const score = canaryScore([
            [classify(failures.canary, failures.baseline, 'increase')],
            [classify(latency.canary, latency.baseline, 'increase')],
          ]);
          if (score <= MARGINAL) {
            return { percent: 0, verdict: 'rolled back', sentence: `score ${score}, not above ${MARGINAL}` };
          }
          if (minute < RUNS * RUN_MINUTES) {
            return { percent: PERCENT };
          }
          if (score >= PASS) {
            return { percent: 100, verdict: 'promoted', sentence: `score ${score}` };
          }
          return { percent: 0, verdict: 'rolled back', sentence: `score ${score}, below ${PASS}` };
        },
      };
    },
  };
}

/** A baseline's part of production's requests. */
function sampled(
  { productionRequests, productionFailures }: { readonly productionRequests: number; readonly productionFailures: number },
  random: Random,
): { requests: number; failures: number } {
  const part = PERCENT / (100 - PERCENT);
  const failures = random.binomial(productionFailures, part);
  return { failures, requests: failures + random.binomial(productionRequests - productionFailures, part) };
}
