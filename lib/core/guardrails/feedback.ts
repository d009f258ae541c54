import { FeedbackMetric } from '../names';
import { ReplayGuardrail } from '../replay/plan';
import { type BoundsPlan, boundsOf, type CommonGuardrailPlan, isRatio } from './common';
import { type EvidenceKind, PLAIN } from './kind';
import { type LabelDelayPlan, type LabelRatioPlan, lateness } from './labels';
import { noiseOf } from './learnt';
import { answersOf, ofBoth, routerMetric } from './sources';

/** Answers that feedback found wrong, of those whose outcome is known, counted at the time of the inference. */
export interface FeedbackPlan extends CommonGuardrailPlan, BoundsPlan, LabelDelayPlan, LabelRatioPlan {
  readonly kind: 'feedback';
}

export const feedback: EvidenceKind<FeedbackPlan> = {
  ...PLAIN,
  factories: ['feedback'],
  unit: () => 'request',
  countsAssigned: true,
  labels: (plan) => plan,
  sources: ({ labelRatio }, compared) => ({
    writesZeros: true,
    ...ofBoth(compared, FeedbackMetric.OUTCOMES, [FeedbackMetric.WRONG]),
    ...(labelRatio && { answers: answersOf(compared) }),
  }),
  history: (_plan, { alias, production }) => [
    { total: routerMetric(alias, production, FeedbackMetric.OUTCOMES), bad: routerMetric(alias, production, FeedbackMetric.WRONG) },
  ],
  hasExactForm: isRatio,
  judged: ({ name, action, labelRatio, ...plan }, { learnt, periodSeconds }) => [
    {
      kind: 'counts',
      name,
      action,
      ...boundsOf(plan),
      ...lateness(plan, periodSeconds),
      ...(labelRatio && action !== 'observe' && { labelRatio }),
      outcomes: [{ label: 'wrong answers', form: learnt.frequent ? 'odds' : 'rate', ...noiseOf(learnt, 0, periodSeconds) }],
    },
  ],
  replayed: ReplayGuardrail.ACCURACY,
  sees: ['accuracy'],
};
