import { ShadowMetric } from '../names';
import { ReplayGuardrail } from '../replay/plan';
import type { CommonGuardrailPlan } from './common';
import type { EvidenceKind } from './kind';
import { PAIRS } from './pairs';
import { ofShadow } from './sources';

/** Answers of a shadow of the candidate's version that are not in agreement with production's, as its mirror counts them. */
export interface AgreementPlan extends CommonGuardrailPlan {
  readonly kind: 'agreement';
  /** Name of the shadow on the rollout's alias. */
  readonly shadow: string;
  /** The shares below come on top of those on which production does not agree with itself. */
  readonly beyondNoise?: boolean;
  /** Share of the comparisons that may disagree, in (0, 1), and the larger share that certification must exclude. */
  readonly bound: number;
  readonly margin: number;
}

export const agreement: EvidenceKind<AgreementPlan> = {
  ...PAIRS,
  factories: ['agreement'],
  // Few requests are asked twice: a period without any says nothing, and is no silence.
  sparse: true,
  sources: ({ shadow, beyondNoise }, compared) => {
    const of = ofShadow(compared, shadow);
    const pairs = {
      total: of(ShadowMetric.COMPARISONS),
      parts: [
        ShadowMetric.DIFFERENCES,
        ShadowMetric.SCHEMA_DIFFERENCES,
        ShadowMetric.SHADOW_ERRORS,
        ShadowMetric.COMPARISON_ERRORS,
      ].map(of),
    };
    const noise = { total: of(ShadowMetric.NOISE_COMPARISONS), parts: [of(ShadowMetric.NOISE_DIFFERENCES)] };
    return { writesZeros: true, candidate: pairs, production: beyondNoise === true ? noise : pairs };
  },
  judged: ({ name, action, shadow, beyondNoise = false, bound, margin }) => beyondNoise
    ? [
        {
          kind: 'counts',
          name,
          action,
          outcomes: [{ label: `disagreements of shadow ${shadow}` }],
          allowed: { ratio: 1, tolerance: bound },
          margin: { ratio: 1, tolerance: margin },
        },
      ]
    : [{ kind: 'disagreement', name, action, label: `shadow ${shadow}`, bound, margin }],
  measured: ({ beyondNoise }, candidate, production) => {
    const disagreements = candidate.bad.reduce((sum, count) => sum + count, 0);
    // Shadow and second answer are compared with the same first one. The evidence of rates bears that: with A > 1 > B, and so with A < 1
    // < B, and outcomes d and n
    // of one request, A^d B^n is at most 1 + d(A - 1) - n(1 - B), however the two depend on each other.
    return beyondNoise === true
      ? { kind: 'counts', candidate: { total: candidate.total, bad: [disagreements] }, production }
      // A comparison is a pair of both versions' answers, counted once.
      : { kind: 'disagreement', pairs: candidate.total, disagreements };
  },
  replayed: ReplayGuardrail.AGREEMENT,
  sees: ['agreement'],
};
