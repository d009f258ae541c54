import type { Counts } from '../../../lib/core/judge/counts';
import type { Random } from '../../../rehearsal/engine/random';

/** Simulated traffic, minute by minute from 0. */
export interface Scenario {
  /** Requests per second over both variants. */
  readonly rate: (minute: number) => number;
  /** Candidate's share. */
  readonly share: (minute: number) => number;
  /** Rates of bad outcomes. */
  readonly production: (minute: number) => number;
  readonly candidate: (minute: number) => number;
  /** Whether bad outcomes come in clusters of 1 to 5 instead of one by one: variance over mean 3.67. */
  readonly clustered?: boolean;
}

export const DAY = 1440;

/** 5 % of steady traffic on a candidate, production failing 1 % of the requests; `candidate` as given. */
export function steady(rate: number, candidate: number): Scenario {
  return { rate: () => rate, share: () => 0.05, production: () => 0.01, candidate: () => candidate };
}

/** Traffic that swings by 60 % over a day. */
export function diurnal(scenario: Scenario): Scenario {
  return { ...scenario, rate: (minute) => scenario.rate(minute) * (1 + 0.6 * Math.sin(2 * Math.PI * minute / DAY)) };
}

/** Three shared outages of 10 minutes that add 10 points to both error rates. */
export function withOutages(scenario: Scenario): Scenario {
  const outage = (minute: number): number => ([200, 700, 1200].some((start) => minute >= start && minute < start + 10) ? 0.1 : 0);
  return {
    ...scenario,
    production: (minute) => scenario.production(minute) + outage(minute),
    candidate: (minute) => scenario.candidate(minute) + outage(minute),
  };
}

/** Shares that climb 1, 5, 10, 25, 50 % by the hour. */
export function ramping(scenario: Scenario): Scenario {
  return { ...scenario, share: (minute) => [0.01, 0.05, 0.1, 0.25, 0.5][Math.min(4, Math.floor(minute / 60))] };
}

/** The counts of one minute. */
export function minuteOf(scenario: Scenario, minute: number, random: Random): Counts {
  const requests = 60 * scenario.rate(minute);
  const share = scenario.share(minute);
  const candidateTotal = random.poisson(requests * share);
  const productionTotal = random.poisson(requests * (1 - share));
  return {
    candidateTotal,
    candidateBad: badOf(candidateTotal, scenario.candidate(minute), scenario, random),
    productionTotal,
    productionBad: badOf(productionTotal, scenario.production(minute), scenario, random),
  };
}

function badOf(total: number, probability: number, { clustered }: Scenario, random: Random): number {
  if (clustered !== true) {
    return random.binomial(total, probability);
  }
  let bad = 0;
  for (let clusters = random.poisson(total * probability / 3); clusters > 0; clusters--) {
    bad += 1 + Math.floor(5 * random.uniform());
  }
  return Math.min(total, bad);
}
