import { Metric } from '../names';
import { ReplayGuardrail } from '../replay/plan';
import { type BoundsPlan, boundsOf, type BySegmentsPlan, type CommonGuardrailPlan, isRatio } from './common';
import { type EvidenceKind, PLAIN } from './kind';
import { noiseOf } from './learnt';
import { ofBoth, routerMetric } from './sources';

/** Failures per request, as the router counts them. */
export interface ErrorsPlan extends CommonGuardrailPlan, BoundsPlan, BySegmentsPlan {
  readonly kind: 'errors';
}

export const errors: EvidenceKind<ErrorsPlan> = {
  ...PLAIN,
  factories: ['errorRate'],
  unit: () => 'caller',
  countsAssigned: true,
  cells: () => [{ outcome: 0, form: 'rate', byThreshold: false }],
  sources: (_plan, compared) => ({ writesZeros: true, ...ofBoth(compared, Metric.INVOCATIONS, [Metric.FAILURES]) }),
  history: (_plan, { alias, production }) => [
    { total: routerMetric(alias, production, Metric.INVOCATIONS), bad: routerMetric(alias, production, Metric.FAILURES) },
  ],
  hasExactForm: isRatio,
  judged: ({ name, action, ...plan }, { learnt, periodSeconds }) => [
    {
      kind: 'counts',
      name,
      action,
      ...boundsOf(plan),
      outcomes: [{ label: 'errors', form: learnt.frequent ? 'odds' : 'rate', ...noiseOf(learnt, 0, periodSeconds) }],
    },
  ],
  replayed: ReplayGuardrail.FAILURES,
  sees: ['failures'],
};
