import { randomOf } from '../../../rehearsal/engine/random';
import { minuteOf, type Scenario, steady } from '../../../benchmarks/judge/traces';
import type { Period } from '../../../lib/core/judge/period';
import type { JudgePlan } from '../../../lib/core/judge/plan';

export const START = Date.UTC(2026, 10, 24, 12);
export const MINUTE = 60_000;

export const errorsPlan: JudgePlan = {
  start: START,
  periodMs: MINUTE,
  plannedPeriods: 120,
  guardrails: [{ name: 'errors', kind: 'counts', outcomes: [{ label: 'errors' }] }],
};

/** Where a rollout stands after some minutes of step 0. */
export const after = (minutes: number, step = 0): { step: number; closedUntil: number } => ({ step, closedUntil: START + minutes * MINUTE });

/** Simulated minutes of 5 % of 100 requests a second. */
export function minutes(count: number, candidateRate = 0.01, seed = 1, scenario: Scenario = steady(100, candidateRate)): Period[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, minute): Period => {
    const { candidateTotal, candidateBad, productionTotal, productionBad } = minuteOf(scenario, minute, random);
    return {
      start: START + minute * MINUTE,
      step: 0,
      share: scenario.share(minute),
      requests: { candidate: candidateTotal, production: productionTotal },
      measurements: {
        errors: { kind: 'counts', candidate: { total: candidateTotal, bad: [candidateBad] }, production: { total: productionTotal, bad: [productionBad] } },
      },
    };
  });
}
