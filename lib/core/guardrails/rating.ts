import { boundedSums, largestDeviation } from '../judge/bounded-means';
import { FeedbackMetric } from '../names';
import type { CommonGuardrailPlan } from './common';
import { type EvidenceKind, PLAIN } from './kind';
import { type LabelDelayPlan, type LabelRatioPlan, lateness } from './labels';
import { answersOf, ofBoth, routerMetric } from './sources';

/** Mean of what callers rate answers with, counted at the time of the inference. */
export interface RatingPlan extends CommonGuardrailPlan, LabelDelayPlan, LabelRatioPlan {
  readonly kind: 'rating';
  /** Bounds of a rating; the higher the better. */
  readonly lowest: number;
  readonly highest: number;
  /** Factor on what production's mean is above `lowest` that does not yet count as worse, at most 1. */
  readonly allowed: number;
  /** Factor that certification must exclude. */
  readonly margin: number;
}

export const rating: EvidenceKind<RatingPlan> = {
  ...PLAIN,
  // Guardrail.feedback makes it where what is told are ratings.
  factories: [],
  unit: () => 'request',
  countsAssigned: true,
  labels: (plan) => plan,
  sources: ({ labelRatio }, compared) => ({
    writesZeros: true,
    ...ofBoth(compared, FeedbackMetric.OUTCOMES, [FeedbackMetric.RATINGS]),
    ...(labelRatio && { answers: answersOf(compared) }),
  }),
  history: ({ lowest, highest }, { alias, production }) => [
    {
      total: routerMetric(alias, production, FeedbackMetric.OUTCOMES),
      bad: routerMetric(alias, production, FeedbackMetric.RATINGS),
      bounds: { lowest, highest },
    },
  ],
  hasExactForm: () => false,
  judged: ({ name, action, lowest, highest, allowed, margin, labelRatio, ...plan }, { learnt, periodSeconds }) => {
    const bounds = { lowest, highest };
    return [
      {
        kind: 'mean',
        name,
        action,
        label: 'mean rating',
        worse: 'lower',
        allowed,
        margin,
        bounds,
        capped: true,
        standardDeviation: learnt.deviation ?? largestDeviation(0.5, bounds),
        ...lateness(plan, periodSeconds),
        ...(labelRatio && action !== 'observe' && { labelRatio }),
      },
    ];
  },
  measured: (plan, candidate, production) => ({
    kind: 'mean',
    candidate: boundedSums(candidate.total, candidate.bad[0], plan),
    production: boundedSums(production.total, production.bad[0], plan),
  }),
  // A replay asks nobody what an answer is worth.
  replayed: undefined,
  sees: ['ratings'],
};
