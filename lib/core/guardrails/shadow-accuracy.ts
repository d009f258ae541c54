import { ShadowMetric } from '../names';
import { ReplayGuardrail } from '../replay/plan';
import type { CommonGuardrailPlan } from './common';
import type { EvidenceKind } from './kind';
import { type LabelDelayPlan, lateness } from './labels';
import { discordance, PAIRS } from './pairs';
import { ofShadow } from './sources';

/** Labelled requests that a shadow of the candidate's version or production got wrong and the other did not. */
export interface ShadowAccuracyPlan extends CommonGuardrailPlan, LabelDelayPlan {
  readonly kind: 'shadow-accuracy';
  /** Name of the shadow on the rollout's alias. */
  readonly shadow: string;
  /** How many times more often the shadow may be alone in being wrong, and what certification must exclude. */
  readonly ratio: number;
  readonly margin: number;
}

export const shadowAccuracy: EvidenceKind<ShadowAccuracyPlan> = {
  ...PAIRS,
  factories: ['shadowAccuracy'],
  labels: (plan) => plan,
  sources: ({ shadow }, compared) => {
    const of = ofShadow(compared, shadow);
    const pairs = {
      total: of(ShadowMetric.LABELLED_PAIRS),
      parts: [ShadowMetric.ONLY_SHADOW_WRONG, ShadowMetric.ONLY_PRODUCTION_WRONG].map(of),
    };
    return { writesZeros: true, candidate: pairs, production: pairs };
  },
  judged: ({ name, action, shadow, ratio, margin, ...plan }, { periodSeconds }) => [
    { kind: 'discordance', name, action, label: `shadow ${shadow}`, ratio, margin, ...lateness(plan, periodSeconds) },
  ],
  measured: discordance,
  replayed: ReplayGuardrail.ACCURACY,
  sees: ['accuracy'],
};
