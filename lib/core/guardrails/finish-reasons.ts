import { FinishReason } from '../generation/finish-reason';
import { finishedMetric, Metric } from '../names';
import { type BoundsPlan, boundsOf, type CommonGuardrailPlan, isRatio } from './common';
import { type EvidenceKind, PLAIN } from './kind';
import { noiseOf } from './learnt';
import { ofBoth, routerMetric } from './sources';

/** Answers that ended for reasons that nobody wants, as the router counts them. */
export interface FinishReasonsPlan extends CommonGuardrailPlan, BoundsPlan {
  readonly kind: 'finish-reasons';
  /** Each is compared by itself. */
  readonly reasons: readonly FinishReason[];
}

/** As in "answers cut off: 54 of 1,288". */
const WORDS: { readonly [reason in FinishReason]: string } = {
  [FinishReason.STOP]: 'answers that ended by themselves',
  [FinishReason.LENGTH]: 'answers cut off',
  [FinishReason.TOOL]: 'calls of tools',
  [FinishReason.FILTER]: 'answers refused or filtered',
  [FinishReason.OTHER]: 'answers that ended without a known reason',
};

export const finishReasons: EvidenceKind<FinishReasonsPlan> = {
  ...PLAIN,
  factories: ['finishReasons'],
  unit: () => 'request',
  countsAssigned: true,
  sources: ({ reasons }, compared) => ({ writesZeros: true, ...ofBoth(compared, Metric.GENERATIONS, reasons.map(finishedMetric)) }),
  history: ({ reasons }, { alias, production }) =>
    reasons.map((reason) => ({
      total: routerMetric(alias, production, Metric.GENERATIONS), bad: routerMetric(alias, production, finishedMetric(reason)),
    })),
  hasExactForm: isRatio,
  judged: ({ name, action, reasons, ...plan }, { learnt, periodSeconds }) => [
    {
      kind: 'counts',
      name,
      action,
      ...boundsOf(plan),
      outcomes: reasons.map((reason, index) => ({
        label: WORDS[reason], form: learnt.frequent ? 'odds' : 'rate', ...noiseOf(learnt, index, periodSeconds),
      })),
    },
  ],
  replayed: undefined,
  sees: ['finish'],
};
