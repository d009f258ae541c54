import { detectionLimit } from '../../lib/core/judge/detection-limit';
import type { Run } from '../engine/run';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { mean, type Proportion, proportion } from '../statistics';

/** How often a candidate that fails so many of its requests is not promoted. */
export interface CurvePoint {
  readonly errorRate: number;
  readonly kept: Proportion;
  /** Highest chance that any rule has which is as rarely wrong and sees as many requests. */
  readonly limit: number;
}

/** Multiples of production's error rate, from as good to unmistakable. */
const MULTIPLES = [1, 1.25, 1.5, 2, 3, 5, 10, 30];

export async function detectionCurve(usual: Scenario, rehearse: (scenario: Scenario) => Promise<readonly Run[]>): Promise<CurvePoint[]> {
  const points: (Omit<CurvePoint, 'limit'> & { readonly requests: number })[] = [];
  for (const errorRate of curveRates(usual)) {
    const scenario = {
      ...usual,
      production: { ...usual.production, errorRate: curveRates(usual)[0] },
      candidate: { ...usual.candidate, errorRate },
    };
    const results = await rehearse(scenario);
    if (results.length > 0) {
      points.push({
        errorRate,
        kept: proportion(results.filter(({ verdict }) => verdict !== 'promoted').length, results.length),
        requests: mean(results.map(({ candidateRequests }) => candidateRequests)),
      });
    }
  }
  return withLimits(points);
}

/**
 * The limit follows from how often the plan is wrong, of which it is not better known than by its interval, and from the requests that it
 * lets the candidate have where it looks longest.
 */
function withLimits(points: readonly (Omit<CurvePoint, 'limit'> & { readonly requests: number })[]): CurvePoint[] {
  const requests = Math.max(...points.map((point) => point.requests));
  return points.map(({ errorRate, kept }) => ({
    errorRate,
    kept,
    limit: detectionLimit({ candidateRate: errorRate, productionRate: points[0].errorRate, alpha: points[0].kept.high, requests }),
  }));
}

export function curveRates({ production: { errorRate } }: Scenario): number[] {
  return MULTIPLES.map((multiple) => Math.min(1, multiple * Math.max(errorRate, 0.001)));
}
