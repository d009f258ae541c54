import { FeedbackMetric } from '../names';
import { type BoundedMeanPlan, judgedMean, measuredMean } from './bounded-mean';
import { type EvidenceKind, PLAIN } from './kind';
import { type LabelDelayPlan, type LabelRatioPlan, lateness } from './labels';
import { answersOf, ofBoth, routerMetric } from './sources';

/** Mean of what callers rate answers with, counted at the time of the inference; the higher the better. */
export interface RatingPlan extends BoundedMeanPlan, LabelDelayPlan, LabelRatioPlan {
  readonly kind: 'rating';
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
  judged: (plan, { learnt, periodSeconds }) => [
    {
      ...judgedMean(plan, learnt, { label: 'mean rating', worse: 'lower' }),
      ...lateness(plan, periodSeconds),
      ...(plan.labelRatio && plan.action !== 'observe' && { labelRatio: plan.labelRatio }),
    },
  ],
  measured: measuredMean,
  // A replay asks nobody what an answer is worth.
  replayed: undefined,
  sees: ['ratings'],
};
