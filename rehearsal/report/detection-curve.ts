import type { FoundRollout } from '../assembly/found-rollout';
import type { Scenario } from '../scenario/scenario';
import { type Proportion, proportion } from '../statistics';
import type { Rehearsers } from '../workers';

/** How often a candidate that fails so many of its requests is not promoted. */
export interface CurvePoint {
  readonly errorRate: number;
  readonly kept: Proportion;
}

/** Multiples of production's error rate, from as good to unmistakable. */
const MULTIPLES = [1, 1.25, 1.5, 2, 3, 5, 10, 30];

export async function detectionCurve(rehearsers: Rehearsers, rollout: FoundRollout, usual: Scenario, runs: number, seed: number, done: (runs: number) => void): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  for (const errorRate of curveRates(usual)) {
    const results = await rehearsers.rehearse(rollout, { ...usual, candidate: { ...usual.candidate, errorRate } }, runs, seed, done);
    if (results.length > 0) {
      points.push({ errorRate, kept: proportion(results.filter(({ verdict }) => verdict !== 'promoted').length, results.length) });
    }
  }
  return points;
}

export function curveRates({ production: { errorRate } }: Scenario): number[] {
  return MULTIPLES.map((multiple) => Math.min(1, multiple * Math.max(errorRate, 0.001)));
}
