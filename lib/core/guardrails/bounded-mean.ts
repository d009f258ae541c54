import { boundedSums, largestDeviation } from '../judge/bounded-means';
import type { MeanPlan } from '../judge/plan';
import type { CommonGuardrailPlan } from './common';
import type { EvidenceKind } from './kind';
import type { Learnt } from './learnt';

/** A mean of values that are known to lie within bounds. */
export interface BoundedMeanPlan extends CommonGuardrailPlan {
  /** Bounds of a single value, in its unit. */
  readonly lowest: number;
  readonly highest: number;
  /** Factor on what production's mean is above `lowest` that does not yet count as worse: at most 1 where lower is worse. */
  readonly allowed: number;
  /** Factor that certification must exclude. */
  readonly margin: number;
}

/** What the engine is to judge of it. */
export function judgedMean(
  { name, action, lowest, highest, allowed, margin }: BoundedMeanPlan,
  { deviation }: Learnt,
  said: { readonly label: string; readonly worse: 'lower' | 'higher' },
): MeanPlan {
  const bounds = { lowest, highest };
  return {
    kind: 'mean',
    name,
    action,
    ...said,
    allowed,
    margin,
    bounds,
    capped: true,
    // Any deviation is valid, as long as it is fixed before the data.
    standardDeviation: deviation ?? largestDeviation(0.5, bounds),
  };
}

/** What was read of a period, for the engine. */
export const measuredMean: EvidenceKind<BoundedMeanPlan>['measured'] = (plan, candidate, production) => ({
  kind: 'mean',
  candidate: boundedSums(candidate.total, candidate.bad[0], plan),
  production: boundedSums(production.total, production.bad[0], plan),
});
